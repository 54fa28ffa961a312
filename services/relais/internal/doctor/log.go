// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/continuity"
)

const (
	driftWarn = 500 * time.Millisecond
	driftBad  = 2 * time.Second // an embargo is kept to the second
	behind    = 1000            // messages that a reader may have waiting
)

// Log is where the log is, and how it is looked at.
type Log struct {
	Conn     *nats.Conn
	Replicas int              // that every stream is to have
	Quick    bool             // do not read every message
	Stopped  bool             // nobody works with it: readers are away, and what is in memory alone is gone
	Now      func() time.Time // the clock of this machine
}

// Look checks the log from its connection to its last message.
func (l Log) Look(ctx context.Context) []Finding {
	rtt, err := l.Conn.RTT()
	if err != nil {
		return []Finding{bad("log", both("ne répond pas", "does not answer"),
			both("lancez nats-server, ou corrigez son adresse", "start nats-server, or correct its address"))}
	}
	out := []Finding{good("log", "répond en %s", "answers in %s", rtt.Round(time.Microsecond)), version(l.Conn.ConnectedServerVersion())}
	js, err := jetstream.New(l.Conn)
	if err == nil {
		_, err = js.AccountInfo(ctx)
	}
	if err != nil {
		return append(out, bad("jetstream", both("n’est pas en service", "is not enabled"),
			both("lancez nats-server avec -js, ou donnez à l’utilisateur le droit $JS.API.INFO", "start nats-server with -js, or allow the user $JS.API.INFO")))
	}
	infos, found := l.streams(ctx, js)
	out = append(out, found...)
	if info := infos[bus.Articles]; info != nil {
		out = append(out, l.clock(info), replicas(infos))
	}
	if infos[bus.DeadLetters] != nil {
		out = append(out, deadLetters(ctx, js, infos[bus.DeadLetters]))
	}
	if !l.Stopped {
		out = append(out, consumers(ctx, js, infos)...)
	}
	if !l.Quick {
		out = append(out, contents(ctx, js, infos)...)
	}
	return out
}

// version compares the version of a nats-server with the oldest that will do.
func version(found string) Finding {
	const name = "nats-server"
	do := both("mettez à jour nats-server vers %[1]s ou plus récent", "update nats-server to %[1]s or newer", bus.OldestServer)
	if older, err := olderThan(found, bus.OldestServer); err != nil {
		return bad(name, both("version inconnue %q", "unknown version %q", found), do)
	} else if older {
		return bad(name, both("version %s, trop ancienne", "version %s is too old", found), do)
	}
	return good(name, "version %s", "version %s", found)
}

// olderThan compares versions of three numbers; what follows a hyphen does not count.
func olderThan(a, b string) (bool, error) {
	parse := func(v string) (out [3]int, err error) {
		v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
		parts := strings.Split(v, ".")
		if len(parts) != len(out) {
			return out, errors.New("no version")
		}
		for i, p := range parts {
			if out[i], err = strconv.Atoi(p); err != nil {
				return out, err
			}
		}
		return out, nil
	}
	x, err := parse(a)
	if err != nil {
		return false, err
	}
	y, err := parse(b)
	return slices.Compare(x[:], y[:]) < 0, err
}

// streams compares every stream with its declaration.
func (l Log) streams(ctx context.Context, js jetstream.JetStream) (map[string]*jetstream.StreamInfo, []Finding) {
	infos, out := map[string]*jetstream.StreamInfo{}, []Finding{}
	for _, want := range bus.Declared(max(l.Replicas, 1)) {
		if l.Stopped && want.Storage == jetstream.MemoryStorage {
			continue
		}
		s, err := js.Stream(ctx, want.Name)
		if err != nil {
			out = append(out, bad("stream "+want.Name, both("manque", "is missing"),
				both("lancez un service de relais, qui le crée ; s’il contenait quelque chose, restaurez une sauvegarde", "start a service of the relay, which makes it; if it held something, restore a backup")))
			continue
		}
		infos[want.Name] = s.CachedInfo()
		if different := drift(want, s.CachedInfo().Config); len(different) > 0 {
			list := strings.Join(different, ", ")
			out = append(out, bad("stream "+want.Name, both("n’est pas comme déclaré : %s", "is not as declared: %s", list),
				both("relancez un service, qui remet ce qui peut l’être ; --nats-replicas doit être le même partout", "restart a service, which puts right what can be; --nats-replicas has to be the same everywhere")))
		}
		if s.CachedInfo().Config.Metadata[bus.RestoringMark] != "" {
			out = append(out, bad("restore", both("n’est pas arrivée à son terme", "has not come to its end"),
				both("relancez relais restore", "run relais restore again")))
		}
	}
	if len(out) == 0 {
		out = append(out, good("streams", "%d flux comme déclarés", "%d streams as declared", len(infos)))
	}
	return infos, out
}

