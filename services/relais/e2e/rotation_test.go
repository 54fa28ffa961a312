// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
)

// rotationAuthority signs the certificates of a test.
type rotationAuthority struct {
	t      *testing.T
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	pem    []byte
	serial int64
}

func newRotationAuthority(t *testing.T) *rotationAuthority {
	t.Helper()
	a := &rotationAuthority{t: t, serial: 1}
	der, key := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key, a.pem = cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func (a *rotationAuthority) sign(c *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return der, key
}

// issue writes a certificate for the loopback and its key to name.crt and name.key,
// the key first, and returns its serial number.
func (a *rotationAuthority) issue(name string) int64 {
	a.t.Helper()
	a.serial++
	der, key := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(a.serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	})
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	rotationWrite(a.t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	rotationWrite(a.t, name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return a.serial
}

// client trusts the authority; with fresh, it makes a connection for each request.
func (a *rotationAuthority) client(fresh bool) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: fresh, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
}

// rotationWrite replaces a file at once, as a deployment does.
func rotationWrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func rotationSeed(t *testing.T, path string) (public string) {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = pair.PublicKey(); err != nil {
		t.Fatal(err)
	}
	rotationWrite(t, path, seed)
	return public
}

// rotation is relais on a nats-server that asks for TLS and a user, under load.
type rotation struct {
	t         *testing.T
	dir, base string
	authority *rotationAuthority
	nats      *process
	relais    *process
	load      *http.Client

	admin, partner atomic.Value // keys that the load uses
	done           atomic.Int64 // requests that went well
	mu             sync.Mutex
	failed         []string
}

func (r *rotation) at(name string) string { return filepath.Join(r.dir, name) }

// configure writes the configuration of the nats-server; reload has it read.
func (r *rotation) configure(users ...string) {
	r.t.Helper()
	var list strings.Builder
	for _, u := range users {
		fmt.Fprintf(&list, "{nkey: %s}\n", u)
	}
	rotationWrite(r.t, r.at("nats.conf"), fmt.Appendf(nil, `
listen: "127.0.0.1:-1"
ports_file_dir: %q
jetstream {store_dir: %q}
tls {cert_file: %q, key_file: %q}
authorization {users: [%s]}
`, r.dir, r.at("store"), r.at("nats.crt"), r.at("nats.key"), list.String()))
}

func (r *rotation) reload() {
	r.t.Helper()
	if err := r.nats.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		r.t.Fatal(err)
	}
	r.nats.line("Reloaded server configuration")
}

// ask sends a request and returns its status, body and the serial number of the certificate.
func (r *rotation) ask(c *http.Client, key, method, path, body string) (int, string, int64, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, strings.NewReader(body))
	if err != nil {
		return 0, "", 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), resp.TLS.PeerCertificates[0].SerialNumber.Int64(), err
}

// must asks, and returns the value of "key" or "id" in the answer.
func (r *rotation) must(status int, key, method, path, body string) string {
	r.t.Helper()
	got, text, _, err := r.ask(r.load, key, method, path, body)
	if err != nil || got != status {
		r.t.Fatalf("%s %s: status %d (%v): %s", method, path, got, err, text)
	}
	return text
}

// worker writes, reads and searches until the test ends it.
func (r *rotation) worker(n int, c *http.Client, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprintf("/v1/articles/r-%d-%d/fr", n, i)
		for _, call := range [][3]string{
			{"PUT", id, `{"headline": "Rotation", "bodyText": "Le texte."}`}, {"GET", id, ""}, {"GET", "/v1/search?q=rotation&key=", ""},
		} {
			key, path := r.admin.Load().(string), call[1]
			if strings.HasSuffix(path, "key=") {
				key, path = "", path+r.partner.Load().(string)
			}
			status, text, _, err := r.ask(c, key, call[0], path, call[2])
			if err != nil || status >= 300 {
				r.mu.Lock()
				r.failed = append(r.failed, fmt.Sprintf("%s %s: %d %v %.200s", call[0], call[1], status, err, text))
				r.mu.Unlock()
			} else {
				r.done.Add(1)
			}
		}
	}
}

// goesOn waits until the load has had answers after what was just done.
func (r *rotation) goesOn(what string) {
	r.t.Helper()
	before := r.done.Load()
	await(r.t, "the load to go on after "+what, func() bool { return r.done.Load() >= before+60 })
}

