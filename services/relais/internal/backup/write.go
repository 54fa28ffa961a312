// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
)

// Source is what is backed up, and how.
type Source struct {
	Conn     *nats.Conn
	Dir      string // the data folder, whose files come along; empty: none
	Scratch  string // folder for one snapshot at a time, until it is in the file
	Version  string // of the program
	Damaged  bool   // take what can be read of a log that has lost messages
	Progress Progress
}

// writer is a backup being written.
type writer struct {
	tar  *tar.Writer
	sums strings.Builder
	head Head
}

// Write writes a backup to w. What was written is one only when there is no error.
func Write(ctx context.Context, w io.Writer, src Source) (Manifest, error) {
	if src.Progress == nil {
		src.Progress = func(int64, int64, string) {}
	}
	m := Manifest{Head: Head{Format, src.Version, time.Now().UTC().Truncate(time.Second)}, Streams: []Stream{}, Files: []File{}}
	out := &writer{tar: tar.NewWriter(w), head: m.Head}
	sizes, err := present(ctx, src.Conn)
	if err != nil {
		return m, err
	}
	open, err := look(src.Dir, nil)
	defer func() { closeAll(open) }()
	if err == nil {
		err = out.json(headName, m.Head)
	}
	if err != nil {
		return m, err
	}
	if m.Streams, err = out.streams(ctx, src, sizes); err != nil {
		return m, err
	}
	if open, err = look(src.Dir, open); err != nil {
		return m, err
	}
	for _, o := range open {
		f, err := out.file(o)
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, f)
	}
	if err := out.json(manifestName, m); err != nil {
		return m, err
	}
	if err := out.entry(sumsName, int64(out.sums.Len()), strings.NewReader(out.sums.String())); err != nil {
		return m, err
	}
	if err := out.tar.Close(); err != nil {
		return m, fmt.Errorf("write backup: %w", err)
	}
	return m, nil
}

// present returns the bytes of each stream that is there; an error when
// what the connection leads to is no log of a relay.
func present(ctx context.Context, conn *nats.Conn) (map[string]int64, error) {
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, fmt.Errorf("inspect the log: %w", err)
	}
	out := map[string]int64{}
	for _, name := range order() {
		s, err := js.Stream(ctx, name)
		if errors.Is(err, jetstream.ErrStreamNotFound) && name != bus.Articles {
			continue // of a relay older than the stream
		}
		if err != nil {
			return nil, fmt.Errorf("inspect %s: %w", name, err)
		}
		if s.CachedInfo().Config.Metadata[bus.RestoringMark] != "" {
			return nil, errors.New("a restore into this log has not come to its end")
		}
		out[name] = int64(min(s.CachedInfo().State.Bytes, 1<<62))
	}
	return out, nil
}

func (w *writer) streams(ctx context.Context, src Source, sizes map[string]int64) ([]Stream, error) {
	var total, done int64
	for _, size := range sizes {
		total += size
	}
	out := []Stream{}
	for _, name := range order() {
		if _, ok := sizes[name]; !ok {
			continue
		}
		s, err := w.stream(ctx, src, name, func(n int64) { src.Progress(done+min(n, sizes[name]), total, name) })
		if err != nil {
			return nil, err
		}
		done += sizes[name]
		src.Progress(done, total, name)
		out = append(out, s)
	}
	return out, nil
}

// stream takes one snapshot as fast as the log gives it, so that a slow reader of the backup
// does not hold up the log, and then copies it.
func (w *writer) stream(ctx context.Context, src Source, name string, progress func(int64)) (Stream, error) {
	start := time.Now()
	scratch, err := os.CreateTemp(src.Scratch, ".relais-backup-*")
	if err != nil {
		return Stream{}, fmt.Errorf("take %s: %w", name, err)
	}
	defer os.Remove(scratch.Name())
	defer scratch.Close()
	_ = os.Remove(scratch.Name()) // nothing of it is left when the process is killed, where the system allows it
	counted := &counter{w: scratch, fn: progress}
	begun, err := take(ctx, src.Conn, name, counted)
	if err != nil {
		return Stream{}, err
	}
	js, err := jetstream.New(src.Conn)
	if err != nil {
		return Stream{}, fmt.Errorf("inspect %s: %w", name, err)
	}
	after, err := js.Stream(ctx, name)
	if err != nil {
		return Stream{}, fmt.Errorf("inspect %s: %w", name, err)
	}
	if _, err := scratch.Seek(0, io.SeekStart); err != nil {
		return Stream{}, fmt.Errorf("take %s: %w", name, err)
	}
	missing, err := bus.Unreadable(ctx, js, name, nil)
	if err != nil {
		return Stream{}, err
	}
	if missing > 0 && !src.Damaged {
		return Stream{}, fmt.Errorf("%d %s of %s cannot be read: the disk has lost what the log was told to keep", missing, map[bool]string{true: "message", false: "messages"}[missing == 1], name)
	}
	out := Stream{Name: name, Config: begun.Config, State: begun.State, Size: counted.n}
	state := after.CachedInfo().State
	out.Settled = missing == 0 && out.State == State{state.Msgs, state.Bytes, state.FirstSeq, state.LastSeq}
	if out.Snapshot, err = w.add(streamPrefix+name, counted.n, scratch); err != nil {
		return Stream{}, err
	}
	out.Took = time.Since(start).Seconds()
	return out, nil
}

// file copies what a file holds now.
func (w *writer) file(o opened) (File, error) {
	info, err := o.file.Stat()
	if err != nil {
		return File{}, fmt.Errorf("read %s: %w", o.name, err)
	}
	sum, err := w.add(filePrefix+o.name, info.Size(), io.NewSectionReader(o.file, 0, info.Size()))
	return File{o.name, info.Size(), sum}, err
}

func (w *writer) json(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	data = append(data, '\n')
	_, err = w.add(name, int64(len(data)), strings.NewReader(string(data)))
	return err
}

// add writes a part and remembers its sum.
func (w *writer) add(name string, size int64, r io.Reader) (sum string, err error) {
	h := sha256.New()
	if err := w.entry(name, size, io.TeeReader(r, h)); err != nil {
		return "", err
	}
	sum = hex.EncodeToString(h.Sum(nil))
	fmt.Fprintf(&w.sums, "%s  %s\n", sum, name)
	return sum, nil
}

func (w *writer) entry(name string, size int64, r io.Reader) error {
	err := w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.head.Created, Format: tar.FormatPAX})
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if n, err := io.Copy(w.tar, r); err != nil || n != size {
		return fmt.Errorf("write %s: %d of %d bytes: %w", name, n, size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return nil
}

// counter tells how much went through.
type counter struct {
	w  io.Writer
	n  int64
	fn func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.fn(c.n)
	return n, err
}

// known reports whether a stream is one that backups hold.
func known(name string) bool { return slices.Contains(order(), name) }