// drift lists what of a stream is not as it is declared.
func drift(want, got jetstream.StreamConfig) (out []string) {
	differs := func(name string, w, g any) {
		if fmt.Sprint(w) != fmt.Sprint(g) {
			out = append(out, fmt.Sprintf("%s %v ≠ %v", name, g, w))
		}
	}
	differs("subjects", want.Subjects, got.Subjects)
	differs("max_msgs_per_subject", max(want.MaxMsgsPerSubject, 0), max(got.MaxMsgsPerSubject, 0))
	differs("max_age", want.MaxAge, got.MaxAge)
	differs("max_msgs", int64(-1), got.MaxMsgs)
	differs("max_bytes", int64(-1), got.MaxBytes)
	differs("storage", want.Storage, got.Storage)
	differs("num_replicas", want.Replicas, got.Replicas)
	differs("allow_msg_schedules", want.AllowMsgSchedules, got.AllowMsgSchedules)
	return out
}

// clock compares the log's clock, as a stream's answer has it, with ours.
func (l Log) clock(info *jetstream.StreamInfo) Finding {
	return drifted("clock of the log", l.Now().Sub(info.TimeStamp))
}

func drifted(name string, off time.Duration) Finding {
	do := both("réglez l’heure (chrony, systemd-timesyncd) : les embargos sont tenus à la seconde", "set the time (chrony, systemd-timesyncd): embargoes are kept to the second")
	found := both("écart de %s avec cette machine", "is off by %s from this machine", off.Round(time.Millisecond))
	switch {
	case off.Abs() > driftBad:
		return bad(name, found, do)
	case off.Abs() > driftWarn:
		return warn(name, found, do)
	}
	return Finding{Name: name, Level: Good, Found: found}
}

