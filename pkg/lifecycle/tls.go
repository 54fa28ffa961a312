// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TLS is how a process proves who it is to those who call it. Both files or none.
type TLS struct {
	Cert string `name:"tls-cert" env:"RELAIS_TLS_CERT" type:"path" and:"tls" placeholder:"FILE" help:"Answer HTTPS with this certificate and those that sign it (PEM); read again when it changes."`
	Key  string `name:"tls-key" env:"RELAIS_TLS_KEY" type:"path" and:"tls" placeholder:"FILE" help:"Private key of the certificate (PEM)."`
}

// checkEvery is how long a pair of files may have changed without being noticed.
const checkEvery = 250 * time.Millisecond

// KeyPair is a certificate with its key in two files that may be replaced while
// the process runs: the files are looked at when somebody connects, at most four
// times a second. A pair that is broken, half replaced or past its end does not take the
// place of the one in use. It is safe for concurrent use.
type KeyPair struct {
	cert, key string // paths
	log       *slog.Logger

	mu      sync.Mutex
	inUse   *tls.Certificate
	read    [2][]byte // the files as they were last seen, good or not
	refused bool      // what was last seen is not what is in use
	checked time.Time
}

// OpenKeyPair reads the files; a pair that cannot be used is an error.
func OpenKeyPair(cert, key string, log *slog.Logger) (*KeyPair, error) {
	p := &KeyPair{cert: cert, key: key, log: log, checked: time.Now()}
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	p.read = files
	if p.inUse, err = parsePair(files); err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", cert, key, err)
	}
	return p, nil
}

// Config is that of a server that shows the pair, with Go's defaults: TLS 1.2 or newer.
func (p *KeyPair) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return p.Current(), nil
	}}
}

// Current returns the pair in force, after a look at the files when it is time for one.
func (p *KeyPair) Current() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.checked) >= checkEvery {
		p.checked = now
		p.refresh()
	}
	return p.inUse
}

// refresh takes what the files hold when it is new and good. The lock is held.
func (p *KeyPair) refresh() {
	files, err := p.files()
	if err == nil {
		if bytes.Equal(files[0], p.read[0]) && bytes.Equal(files[1], p.read[1]) {
			return
		}
		p.read = files
		var next *tls.Certificate
		if next, err = parsePair(files); err == nil {
			p.inUse, p.refused = next, false
			p.log.Info("certificate replaced", "file", p.cert, "not_after", next.Leaf.NotAfter)
			return
		}
	} else {
		p.read = [2][]byte{}
	}
	if !p.refused {
		p.log.Error("certificate not replaced", "file", p.cert, "error", err, "not_after", p.inUse.Leaf.NotAfter)
	}
	p.refused = true
}

func (p *KeyPair) files() (out [2][]byte, err error) {
	for i, path := range []string{p.cert, p.key} {
		if out[i], err = os.ReadFile(path); err != nil {
			return out, fmt.Errorf("read certificate: %w", err)
		}
	}
	return out, nil
}

func parsePair(files [2][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		return nil, err
	}
	if time.Now().After(pair.Leaf.NotAfter) {
		return nil, errors.New("ended on " + pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return &pair, nil
}

// register adds the pair's two metrics: one to alert on well before the end, one
// that says that the files hold something that cannot be used.
func (p *KeyPair) register(metrics prometheus.Registerer) error {
	for _, g := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "relais_tls_certificate_expiry_seconds", Help: "Unix time at which the certificate in use ends.",
		}, func() float64 { return float64(p.Current().Leaf.NotAfter.Unix()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "relais_tls_certificate_refused", Help: "Whether the files hold a pair that cannot be used, so that the former one is.",
		}, func() float64 {
			p.Current()
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.refused {
				return 1
			}
			return 0
		}),
	} {
		if err := metrics.Register(g); err != nil {
			return fmt.Errorf("metrics of the certificate: %w", err)
		}
	}
	return nil
}

// strict tells browsers to come back over TLS only, for a year (RFC 6797). It is
// for answers over TLS alone, and for this name alone: others below it are not ours.
func strict(h http.Handler) http.Handler {
	year := []string{"max-age=31536000"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Strict-Transport-Security"] = year
		h.ServeHTTP(w, r)
	})
}

// open reads the pair; nil when there is none to read.
func (t TLS) open(ctx context.Context, log *slog.Logger, metrics prometheus.Registerer) (*KeyPair, error) {
	switch {
	case t.Cert == "" && t.Key == "":
		return nil, nil //nolint:nilnil // plain HTTP is no error
	case t.Cert == "" || t.Key == "":
		return nil, errors.New("a certificate takes both --tls-cert and --tls-key")
	}
	pair, err := OpenKeyPair(t.Cert, t.Key, log)
	if err != nil {
		return nil, err
	}
	log.DebugContext(ctx, "certificate read", "file", t.Cert, "not_after", pair.inUse.Leaf.NotAfter)
	return pair, pair.register(metrics)
}