func startRotation(t *testing.T) (r *rotation, user string) {
	t.Helper()
	r = &rotation{t: t, dir: t.TempDir(), authority: newRotationAuthority(t)}
	rotationWrite(t, r.at("ca.crt"), r.authority.pem)
	r.authority.issue(r.at("http"))
	r.authority.issue(r.at("nats"))
	user = rotationSeed(t, r.at("seed"))
	r.configure(user)
	r.nats = start(t, "nats-server", "-c", r.at("nats.conf"))
	r.nats.line("Server is ready")
	log := strings.Replace((&relay{t: t}).natsURL(r.dir), "nats://", "tls://", 1)
	r.relais = start(t, "relais", "serve", "--listen", "127.0.0.1:0", "--data", r.at("data"), "--nats-url", log,
		"--nats-seed", r.at("seed"), "--nats-ca", r.at("ca.crt"), "--tls-cert", r.at("http.crt"), "--tls-key", r.at("http.key"))
	r.base = "https://" + r.relais.address()
	r.load = r.authority.client(false)
	await(t, "the relay to be ready", func() bool {
		status, _, _, err := r.ask(r.load, "", "GET", "/readyz", "")
		return err == nil && status == http.StatusOK
	})
	r.admin.Store(adminKey)
	r.must(http.StatusCreated, adminKey, "PUT", "/v1/partners/p", `{"name": "P", "defaultLanguage": "fr", "articleUrl": "https://p.example/{id}"}`)
	r.partner.Store(rotationKey(r.must(http.StatusCreated, adminKey, "POST", "/v1/partners/p/keys", `{"name": "old"}`), "key"))
	return r, user
}

// rotationKey is a text member of a JSON answer.
func rotationKey(answer, name string) string {
	_, rest, _ := strings.Cut(answer, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestEverySecretIsRotatedUnderLoad replaces the certificate of HTTP, the one of the
// log, the user of the log, an admin's key and a partner's, while requests go on:
// none fails but those with a key that was revoked.
func TestEverySecretIsRotatedUnderLoad(t *testing.T) {
	r, user := startRotation(t)
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for n := range 3 {
		workers.Go(func() { r.worker(n, r.authority.client(n == 0), stop) })
	}
	r.goesOn("the start")

	serial := r.authority.issue(r.at("http"))
	await(t, "the new certificate of HTTP", func() bool {
		_, _, shown, err := r.ask(r.authority.client(true), "", "GET", "/livez", "")
		return err == nil && shown == serial
	})
	r.goesOn("another certificate of HTTP")

	r.authority.issue(r.at("nats"))
	r.reload()
	r.goesOn("another certificate of the log")

	next := rotationSeed(t, r.at("seed"))
	r.configure(user, next)
	r.reload()
	r.configure(next) // the former user is thrown out
	r.reload()
	r.goesOn("another user of the log")

	former := r.partner.Load().(string)
	r.partner.Store(rotationKey(r.must(http.StatusCreated, adminKey, "POST", "/v1/partners/p/keys", `{"name": "new"}`), "key"))
	r.goesOn("another key of the partner")
	list := r.must(http.StatusOK, adminKey, "GET", "/v1/partners/p/keys", "") // the oldest first
	r.must(http.StatusNoContent, adminKey, "DELETE", "/v1/partners/p/keys/"+rotationKey(list, "id"), "")
	r.must(http.StatusUnauthorized, "", "GET", "/v1/search?key="+former, "")

	r.admin.Store(rotationKey(r.must(http.StatusCreated, adminKey, "POST", "/v1/keys", `{"name": "new", "role": "admin"}`), "key"))
	r.goesOn("another key of an admin")
	list = r.must(http.StatusOK, adminKey, "GET", "/v1/keys", "")
	r.must(http.StatusNoContent, r.admin.Load().(string), "DELETE", "/v1/keys/"+rotationKey(list, "id"), "")
	r.must(http.StatusUnauthorized, adminKey, "GET", "/v1/keys", "")
	r.goesOn("the revoked keys")

	close(stop)
	workers.Wait()
	if len(r.failed) > 0 {
		t.Errorf("%d of %d requests failed: %s", len(r.failed), r.done.Load(), strings.Join(r.failed[:min(10, len(r.failed))], "\n"))
	}
	if r.relais.stop() > 10*time.Second {
		t.Error("took too long to stop")
	}
}

// TestTheLogInsideIsReachedFromOtherMachinesWithItsSeed starts ingest on the log
// inside the one binary, which listens on every address: without the seed it made
// at the first start nobody comes in.
func TestTheLogInsideIsReachedFromOtherMachinesWithItsSeed(t *testing.T) {
	dir := t.TempDir()
	port := rotationFreePort(t)
	whole := start(t, "relais", "serve", "--listen", "127.0.0.1:0", "--data", dir, "--nats-listen", "0.0.0.0:"+port)
	whole.address()
	stranger := start(t, "relais-ingest", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--nats-url", "nats://127.0.0.1:"+port)
	await(t, "the stranger to be sent away", func() bool {
		select {
		case <-stranger.done:
			return true
		default:
			return false
		}
	})
	if stranger.err == nil {
		t.Error("without the seed it ends well")
	}
	await(t, "the stranger to say why", func() bool { return stranger.said("uthorization") > 0 })
	friend := start(t, "relais-ingest", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--nats-url", "nats://127.0.0.1:"+port,
		"--nats-seed", filepath.Join(dir, "nats.seed"))
	friend.address()
}

func rotationFreePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
