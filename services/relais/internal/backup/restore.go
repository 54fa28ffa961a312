// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/internal/folder"
)

// Loss is what of a stream cannot be read: the disk that the backup was taken
// from had lost it.
type Loss struct {
	Stream   string
	Messages uint64
}

// IntoFolder makes the data folder of the one binary of a backup, and reads all
// of it once. The folder has to be empty, or one that an earlier restore left
// unfinished.
func (b *Backup) IntoFolder(ctx context.Context, dir string, progress Progress) ([]Loss, error) {
	finish, release, err := folder.Begin(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	lost, err := b.intoFolder(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	return lost, finish()
}

// Prove restores the backup into a folder of its own below scratch, reads all
// of it once and removes it again.
func (b *Backup) Prove(ctx context.Context, scratch string, progress Progress) ([]Loss, error) {
	dir, err := os.MkdirTemp(scratch, ".relais-restore-*")
	if err != nil {
		return nil, fmt.Errorf("prove backup: %w", err)
	}
	lost, err := b.intoFolder(ctx, dir, progress)
	return lost, errors.Join(err, os.RemoveAll(dir))
}

func (b *Backup) intoFolder(ctx context.Context, dir string, progress Progress) (lost []Loss, err error) {
	server, err := embedded.Start(embedded.Config{Dir: filepath.Join(dir, folder.Log), Relaxed: true}) // finish syncs
	if err != nil {
		return nil, err
	}
	conn, err := server.Connect()
	if err == nil {
		lost, err = b.streams(ctx, conn, 1, "", progress)
		conn.Close()
	}
	server.Stop()
	if err != nil {
		return nil, err
	}
	for _, f := range b.Files {
		if err := copyTo(filepath.Join(dir, filepath.FromSlash(f.Name)), b.reader(filePrefix+f.Name)); err != nil {
			return nil, err
		}
	}
	return lost, nil
}

// IntoLog makes the streams of a backup on a server that has none of them that
// holds anything, or those that an earlier restore left unfinished, with so many
// replicas each. Files of the data folder stay in the backup.
func (b *Backup) IntoLog(ctx context.Context, conn *nats.Conn, replicas int, progress Progress) ([]Loss, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := clear(ctx, js); err != nil {
		return nil, err
	}
	lost, err := b.streams(ctx, conn, replicas, b.Created.Format(time.RFC3339), progress)
	if err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, bus.Articles)
	if err != nil {
		return nil, fmt.Errorf("finish restore: %w", err)
	}
	config := s.CachedInfo().Config
	delete(config.Metadata, bus.RestoringMark)
	if _, err := js.UpdateStream(ctx, config); err != nil {
		return nil, fmt.Errorf("finish restore: %w", err)
	}
	return lost, nil
}

// clear makes room: it removes our streams where they are empty, or where they are the
// half of a restore.
func clear(ctx context.Context, js jetstream.JetStream) error {
	again := false
	var there []string
	for _, declared := range bus.Declared(1) {
		s, err := js.Stream(ctx, declared.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("inspect %s: %w", declared.Name, err)
		}
		info := s.CachedInfo()
		if declared.Name == bus.Articles { // the first of the list
			again = info.Config.Metadata[bus.RestoringMark] != ""
		}
		if info.State.Msgs > 0 && !again {
			return fmt.Errorf("the log has a stream %s with %d messages: stop what writes to it and delete it, or restore elsewhere", declared.Name, info.State.Msgs)
		}
		there = append(there, declared.Name)
	}
	for _, name := range slices.Backward(there) { // the mark goes last
		if err := js.DeleteStream(ctx, name); err != nil {
			return fmt.Errorf("delete %s: %w", name, err)
		}
	}
	return nil
}

// streams restores the log and reads it once; ARTICLES comes first, with a mark
// in a log that others can reach.
func (b *Backup) streams(ctx context.Context, conn *nats.Conn, replicas int, mark string, progress Progress) ([]Loss, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	var done, total int64
	streams := slices.Clone(b.Streams)
	first := func(s Stream) int { return map[bool]int{true: 0, false: 1}[s.Name == bus.Articles] }
	slices.SortStableFunc(streams, func(a, b Stream) int { return first(a) - first(b) })
	for _, s := range streams {
		total += s.Size
	}
	var lost []Loss
	for _, s := range streams {
		err := b.stream(ctx, conn, &s, replicas, mark, func(n int) { done += int64(n); progress(done, total, s.Name) })
		if err != nil {
			return nil, err
		}
		missing, err := unreadable(ctx, js, s.Name)
		if err != nil {
			return nil, err
		}
		if missing > 0 {
			lost = append(lost, Loss{s.Name, missing})
		}
	}
	return lost, nil
}

// unreadable reads a stream once, when every copy has been made, and returns how
// much of it cannot be read. A copy may say that it is abreast a moment early, so
// that what seems to be missing from one of several is looked for again.
func unreadable(ctx context.Context, js jetstream.JetStream, name string) (missing uint64, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	begin, again := time.Now(), time.Time{}
	for {
		s, err := js.Stream(ctx, name)
		if err != nil {
			return 0, fmt.Errorf("inspect %s: %w", name, err)
		}
		if cluster := s.CachedInfo().Cluster; abreast(cluster) || time.Since(begin) > prepare {
			missing, err := bus.Unreadable(ctx, js, name, nil)
			if again.IsZero() {
				again = time.Now().Add(stall)
			}
			if (err == nil && missing == 0) || cluster == nil || len(cluster.Replicas) == 0 || time.Now().After(again) {
				return missing, err
			}
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
	}
}

// abreast reports whether every copy is there and has all that the first one has.
func abreast(c *jetstream.ClusterInfo) bool {
	if c == nil {
		return true
	}
	return c.Leader != "" && !slices.ContainsFunc(c.Replicas, func(p *jetstream.PeerInfo) bool { return p.Offline || !p.Current })
}

func (b *Backup) stream(ctx context.Context, conn *nats.Conn, s *Stream, replicas int, mark string, sent func(int)) error {
	if s.Name != bus.Articles {
		mark = ""
	}
	config, err := adapt(s.Config, replicas, mark)
	if err != nil {
		return fmt.Errorf("restore %s: %w", s.Name, err)
	}
	state, err := put(ctx, conn, s.Name, config, s.State, b.reader(streamPrefix+s.Name), sent)
	if err != nil {
		return err
	}
	return s.arrived(state)
}

// adapt is the configuration of a stream with other replicas, and with the
// mark unless it is empty.
func adapt(config json.RawMessage, replicas int, mark string) (json.RawMessage, error) {
	var c map[string]any
	decoder := json.NewDecoder(bytes.NewReader(config))
	decoder.UseNumber() // durations in nanoseconds have more digits than a float
	if err := decoder.Decode(&c); err != nil || c == nil {
		return nil, fmt.Errorf("its configuration: %w", errors.Join(err, ErrDamaged))
	}
	c["num_replicas"] = replicas
	meta, _ := c["metadata"].(map[string]any)
	for name := range meta { // what the server says of itself
		if strings.HasPrefix(name, "_nats.") {
			delete(meta, name)
		}
	}
	if mark != "" {
		if meta == nil {
			meta = map[string]any{}
		}
		meta[bus.RestoringMark] = mark
		c["metadata"] = meta
	}
	return json.Marshal(c)
}

// arrived compares what a stream holds with what the backup says. One that was
// written to meanwhile may hold more; one whose messages age may hold fewer.
func (s *Stream) arrived(got State) error {
	var config struct {
		MaxAge    int64 `json:"max_age"`
		Schedules bool  `json:"allow_msg_schedules"`
	}
	if err := json.Unmarshal(s.Config, &config); err != nil {
		return fmt.Errorf("restore %s: %w", s.Name, err)
	}
	ages := config.MaxAge > 0 || config.Schedules
	exact := s.Settled && !ages
	if got.Last < s.State.Last || exact && (got.Messages != s.State.Messages || got.Last != s.State.Last || got.First != s.State.First && got.Messages > 0) {
		return fmt.Errorf("restore %s: it holds %d messages (%d to %d), and held %d (%d to %d) when it was backed up",
			s.Name, got.Messages, got.First, got.Last, s.State.Messages, s.State.First, s.State.Last)
	}
	return nil
}

func copyTo(path string, r io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	_, err = io.Copy(file, r)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return nil
}
