// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// receive returns what a channel gives, or fails naming what it waited for.
func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("waited %v in vain for %s", patience, what)
		panic("unreachable")
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v in vain until %s", patience, what)
		}
	}
}

func untilDone(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestGroup(t *testing.T) {
	broken := errors.New("broken")
	fail := func(context.Context) error { return broken }
	finish := func(context.Context) error { return nil }
	for _, tc := range []struct {
		name   string
		parts  map[string]func(context.Context) error
		cancel bool
		want   error
		text   string
	}{
		{"empty", nil, false, nil, ""},
		{"all_finish", map[string]func(context.Context) error{"a": finish, "b": finish}, false, nil, ""},
		{"first_failure_stops_all", map[string]func(context.Context) error{"a": untilDone, "b": fail}, false, broken, "b: broken"},
		{"failure_after_one_finished", map[string]func(context.Context) error{"a": finish, "b": fail}, false, broken, "b: broken"},
		{"told_to_stop", map[string]func(context.Context) error{"a": untilDone, "b": untilDone}, true, nil, ""},
		{"failure_while_stopping", map[string]func(context.Context) error{"a": func(ctx context.Context) error {
			<-ctx.Done()
			return broken
		}}, true, broken, "a: broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var g lifecycle.Group
			for name, run := range tc.parts {
				g.Add(name, run)
			}
			if tc.cancel {
				cancel()
			}
			err := g.Run(ctx)
			if !errors.Is(err, tc.want) {
				t.Errorf("Run = %v, want %v", err, tc.want)
			}
			if err != nil && err.Error() != tc.text {
				t.Errorf("Run = %q, want %q", err, tc.text)
			}
		})
	}
}

func TestGroupLeavesAFinishedPartAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var g lifecycle.Group
	finished, ended := make(chan struct{}), make(chan error, 1)
	g.Add("short", func(context.Context) error { close(finished); return nil })
	g.Add("long", untilDone)
	go func() { ended <- g.Run(ctx) }()
	receive(t, "the short part", finished)
	select {
	case err := <-ended:
		t.Errorf("the group ended with its short part: %v", err)
	default:
	}
	cancel()
	if err := receive(t, "the group", ended); err != nil {
		t.Errorf("Run = %v", err)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	return l
}

// client keeps no connection between requests, so that none outlives its test.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
}

// get returns the status and body of an answer; 0 when there was none.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatalf("request %s: %v", url, err)
	}
	resp, err := client().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func TestServeFinishesTheRequestUnderWay(t *testing.T) {
	l := listen(t)
	url := "http://" + l.Addr().String()
	entered, release := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- lifecycle.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-release
			if r.Context().Err() != nil {
				t.Errorf("the request's context ended: %v", r.Context().Err())
			}
			_, _ = io.WriteString(w, "done")
		}))
	}()
	answer := make(chan string, 1)
	go func() { _, body := get(t, url); answer <- body }()
	receive(t, "the request to arrive", entered)
	cancel()
	eventually(t, "new requests are refused", func() bool { status, _ := get(t, url); return status == 0 })
	select {
	case err := <-served:
		t.Fatalf("Serve ended with a request under way: %v", err)
	default:
	}
	close(release)
	if got := receive(t, "the answer", answer); got != "done" {
		t.Errorf("answer = %q", got)
	}
	if err := receive(t, "Serve", served); err != nil {
		t.Errorf("Serve = %v", err)
	}
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	l := listen(t)
	if err := l.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	err := lifecycle.Serve(t.Context(), l, http.NotFoundHandler())
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("Serve = %v, want an error that names %s", err, l.Addr())
	}
}

func TestMainTurnsTheOutcomeIntoAnExitCode(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  func(context.Context) error
		want int
	}{
		{"ok", func(context.Context) error { return nil }, 0},
		{"canceled", func(context.Context) error { return context.Canceled }, 0},
		{"err", func(context.Context) error { return errors.New("expected by the test") }, 1},
		{"told_to_stop", func(ctx context.Context) error {
			if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
				return err
			}
			return untilDone(ctx)
		}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := lifecycle.Main(tc.run); got != tc.want {
				t.Errorf("Main = %d, want %d", got, tc.want)
			}
		})
	}
}
