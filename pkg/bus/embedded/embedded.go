// SPDX-License-Identifier: Apache-2.0

// Package embedded runs a nats-server with JetStream inside the process: the
// log of a machine that stands alone. Every acknowledged write is fsynced.
package embedded

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/relais-press/relais/pkg/bus"
)

// Config says where the log is kept and whether others may reach it.
type Config struct {
	Dir    string // JetStream's store
	Listen string // host:port for other processes; empty: no listener at all

	// Relaxed acknowledges before the disk has it: for what can be made again,
	// such as the data of a benchmark.
	Relaxed bool
}

// Server is a running log.
type Server struct{ ns *server.Server }

// maxPayload is the largest message: an edition of 1 MiB as posted, with its
// text and its HTML, as JSON.
const maxPayload = 8 << 20

// Start opens the store and returns once the server is ready.
func Start(cfg Config) (*Server, error) {
	opts := &server.Options{
		ServerName: "relais",
		JetStream:  true,
		StoreDir:   cfg.Dir,
		SyncAlways: !cfg.Relaxed,
		DontListen: cfg.Listen == "",
		MaxPayload: maxPayload,
		NoSigs:     true,
		NoLog:      true,
	}
	if cfg.Listen != "" {
		host, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			return nil, fmt.Errorf("start log: %w", err)
		}
		opts.Host = host
		if opts.Port, err = strconv.Atoi(port); err != nil {
			return nil, fmt.Errorf("start log: port of %q: %w", cfg.Listen, err)
		}
		if opts.Port == 0 {
			opts.Port = server.RANDOM_PORT
		}
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("start log: %w", err)
	}
	ns.Start()
	if !ns.ReadyForConnections(20 * time.Second) {
		ns.Shutdown()
		return nil, errors.New("start log: not ready after 20 s: is another process using its folder or port?")
	}
	if !ns.JetStreamEnabled() {
		ns.Shutdown()
		return nil, fmt.Errorf("start log: JetStream could not open %s", cfg.Dir)
	}
	return &Server{ns}, nil
}

// Connect returns a connection that goes through memory, not a socket.
func (s *Server) Connect() (*nats.Conn, error) {
	conn, err := nats.Connect("", nats.InProcessServer(s.ns), nats.MaxReconnects(-1), nats.Name("relais"),
		nats.SyncQueueLen(bus.Waiting))
	if err != nil {
		return nil, fmt.Errorf("connect to log: %w", err)
	}
	return conn, nil
}

// URL is where other processes reach the log; empty without a listener.
func (s *Server) URL() string {
	if addr := s.ns.Addr(); addr != nil {
		return "nats://" + addr.String()
	}
	return ""
}

// Stop closes the store and waits until it is closed.
func (s *Server) Stop() {
	s.ns.Shutdown()
	s.ns.WaitForShutdown()
}
