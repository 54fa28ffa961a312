// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"bytes"
	"context"
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
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
	next int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, next: 2}
	der, key := a.make(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, a.key, a.pem = cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func (a *authority) make(c, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return der, key
}

// pair makes a certificate for the loopback that ends at a moment, and its key, as PEM.
func (a *authority) pair(end time.Time) (serial int64, cert, key []byte) {
	a.t.Helper()
	serial = a.next
	a.next++
	der, private := a.make(&x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: end, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}, a.cert, a.key)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return serial, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// client trusts the authority and speaks HTTP/2 where it can.
func (a *authority) client() *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// secretMount is a folder as Kubernetes mounts a secret: its files lead through a
// link that is swapped for another, so that they change all at once.
type secretMount struct {
	t         *testing.T
	dir       string
	cert, key string
	n         int
}

func newSecretMount(t *testing.T) *secretMount {
	t.Helper()
	m := &secretMount{t: t, dir: t.TempDir()}
	m.cert, m.key = filepath.Join(m.dir, "tls.crt"), filepath.Join(m.dir, "tls.key")
	for _, path := range []string{m.cert, m.key} {
		if err := os.Symlink(filepath.Join("..data", filepath.Base(path)), path); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *secretMount) swap(cert, key []byte) {
	m.t.Helper()
	m.n++
	name := fmt.Sprintf("..%d", m.n)
	if err := os.Mkdir(filepath.Join(m.dir, name), 0o700); err != nil {
		m.t.Fatal(err)
	}
	write(m.t, filepath.Join(m.dir, name, "tls.crt"), cert)
	write(m.t, filepath.Join(m.dir, name, "tls.key"), key)
	fresh := filepath.Join(m.dir, "..data_tmp")
	if err := os.Symlink(name, fresh); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(fresh, filepath.Join(m.dir, "..data")); err != nil {
		m.t.Fatal(err)
	}
}

// ask returns an answer, and the serial number of the certificate it came under.
func ask(t *testing.T, c *http.Client, url string) (*http.Response, string, int64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return resp, string(body), resp.TLS.PeerCertificates[0].SerialNumber.Int64()
}

func TestHostAnswersHTTPSAndReplacesItsCertificate(t *testing.T) {
	a, mount := newAuthority(t), newSecretMount(t)
	end := time.Now().Add(time.Hour)
	first, cert, key := a.pair(end)
	mount.swap(cert, key)
	cfg := config()
	cfg.TLS = lifecycle.TLS{Cert: mount.cert, Key: mount.key}
	h := host(t, cfg, constructor("one", &greeter{}, nil, say("1")))
	if !strings.HasPrefix(h.url, "https://127.0.0.1:") {
		t.Fatalf("public URL %q", h.url)
	}
	c := a.client()
	resp, body, serial := ask(t, c, h.url+"/one")
	if body != "1" || serial != first || resp.ProtoMajor != 2 || resp.Header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Errorf("%q under %d by %s, header %v", body, serial, resp.Proto, resp.Header)
	}
	if _, body, _ := ask(t, c, h.url+"/metrics"); !strings.Contains(body, "relais_tls_certificate_refused 0") ||
		!strings.Contains(body, "relais_tls_certificate_expiry_seconds "+strconv.FormatFloat(float64(end.Unix()), 'g', -1, 64)) {
		t.Errorf("metrics of the certificate: %s", lines(body, "relais_tls_"))
	}
	// A key that belongs to another certificate, what is no certificate, and one that has ended.
	_, otherCert, otherKey := a.pair(end)
	_, endedCert, endedKey := a.pair(time.Now().Add(-time.Minute))
	for name, pair := range map[string][2][]byte{
		"mixed": {otherCert, key}, "garbage": {[]byte("no certificate"), key}, "ended": {endedCert, endedKey},
	} {
		mount.swap(pair[0], pair[1])
		eventually(t, name+" is refused", func() bool {
			_, body, serial := ask(t, c, h.url+"/metrics")
			if serial != first {
				t.Fatalf("%s: served under certificate %d", name, serial)
			}
			return strings.Contains(body, "relais_tls_certificate_refused 1")
		})
		mount.swap(cert, key)
		eventually(t, "the good pair is back", func() bool {
			_, body, _ := ask(t, c, h.url+"/metrics")
			return strings.Contains(body, "relais_tls_certificate_refused 0")
		})
	}
	if !strings.Contains(h.log.String(), "certificate not replaced") {
		t.Errorf("the log does not tell: %s", h.log)
	}
	mount.swap(otherCert, otherKey)
	eventually(t, "the new certificate is shown", func() bool { _, _, serial := ask(t, c, h.url+"/one"); return serial == first+1 })
	h.stop()
	if err := receive(t, "Host", h.ended); err != nil {
		t.Errorf("Host = %v", err)
	}
	if strings.Contains(h.log.String(), "PRIVATE KEY") {
		t.Error("a key is in the log")
	}
}

func lines(s, part string) string {
	var out []string
	for l := range strings.Lines(s) {
		if strings.Contains(l, part) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

func TestPlainHTTPAsksForNothingStricter(t *testing.T) {
	h := host(t, config(), constructor("one", &greeter{}, nil, say("1")))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/one", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got := resp.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS on plain HTTP: %s", got)
	}
	h.stop()
	if err := receive(t, "Host", h.ended); err != nil {
		t.Errorf("Host = %v", err)
	}
}

func TestHostRefusesACertificateItCannotUse(t *testing.T) {
	a, dir := newAuthority(t), t.TempDir()
	_, cert, key := a.pair(time.Now().Add(time.Hour))
	_, _, other := a.pair(time.Now().Add(time.Hour))
	at := func(name string) string { return filepath.Join(dir, name) }
	write(t, at("cert"), cert)
	write(t, at("key"), key)
	write(t, at("other"), other)
	for _, tc := range []struct {
		name string
		tls  lifecycle.TLS
		want string
	}{
		{"no_key", lifecycle.TLS{Cert: at("cert")}, "both --tls-cert and --tls-key"},
		{"no_cert", lifecycle.TLS{Key: at("key")}, "both --tls-cert and --tls-key"},
		{"missing", lifecycle.TLS{Cert: at("none"), Key: at("key")}, "none: no such file"},
		{"mismatch", lifecycle.TLS{Cert: at("cert"), Key: at("other")}, "private key does not match"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := config()
			cfg.TLS = tc.tls
			err := lifecycle.Host(t.Context(), cfg, startLog(t), io.Discard, func(context.Context, string) error { t.Error("started"); return nil })
			if err == nil || !strings.Contains(err.Error(), tc.want) || bytes.Contains([]byte(err.Error()), []byte("PRIVATE")) {
				t.Errorf("Host = %v, want it to say %q", err, tc.want)
			}
		})
	}
}
