// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/relais-press/relais/pkg/bus/embedded"
	"github.com/relais-press/relais/pkg/lifecycle"
)

// user writes the seed of a new user to a file and returns its public key.
func user(t *testing.T, path string) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, append(seed, '\n'))
	return public
}

// guarded is the configuration of a nats-server that lets users in over TLS.
func guarded(t *testing.T, cert, key, ca []byte, users ...string) *server.Options {
	t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	opts := &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, TLSTimeout: 5, TLSVerify: true,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12},
	}
	for _, u := range users {
		opts.Nkeys = append(opts.Nkeys, &server.NkeyUser{Nkey: u})
	}
	return opts
}

// TestTheCredentialsOfAConnectionAreReplaced swaps the user, the authority and the
// client's certificate while a connection is open: each next one is made with what
// the files hold then.
func TestTheCredentialsOfAConnectionAreReplaced(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	end := time.Now().Add(time.Hour)
	first, second := newAuthority(t), newAuthority(t)
	_, cert, key := first.pair(end)
	write(t, at("ca"), first.pem)
	write(t, at("cert"), cert)
	write(t, at("key"), key)
	old := user(t, at("seed"))
	opts := guarded(t, cert, key, first.pem, old)
	ns, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	defer ns.Shutdown()
	eventually(t, "the server takes connections", func() bool { return ns.ReadyForConnections(time.Millisecond) })
	port := ns.Addr().(*net.TCPAddr).Port

	c := lifecycle.Credentials{NATSSeed: at("seed"), NATSCA: at("ca"), NATSCert: at("cert"), NATSKey: at("key")}
	conn, err := c.Connect("test", "nats://127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reconnected := func(n uint64) func() bool {
		return func() bool { return conn.IsConnected() && conn.Stats().Reconnects >= n && conn.Flush() == nil }
	}

	// Another user: the file first, then the server forgets the former one.
	renewed := user(t, at("seed"))
	both := guarded(t, cert, key, first.pem, old, renewed)
	both.Port = port
	reload(t, ns, both)
	if !conn.IsConnected() {
		t.Error("the connection was lost while both users were known")
	}
	only := guarded(t, cert, key, first.pem, renewed)
	only.Port = port
	reload(t, ns, only)
	eventually(t, "the connection is made again as the new user", reconnected(1))

	// Another authority, of the server and of the client, and their certificates. The
	// server goes first: the client is refused until its files follow.
	_, cert, key = second.pair(end)
	other := guarded(t, cert, key, second.pem, renewed)
	other.Port = port
	reload(t, ns, other)
	if err := conn.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the former authority is refused", func() bool { return !conn.IsConnected() })
	write(t, at("ca"), second.pem)
	write(t, at("key"), key)
	write(t, at("cert"), cert)
	eventually(t, "the connection is made again under the new authority", reconnected(2))

	// A user that the server does not know yet is tried until it does.
	late := user(t, at("seed"))
	if err := conn.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the unknown user is refused", func() bool { return strings.Contains(errorText(conn), "uthorization") || !conn.IsConnected() })
	known := guarded(t, cert, key, second.pem, late)
	known.Port = port
	reload(t, ns, known)
	eventually(t, "the user is let in", reconnected(3))
}

func errorText(conn *nats.Conn) string {
	if err := conn.LastError(); err != nil {
		return err.Error()
	}
	return ""
}

func reload(t *testing.T, ns *server.Server, opts *server.Options) {
	t.Helper()
	if err := ns.ReloadOptions(opts); err != nil {
		t.Fatalf("reload: %v", err)
	}
}

func TestCredentialsThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("junk"), []byte("junk"))
	account, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := account.Seed()
	if err != nil {
		t.Fatal(err)
	}
	write(t, at("account"), seed)
	for _, tc := range []struct {
		name        string
		credentials lifecycle.Credentials
		want        string
	}{
		{"seed_of_an_account", lifecycle.Credentials{NATSSeed: at("account")}, "not the seed of a user"},
		{"authority_is_none", lifecycle.Credentials{NATSCA: at("junk")}, "holds no certificate"},
		{"authority_missing", lifecycle.Credentials{NATSCA: at("none")}, "no such file"},
		{"certificate_without_key", lifecycle.Credentials{NATSCert: at("junk")}, "both --nats-cert and --nats-key"},
		{"certificate_is_none", lifecycle.Credentials{NATSCert: at("junk"), NATSKey: at("junk")}, "PEM"},
		{"secret_in_the_address", lifecycle.Credentials{}, "nats://127.0.0.1:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.credentials.Connect("test", "nats://user:hunter2@127.0.0.1:1")
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("err = %v, want it to say %q and no password", err, tc.want)
			}
		})
	}
}

// TestTheLogInsideIsGuardedBeyondThisMachine reaches the embedded log through a
// listener: on every address it asks for the seed it made, on the loopback for nothing.
func TestTheLogInsideIsGuardedBeyondThisMachine(t *testing.T) {
	if _, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "0.0.0.0:0"}); err == nil || !strings.Contains(err.Error(), "seed") {
		t.Errorf("started open to all: %v", err)
	}
	dir := t.TempDir()
	seed := filepath.Join(dir, "new", "nats.seed")
	a := newAuthority(t)
	_, cert, key := a.pair(time.Now().Add(time.Hour))
	write(t, filepath.Join(dir, "ca"), a.pem)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, secure := range map[string]*tls.Config{"clear": nil, "tls": {Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}} {
		t.Run(name, func(t *testing.T) {
			s, err := embedded.Start(embedded.Config{Dir: t.TempDir(), Listen: "0.0.0.0:0", Seed: seed, TLS: secure})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Stop()
			inside, err := s.Connect()
			if err != nil {
				t.Fatalf("from inside: %v", err)
			}
			inside.Close()
			_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL(), "nats://"))
			if err != nil {
				t.Fatal(err)
			}
			url, c := "nats://127.0.0.1:"+port, lifecycle.Credentials{NATSSeed: seed}
			if secure != nil {
				if _, err := c.Connect("no authority", url); err == nil {
					t.Error("connected to a stranger's certificate")
				}
				c.NATSCA = filepath.Join(dir, "ca")
			}
			conn, err := c.Connect("with the seed", url)
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
			stranger := c
			stranger.NATSSeed = filepath.Join(t.TempDir(), "seed")
			user(t, stranger.NATSSeed)
			for name, c := range map[string]lifecycle.Credentials{"no seed": {NATSCA: c.NATSCA}, "another seed": stranger} {
				if conn, err := c.Connect("stranger", url); err == nil {
					conn.Close()
					t.Errorf("%s: let in", name)
				}
			}
		})
	}
	info, err := os.Stat(seed)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("seed: %v, %v", info, err)
	}
}
