// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/fault"
)

// The stages an edition passes after it was accepted.
const (
	StageSearchable = "searchable" // a running index answers with this version
	StageLinked     = "linked"     // short links lead to this version
	StageReleased   = "released"   // the version's embargo has lifted
	StageExpired    = "expired"    // the version's time has passed
)

// Stage is what one instance of a service has seen of an edition.
type Stage struct {
	Stage    string    `json:"stage"`
	Instance string    `json:"-"`
	Version  int       `json:"version"`
	At       time.Time `json:"at"`
}

// StageBoard is where services tell which version of an edition they have
// seen, and where it is read. A board may be lost: it is told again by replay.
type StageBoard struct{ kv *Bucket }

// Stages opens the board.
func (b *Bus) Stages(ctx context.Context) (*StageBoard, error) {
	kv, err := b.Bucket(ctx, Stages)
	return &StageBoard{kv}, err
}

// Tell says that an instance has seen a version of an edition.
func (s *StageBoard) Tell(ctx context.Context, stage, instance, id, language string, version int) error {
	value, err := json.Marshal(Stage{Version: version, At: time.Now().UTC()})
	if err != nil {
		return fmt.Errorf("tell stage: %w", err)
	}
	_, err = s.kv.Put(ctx, strings.Join([]string{id, language, stage, instance}, "."), value)
	return err
}

// TellFirst is Tell for what several processes may notice: it says whether this
// one was the first to tell of the version, and leaves what another has told.
func (s *StageBoard) TellFirst(ctx context.Context, stage, instance, id, language string, version int) (bool, error) {
	value, err := json.Marshal(Stage{Version: version, At: time.Now().UTC()})
	if err != nil {
		return false, fmt.Errorf("tell stage: %w", err)
	}
	key := strings.Join([]string{id, language, stage, instance}, ".")
	for {
		old, err := s.kv.Get(ctx, key)
		switch known, unread := readStage(old); {
		case fault.Is(err, fault.NotFound):
			_, err = s.kv.Create(ctx, key, value)
		case err != nil:
			return false, err
		case unread == nil && known.Version >= version:
			return false, nil
		default:
			_, err = s.kv.Update(ctx, key, value, old.Revision)
		}
		if !fault.Is(err, fault.Conflict) {
			return err == nil, err
		}
	}
}

// Of lists what every instance has seen of an edition, by stage and instance.
func (s *StageBoard) Of(ctx context.Context, id, language string) ([]Stage, error) {
	entries, err := s.kv.List(ctx, id+"."+language+".*.*")
	if err != nil {
		return nil, err
	}
	out := make([]Stage, 0, len(entries))
	for _, e := range entries {
		if st, err := readStage(e); err == nil {
			out = append(out, st)
		}
	}
	slices.SortFunc(out, byName)
	return out, nil
}

// Follow hands over what Of would answer, at once and again after every change,
// until ctx ends, whose error it returns. It is one watch, whatever happens; a
// log that goes away ends it with Unavailable, since what is told meanwhile
// would come late. Calls are made one at a time and wait for each other.
func (s *StageBoard) Follow(ctx context.Context, id, language string, fn func([]Stage)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conn := s.kv.bus.conn
	gone := conn.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer conn.RemoveStatusListener(gone)
	if err := s.kv.bus.connected(); err != nil {
		return err
	}
	watched := make(chan struct{})
	go func() {
		select {
		case <-gone:
			cancel(unavailable("follow stages", nats.ErrDisconnected))
		case <-watched:
		}
	}()
	defer close(watched)

	told, present := map[string]Stage{}, false
	hand := func() {
		if present {
			fn(slices.SortedFunc(maps.Values(told), byName))
		}
	}
	err := s.kv.Follow(ctx, id+"."+language+".*.*", func(e Entry) {
		if st, err := readStage(e); err == nil {
			told[e.Key] = st
		} else {
			delete(told, e.Key)
		}
		hand()
	}, func() { present = true; hand() })
	if cause := context.Cause(ctx); fault.Is(cause, fault.Unavailable) {
		return cause
	}
	return err
}

func byName(a, b Stage) int { return strings.Compare(a.Stage+a.Instance, b.Stage+b.Instance) }

// Told is what an instance has told of a stage: version by "id.language". It
// lets an instance that starts again tell only what is new.
func (s *StageBoard) Told(ctx context.Context, stage, instance string) (map[string]int, error) {
	entries, err := s.kv.List(ctx, "*.*."+stage+"."+instance)
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(entries))
	for _, e := range entries {
		if st, err := readStage(e); err == nil {
			out[strings.TrimSuffix(e.Key, "."+stage+"."+instance)] = st.Version
		}
	}
	return out, nil
}

// Await returns when every instance named, or some instance when none is, has
// told a stage of a version at least as new; or with ctx's error.
func (s *StageBoard) Await(ctx context.Context, stage, id, language string, version int, instances []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	missing := make(map[string]bool, len(instances))
	for _, i := range instances {
		missing[i] = true
	}
	reached := false
	err := s.kv.Follow(ctx, id+"."+language+"."+stage+".*", func(e Entry) {
		st, err := readStage(e)
		if err != nil || st.Version < version {
			return
		}
		delete(missing, st.Instance)
		if len(missing) == 0 {
			reached = true
			cancel()
		}
	}, func() {})
	if reached {
		return nil
	}
	return err
}

func readStage(e Entry) (Stage, error) {
	parts := strings.Split(e.Key, ".")
	if len(parts) != 4 || e.Value == nil {
		return Stage{}, fault.New(fault.NotFound, "not a stage")
	}
	var st Stage
	if err := json.Unmarshal(e.Value, &st); err != nil {
		return Stage{}, fmt.Errorf("read stage %s: %w", e.Key, err)
	}
	st.Stage, st.Instance = parts[2], parts[3]
	return st, nil
}
