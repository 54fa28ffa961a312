// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/services/relais/internal/backup"
	"github.com/relais-press/relais/services/relais/internal/folder"
)

// log is a relay's log for a test.
type log struct {
	*bus.Bus
	conn   *nats.Conn
	server *embedded.Server
}

func start(t testing.TB, dir string) *log {
	t.Helper()
	server, err := embedded.Start(embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	conn, err := server.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	b, err := bus.Open(t.Context(), conn, bus.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return &log{b, conn, server}
}

func (l *log) stop() { l.conn.Close(); l.server.Stop() }

// links opens the bucket of links.
func (l *log) links(t testing.TB) *bus.Bucket {
	t.Helper()
	k, err := l.Bucket(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// fill writes n articles of three versions each, and a link each.
func (l *log) fill(t testing.TB, n int) {
	t.Helper()
	links := l.links(t)
	for i := range n {
		subject, last := fmt.Sprintf("relais.article.a%d.fr", i), uint64(0)
		for v := range 3 {
			var err error
			last, err = l.Append(t.Context(), bus.Articles, bus.Message{
				Subject: subject, ID: fmt.Sprintf("a%d.%d", i, v), Data: []byte(strings.Repeat("texte ", 50)),
				Header: map[string][]string{bus.EventHeader: {fmt.Sprint(i, v)}},
			}, last)
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := links.Put(t.Context(), fmt.Sprintf("c%d", i), []byte("a"+fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// everything is all messages of all streams on disk, with their sequences and times.
func (l *log) everything(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, s := range bus.Declared(1) {
		if s.Storage != jetstream.FileStorage {
			continue
		}
		err := l.Scan(t.Context(), s.Name, 1, 1<<62, func(m bus.Message) error {
			fmt.Fprintln(&b, s.Name, m.Sequence, m.Time.UnixNano(), m.Subject, m.Header, len(m.Data))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func write(t testing.TB, l *log, dir string) ([]byte, backup.Manifest) {
	t.Helper()
	var b bytes.Buffer
	m, err := backup.Write(t.Context(), &b, backup.Source{Conn: l.conn, Dir: dir, Scratch: t.TempDir(), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), m
}

func open(t testing.TB, file []byte) *backup.Backup {
	t.Helper()
	b, err := backup.Open(bytes.NewReader(file), int64(len(file)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARestoreIsTheSameLog(t *testing.T) {
	dir := t.TempDir()
	l := start(t, filepath.Join(dir, folder.Log))
	l.fill(t, 30)
	links := l.links(t)
	if err := links.Delete(t.Context(), "c3"); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(time.Hour)
	if err := l.Schedule(t.Context(), bus.Message{Subject: bus.ReleaseAtSubject + "a1.fr.released"}, bus.ReleaseDueSubject+"a1.fr.released", at); err != nil {
		t.Fatal(err)
	}
	spools := map[string]string{"imports/abcdefghijklmnop": "an import", "share/clicks-main.spool": "clicks", "share/clicks-main.spool.sealed": "more"}
	for name, content := range spools {
		keep(t, filepath.Join(dir, name), content)
	}
	keep(t, filepath.Join(dir, "share/counts.bolt"), "made again")
	file, m := write(t, l, dir)
	if len(m.Files) != 3 || m.Messages() != 30*3+30+1+1 {
		t.Errorf("files %v, %d messages", m.Files, m.Messages())
	}
	want := l.everything(t)

	into := filepath.Join(t.TempDir(), "new")
	if _, err := open(t, file).IntoFolder(t.Context(), into, nil); err != nil {
		t.Fatal(err)
	}
	again := start(t, filepath.Join(into, folder.Log))
	if got := again.everything(t); got != want {
		t.Errorf("the restored log differs:\n%s\nwant\n%s", got, want)
	}
	for name, content := range spools {
		if got, err := os.ReadFile(filepath.Join(into, name)); err != nil || string(got) != content {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Join(into, "share")); len(entries) != 2 {
		t.Errorf("share holds %v", entries)
	}
	// What follows goes on where the log ended.
	before, err := l.LastSequence(t.Context(), bus.Articles)
	if err != nil {
		t.Fatal(err)
	}
	after, err := again.Append(t.Context(), bus.Articles, bus.Message{Subject: "relais.article.a0.fr", ID: "next"}, 3)
	if err != nil || after != before+1 {
		t.Errorf("the next version has sequence %d, %v, want %d", after, err, before+1)
	}
}

// TestAScheduleThatFellDueMeanwhileFires restores wake-up calls: one whose
// moment has passed since the backup, one whose moment is to come.
func TestAScheduleThatFellDueMeanwhileFires(t *testing.T) {
	l := start(t, t.TempDir())
	at := time.Now().Add(2 * time.Second)
	if err := l.Schedule(t.Context(), bus.Message{Subject: bus.ReleaseAtSubject + "a1.fr.released"}, bus.ReleaseDueSubject+"a1.fr.released", at); err != nil {
		t.Fatal(err)
	}
	file, _ := write(t, l, "")
	into := t.TempDir()
	if _, err := open(t, file).IntoFolder(t.Context(), into, nil); err != nil {
		t.Fatal(err)
	}
	again := start(t, filepath.Join(into, folder.Log))
	await(t, "the wake-up call", func() bool {
		_, err := again.Last(t.Context(), bus.Releases, bus.ReleaseDueSubject+"a1.fr.released")
		return err == nil
	})
}

func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

func keep(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNothingReferredToIsMissing takes backups while links are made to articles
// that have just been written: none may lack its article.
func TestNothingReferredToIsMissing(t *testing.T) {
	l := start(t, t.TempDir())
	l.fill(t, 5)
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan error, 1)
	links := l.links(t)
	go func() {
		for i := 0; ctx.Err() == nil; i++ {
			id := fmt.Sprintf("w%d", i)
			if _, err := l.Append(t.Context(), bus.Articles, bus.Message{Subject: "relais.article." + id + ".fr", ID: id, Data: []byte("x")}, 0); err != nil {
				written <- err
				return
			}
			if _, err := links.Put(t.Context(), "c"+id, []byte(id)); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for range 3 {
		before, err := l.LastSequence(t.Context(), bus.Articles)
		if err != nil {
			t.Fatal(err)
		}
		file, _ := write(t, l, "")
		dir := t.TempDir()
		if _, err := open(t, file).IntoFolder(t.Context(), dir, nil); err != nil {
			t.Fatal(err)
		}
		again := start(t, filepath.Join(dir, folder.Log))
		if last, err := again.LastSequence(t.Context(), bus.Articles); err != nil || last < before {
			t.Errorf("the backup ends at %d, %v; %d was acknowledged before it", last, err, before)
		}
		entries, err := again.links(t).List(t.Context(), ">")
		if err != nil || len(entries) == 0 {
			t.Fatalf("%d links, %v", len(entries), err)
		}
		for _, e := range entries {
			if _, err := again.Last(t.Context(), bus.Articles, "relais.article."+string(e.Value)+".fr"); err != nil {
				t.Errorf("link %s leads to %s: %v", e.Key, e.Value, err)
			}
		}
		again.stop()
	}
	cancel()
	if err := <-written; err != nil {
		t.Error(err)
	}
}

func TestARestoreTakesAnEmptyPlaceOnly(t *testing.T) {
	l := start(t, t.TempDir())
	l.fill(t, 2)
	file, _ := write(t, l, "")
	b := open(t, file)

	t.Run("a folder that holds something", func(t *testing.T) {
		dir := t.TempDir()
		keep(t, filepath.Join(dir, "log", "x"), "precious")
		if _, err := b.IntoFolder(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("IntoFolder = %v", err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "log", "x")); err != nil || string(got) != "precious" {
			t.Errorf("what was there: %q, %v", got, err)
		}
	})
	t.Run("a folder that a process has open", func(t *testing.T) {
		dir := t.TempDir()
		release, err := folder.Hold(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := b.IntoFolder(t.Context(), dir, nil); !errors.Is(err, folder.ErrBusy) {
			t.Errorf("IntoFolder = %v", err)
		}
	})
	t.Run("a folder that a restore has left", func(t *testing.T) {
		dir := t.TempDir()
		canceled, cancel := context.WithCancel(t.Context())
		if _, err := b.IntoFolder(canceled, dir, func(int64, int64, string) { cancel() }); err == nil {
			t.Fatal("a restore that was interrupted succeeded")
		}
		if _, err := folder.Hold(dir); !errors.Is(err, folder.ErrRestoring) {
			t.Errorf("Hold = %v", err)
		}
		if _, err := b.IntoFolder(t.Context(), dir, nil); err != nil {
			t.Errorf("the second time: %v", err)
		}
		release, err := folder.Hold(dir)
		if err != nil {
			t.Fatalf("Hold = %v", err)
		}
		release()
	})
	t.Run("a log that holds something", func(t *testing.T) {
		if _, err := b.IntoLog(t.Context(), l.conn, 1, nil); err == nil || !strings.Contains(err.Error(), "ARTICLES with 6 messages") {
			t.Errorf("IntoLog = %v", err)
		}
	})
	t.Run("a log that a restore has left", func(t *testing.T) {
		other := start(t, t.TempDir()) // with our streams, empty
		canceled, cancel := context.WithCancel(t.Context())
		_, err := b.IntoLog(canceled, other.conn, 1, func(_, _ int64, about string) {
			if about != bus.Articles {
				cancel()
			}
		})
		if err == nil {
			t.Fatal("a restore that was interrupted succeeded")
		}
		if _, err := bus.Open(t.Context(), other.conn, bus.Config{}); err == nil || !strings.Contains(err.Error(), "has not come to its end") {
			t.Errorf("bus.Open = %v", err)
		}
		if _, err := backup.Write(t.Context(), &bytes.Buffer{}, backup.Source{Conn: other.conn, Scratch: t.TempDir()}); err == nil {
			t.Error("half of a restore was backed up")
		}
		if _, err := b.IntoLog(t.Context(), other.conn, 1, nil); err != nil {
			t.Fatalf("the second time: %v", err)
		}
		if _, err := bus.Open(t.Context(), other.conn, bus.Config{}); err != nil {
			t.Errorf("bus.Open = %v", err)
		}
		if got, want := other.everything(t), l.everything(t); got != want {
			t.Errorf("the restored log differs:\n%s\nwant\n%s", got, want)
		}
	})
}

// TestEveryStreamOnDiskIsKept fails when a stream is declared that no backup holds.
func TestEveryStreamOnDiskIsKept(t *testing.T) {
	l := start(t, t.TempDir())
	_, m := write(t, l, "")
	kept := map[string]bool{}
	for _, s := range m.Streams {
		kept[s.Name] = true
	}
	for _, s := range bus.Declared(1) {
		if kept[s.Name] != (s.Storage == jetstream.FileStorage) {
			t.Errorf("%s, storage %v: kept %v", s.Name, s.Storage, kept[s.Name])
		}
	}
}

// TestRotIsNotBackedUp flips a bit of a message on the disk of a log that is
// stopped: nothing but reading the message tells.
func TestRotIsNotBackedUp(t *testing.T) {
	dir := t.TempDir()
	l := start(t, dir)
	l.fill(t, 20)
	l.stop()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream/$G/streams/KV_LINKS/msgs/*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatalf("blocks %v, %v", blocks, err)
	}
	data, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, []byte("c10a10"))+4] ^= 1
	if err := os.WriteFile(blocks[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	l = start(t, dir)
	_, err = backup.Write(t.Context(), &bytes.Buffer{}, backup.Source{Conn: l.conn, Scratch: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "1 message of KV_LINKS") {
		t.Errorf("Write = %v, want it to name the stream", err)
	}
	var rest bytes.Buffer
	if _, err := backup.Write(t.Context(), &rest, backup.Source{Conn: l.conn, Scratch: t.TempDir(), Damaged: true}); err != nil {
		t.Fatal(err)
	}
	if lost, err := open(t, rest.Bytes()).Prove(t.Context(), t.TempDir(), nil); err != nil || len(lost) != 0 {
		t.Errorf("Prove = %v, %v", lost, err)
	}
}