// replicas looks at the leader and the followers of every stream.
func replicas(infos map[string]*jetstream.StreamInfo) Finding {
	const name = "replicas"
	var wrong []string
	n := 1
	for stream, info := range infos {
		if info.Cluster == nil {
			continue
		}
		n = max(n, 1+len(info.Cluster.Replicas))
		if info.Cluster.Leader == "" {
			wrong = append(wrong, stream+": no leader")
		}
		for _, peer := range info.Cluster.Replicas {
			if peer.Offline || !peer.Current {
				wrong = append(wrong, fmt.Sprintf("%s: %s (offline %v, lag %d)", stream, peer.Name, peer.Offline, peer.Lag))
			}
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		list := strings.Join(wrong[:min(len(wrong), 5)], "; ")
		return bad(name, both("pas à jour : %s", "not current: %s", list), both("relancez le nœud qui manque et attendez", "restart the node that is missing, and wait"))
	}
	return good(name, "%d, à jour", "%d, current", n)
}

// deadLetters tells of messages that were put aside.
func deadLetters(ctx context.Context, js jetstream.JetStream, info *jetstream.StreamInfo) Finding {
	const name = "dead letters"
	if info.State.Msgs == 0 {
		return good(name, "aucune", "none")
	}
	reason := "?"
	if s, err := js.Stream(ctx, bus.DeadLetters); err == nil {
		if m, err := s.GetMsg(ctx, info.State.LastSeq); err == nil {
			reason = m.Subject[len(bus.DeadLetterSubject):] + ", " + m.Header.Get(bus.HeaderStream) + " " + m.Header.Get(bus.HeaderSequence) + ": " + m.Header.Get(bus.HeaderReason)
		}
	}
	return bad(name, both("%d messages mis de côté, le dernier le %s (%s)", "%d messages put aside, the last on %s (%s)",
		info.State.Msgs, info.State.LastTime.UTC().Format("2006-01-02 15:04"), reason),
		both("signalez la raison ; réécrivez l’édition pour la faire repasser ; elles s’effacent au bout de 90 jours", "report the reason; write the edition again to have it pass again; they go after 90 days"))
}

// consumers looks for readers of the log that fall behind.
func consumers(ctx context.Context, js jetstream.JetStream, infos map[string]*jetstream.StreamInfo) (out []Finding) {
	n := 0
	for _, stream := range []string{bus.Articles, bus.Releases, bus.Clicks, bus.Searches} {
		if infos[stream] == nil {
			continue
		}
		s, err := js.Stream(ctx, stream)
		if err != nil {
			continue
		}
		for c := range s.ListConsumers(ctx).Info() {
			if c.Config.Durable == "" {
				continue // somebody reads once
			}
			n++
			if f := reader(c); f.Level != Good {
				out = append(out, f)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, good("consumers", "%d, aucun en retard", "%d, none behind", n))
	}
	return out
}

func reader(c *jetstream.ConsumerInfo) Finding {
	name, what := "consumer "+c.Name, both("%d messages du journal à lire", "%d messages of the log to be read", c.NumPending)
	if instance, ok := strings.CutPrefix(c.Name, bus.IndexConsumer); ok && c.Stream == bus.Articles {
		name, what = "index "+instance, both("en retard de %d versions", "%d versions behind the log", c.NumPending)
	}
	idle := c.NumWaiting == 0 && (c.Delivered.Last == nil || c.TimeStamp.Sub(*c.Delivered.Last) > time.Minute)
	switch {
	case c.NumPending+uint64(max(c.NumAckPending, 0)) > 0 && idle:
		what.French += ", et personne ne lit"
		what.English += ", and nobody reads"
		return bad(name, what, both("relancez le service ; s’il n’existe plus, supprimez ce consommateur", "restart the service; if it is gone for good, delete this consumer"))
	case c.NumPending > behind:
		return warn(name, what, both("attendez ; si cela ne baisse pas, regardez le journal du service", "wait; if it does not go down, look at the service's log"))
	}
	return Finding{Level: Good}
}

// contents reads every message, and looks for versions that are missing.
func contents(ctx context.Context, js jetstream.JetStream, infos map[string]*jetstream.StreamInfo) (out []Finding) {
	do := both("la copie sur ce disque a perdu des messages : retirez ce nœud et laissez-le se refaire d’un autre, ou restaurez une sauvegarde",
		"the copy on this disk has lost messages: take the node out and let it be made again from another, or restore a backup")
	total := uint64(0)
	for name, info := range infos {
		var each func(bus.Message)
		var gaps continuity.Finder
		if name == bus.Articles {
			each = gaps.Add
		}
		lost, err := bus.Unreadable(ctx, js, name, each)
		if err != nil {
			out = append(out, warn("contents of "+name, both("n’a pas pu être lu", "could not be read"), both("recommencez", "try again")))
			continue
		}
		total += info.State.Msgs
		if lost > 0 {
			out = append(out, bad("contents of "+name, both("%d messages illisibles", "%d messages cannot be read", lost), do))
		}
		if list := gaps.Gaps(); len(list) > 0 {
			out = append(out, bad("versions", both("%d trous : %s", "%d gaps: %s", len(list), named(list)), do))
		}
	}
	if len(out) == 0 {
		out = append(out, good("contents", "%d messages lus, aucun trou", "%d messages read, no gap", total))
	}
	return out
}

// named names the first few gaps.
func named(gaps []continuity.Gap) string {
	var out []string
	for _, g := range gaps[:min(5, len(gaps))] {
		out = append(out, fmt.Sprintf("%s/%s %d→%d", g.ID, g.Language, g.After, g.Before))
	}
	return strings.Join(out, ", ")
}
