// SPDX-License-Identifier: Apache-2.0

// Package embedded runs a nats-server with JetStream inside the process: the
// log of a machine that stands alone. Every acknowledged write is fsynced.
package embedded

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus"
)

// Config says where the log is kept and whether others may reach it.
type Config struct {
	Dir    string       // JetStream's store
	Listen string       // host:port for other processes; empty: no listener at all
	Logger *slog.Logger // for the server's warnings and errors; nil: not told

	// Seed is the file of the NKey seed that other processes present. Where the
	// listener can be reached from other machines it is asked for, and made when
	// there is none; on a loopback address nothing is asked.
	Seed string

	// TLS is what the listener shows; nil: it speaks in the clear. Connections
	// inside the process are never encrypted.
	TLS *tls.Config

	// Relaxed acknowledges before the disk has it: for what can be made again,
	// such as the data of a benchmark.
	Relaxed bool
}

// Server is a running log. When its disk is full it takes no more writes until
// there is room again:
//
//	         a write finds no room
//	running ───────────────────────▶ refusing
//	   ▲                                │
//	   └────────────────────────────────┘
//	     16 MiB are free: started anew
type Server struct {
	opts    server.Options
	seed    string // the file whose user is let in; empty: everybody is
	log     *slog.Logger
	ended   chan struct{} // closed by Stop
	watched sync.WaitGroup
	broken  atomic.Bool // the server no longer writes to a stream

	mu sync.Mutex
	ns *server.Server // nil: stopped
}

// maxPayload is the largest message: an edition of 1 MiB as posted, with its
// text and its HTML, as JSON.
const maxPayload = 8 << 20

// Start opens the store and returns once the server is ready.
func Start(cfg Config) (*Server, error) {
	s := &Server{log: cfg.Logger, ended: make(chan struct{}), opts: server.Options{
		ServerName: "relais",
		JetStream:  true,
		StoreDir:   cfg.Dir,
		SyncAlways: !cfg.Relaxed,
		DontListen: cfg.Listen == "",
		MaxPayload: maxPayload,
		NoSigs:     true,
		NoLog:      true,
	}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Listen != "" {
		var err error
		if s.seed, err = cfg.open(&s.opts); err != nil {
			return nil, fmt.Errorf("start log: %w", err)
		}
	}
	ns, err := s.run()
	if err != nil {
		return nil, err
	}
	if addr, ok := ns.Addr().(*net.TCPAddr); ok {
		s.opts.Port = addr.Port // the same again when it is started anew
	}
	s.ns = ns
	s.watched.Go(s.watch)
	return s, nil
}

// run starts a nats-server.
func (s *Server) run() (*server.Server, error) {
	opts := s.opts // the server writes to its own
	ns, err := server.NewServer(&opts)
	if err != nil {
		return nil, fmt.Errorf("start log: %w", err)
	}
	ns.SetLoggerV2(journal{s.log, &s.broken}, false, false, false)
	ns.Start()
	if !ns.ReadyForConnections(20 * time.Second) {
		ns.Shutdown()
		return nil, errors.New("start log: not ready after 20 s: is another process using its folder or port?")
	}
	if !ns.JetStreamEnabled() {
		ns.Shutdown()
		return nil, fmt.Errorf("start log: JetStream could not open %s", s.opts.StoreDir)
	}
	return ns, nil
}

// Connect returns a connection that goes through memory, not a socket.
func (s *Server) Connect() (*nats.Conn, error) {
	opts := []nats.Option{
		nats.InProcessServer(s), nats.MaxReconnects(-1), nats.Name("relais"), nats.SyncQueueLen(bus.Waiting),
		nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(0, 0),
	}
	if s.seed != "" {
		user, err := nats.NkeyOptionFromSeed(s.seed)
		if err != nil {
			return nil, fmt.Errorf("connect to log: %w", err)
		}
		opts = append(opts, user)
	}
	conn, err := nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to log: %w", err)
	}
	return conn, nil
}

// InProcessConn implements what a connection through memory is made with.
func (s *Server) InProcessConn() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ns == nil {
		return nil, errors.New("the log is stopped")
	}
	conn, err := s.ns.InProcessConn()
	if err != nil {
		return nil, fmt.Errorf("connect to log: %w", err)
	}
	return conn, nil
}

// URL is where other processes reach the log; empty without a listener.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ns == nil {
		return ""
	}
	if addr := s.ns.Addr(); addr != nil {
		return "nats://" + addr.String()
	}
	return ""
}

// Stop closes the store and waits until it is closed.
func (s *Server) Stop() {
	s.mu.Lock()
	select {
	case <-s.ended:
	default:
		close(s.ended)
	}
	s.mu.Unlock()
	s.watched.Wait()
	s.halt()
}

// halt stops the nats-server, if one runs.
func (s *Server) halt() {
	s.mu.Lock()
	ns := s.ns
	s.ns = nil
	s.mu.Unlock()
	if ns != nil {
		ns.Shutdown()
		ns.WaitForShutdown()
	}
}
