// SPDX-License-Identifier: Apache-2.0

// Package lifecycle runs the parts of a process together: the services that
// were composed, the listener they share, and the orderly end of all.
//
//	open ──▶ listening ──▶ ready ──▶ draining ──▶ stopped
//	  └────────── error ────┴─────────┴──▶ stopped
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/relais-press/relais/pkg/door"
)

// DrainTimeout is how long a process that was told to stop finishes what it holds.
const DrainTimeout = 10 * time.Second

// Main runs a process until it ends or is told to stop (SIGINT, SIGTERM), and
// returns its exit code. A second signal ends the process at once.
func Main(run func(context.Context) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal has its default effect
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

// Group runs functions together: the first to fail stops all.
type Group struct{ parts []part }

type part struct {
	name string
	run  func(context.Context) error
}

// Add names a function that runs until its context ends.
func (g *Group) Add(name string, run func(context.Context) error) {
	g.parts = append(g.parts, part{name, run})
}

// Run starts every part and waits until all have ended. It returns the first
// error that is not the end of ctx. A part that ends without an error before
// it was asked to is left alone.
func (g *Group) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, p := range g.parts {
		wg.Go(func() {
			if err := p.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				once.Do(func() { first = fmt.Errorf("%s: %w", p.name, err) })
				cancel()
			}
		})
	}
	wg.Wait()
	return first
}

// Serve answers HTTP on a listener until ctx ends, then finishes the requests
// under way within DrainTimeout.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	return serve(ctx, door.Server(h, door.Usual()), l)
}

// serve is Serve of a server that is set up; over TLS, with HTTP/2 for those who
// speak it, when it has a configuration for that.
func serve(ctx context.Context, srv *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() {
		if srv.TLSConfig == nil {
			failed <- srv.Serve(l)
		} else {
			failed <- srv.ServeTLS(l, "", "")
		}
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), DrainTimeout-time.Second)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		return fmt.Errorf("drain %s: %w", l.Addr(), errors.Join(err, srv.Close()))
	}
	return nil
}
