// SPDX-License-Identifier: Apache-2.0

package bus_test

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
)

// TestCluster runs on three servers, each with a copy of everything, what copies
// could break of the contract; with RELAIS_CHAOS_ROUNDS all of it.
func TestCluster(t *testing.T) {
	url := cluster(t)
	contract := bustest.Copies
	if os.Getenv("RELAIS_CHAOS_ROUNDS") != "" {
		contract = bustest.Contract
	}
	contract(t, func(t *testing.T) *bus.Bus {
		t.Helper()
		conn, err := nats.Connect(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		js, err := jetstream.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range bus.Declared(3) {
			_ = js.DeleteStream(t.Context(), s.Name) // of the test before
		}
		b, err := bus.Open(t.Context(), conn, bus.Config{Replicas: 3, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}

// cluster starts three servers on the loopback interface and returns their addresses.
func cluster(t *testing.T) string {
	t.Helper()
	var routes, urls []string
	ports := freePorts(t, 3)
	for _, port := range ports {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", port))
	}
	var servers []*server.Server
	for n, port := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("n%d", n), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
			JetStream: true, StoreDir: filepath.Join(t.TempDir(), "log"), Routes: server.RoutesFromStr(strings.Join(routes, ",")),
			Cluster: server.ClusterOpts{Name: "relais", Host: "127.0.0.1", Port: port},
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		servers = append(servers, s)
	}
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, s := range servers {
		for !s.ReadyForConnections(time.Second) || !s.JetStreamIsCurrent() || len(s.JetStreamClusterPeers()) != 3 && s.JetStreamIsLeader() {
			if time.Now().After(deadline) {
				t.Fatal("waited a minute for three servers to be a cluster")
			}
			<-tick.C
		}
		urls = append(urls, s.ClientURL())
	}
	return strings.Join(urls, ",")
}

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		var lc net.ListenConfig
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}
