// SPDX-License-Identifier: Apache-2.0

package lifecycle

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/relais-press/relais/pkg/bus"
)

// Credentials are what a process shows to a log that runs elsewhere, and by what
// it knows that log. The files are read again at every connection, so that each may
// be replaced while the process runs: the next connection is made with what they
// hold then.
type Credentials struct {
	NATSSeed string `name:"nats-seed" env:"RELAIS_NATS_SEED" type:"path" placeholder:"FILE" help:"NKey seed to present to the log; read again at every connection."`
	NATSCA   string `name:"nats-ca" env:"RELAIS_NATS_CA" type:"path" placeholder:"FILE" help:"Speak TLS to the log, and trust these authorities (PEM) instead of the system's."`
	NATSCert string `name:"nats-cert" env:"RELAIS_NATS_CERT" type:"path" and:"nats-tls" placeholder:"FILE" help:"Certificate to show to the log (PEM)."`
	NATSKey  string `name:"nats-key" env:"RELAIS_NATS_KEY" type:"path" and:"nats-tls" placeholder:"FILE" help:"Private key of that certificate (PEM)."`
}

// Connect opens a connection to the log at a URL, or at several separated by
// commas. It is made again whenever it is lost, for as long as it takes: a log that
// refuses the credentials for now may know them after its next reload. Answers come
// to _INBOX.NAME, so that each user of the log may read its own only.
func (c Credentials) Connect(name, url string) (*nats.Conn, error) {
	d := &dialer{seed: c.NATSSeed}
	opts := []nats.Option{
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.SyncQueueLen(bus.Waiting),
		nats.CustomInboxPrefix("_INBOX." + name), nats.IgnoreAuthErrorAbort(), nats.SetCustomDialer(d),
	}
	if c.NATSSeed != "" {
		public, err := d.readSeed()
		if err != nil {
			return nil, err
		}
		opts = append(opts, nats.Nkey(public, d.sign))
	}
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	conn, err := nats.Connect(url, append(opts, secure...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to the log at %s: %w", withoutUser(url), err)
	}
	d.conn.Store(conn)
	return conn, nil
}

// withoutUser leaves out of addresses what may be a password or a token.
func withoutUser(list string) string {
	addresses := strings.Split(list, ",")
	for i, a := range addresses {
		if scheme, rest, ok := strings.Cut(a, "://"); ok {
			addresses[i] = scheme + "://" + rest[strings.LastIndex(rest, "@")+1:]
		} else {
			addresses[i] = a[strings.LastIndex(a, "@")+1:]
		}
	}
	return strings.Join(addresses, ",")
}

// secure are the options of TLS; none when no file asks for it, and then it is
// spoken where the URL or the log says so.
func (c Credentials) secure() ([]nats.Option, error) {
	if (c.NATSCert == "") != (c.NATSKey == "") {
		return nil, errors.New("a certificate for the log takes both --nats-cert and --nats-key")
	}
	var (
		pair  nats.TLSCertHandler
		roots nats.RootCAsHandler
	)
	if c.NATSCert != "" {
		pair = func() (tls.Certificate, error) { return tls.LoadX509KeyPair(c.NATSCert, c.NATSKey) }
	}
	if c.NATSCA != "" {
		roots = func() (*x509.CertPool, error) {
			pem, err := os.ReadFile(c.NATSCA)
			if err != nil {
				return nil, err
			}
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("%s holds no certificate", c.NATSCA)
			}
			return pool, nil
		}
	}
	if pair == nil && roots == nil {
		return nil, nil
	}
	return []nats.Option{nats.ClientTLSConfig(pair, roots)}, nil
}

// dialer opens sockets to the log, and before each reads which user the seed
// makes. The client takes the signature of a connection from a callback but the
// public key that goes with it from its options; it dials while it holds the lock
// on these, and reads them after, so that here is where a new one can be put.
type dialer struct {
	seed string                    // path; empty: no user
	conn atomic.Pointer[nats.Conn] // once it has been made for the first time
}

// Dial implements [nats.CustomDialer].
func (d *dialer) Dial(network, address string) (net.Conn, error) {
	if d.seed != "" {
		public, err := d.readSeed()
		if err != nil {
			return nil, err
		}
		if conn := d.conn.Load(); conn != nil {
			conn.Opts.Nkey = public
		}
	}
	return net.DialTimeout(network, address, nats.DefaultTimeout) //nolint:noctx // the interface has none
}

func (d *dialer) pair() (nkeys.KeyPair, error) {
	text, err := os.ReadFile(d.seed)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	pair, err := nkeys.ParseDecoratedNKey(bytes.TrimSpace(text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.seed, err)
	}
	return pair, nil
}

// readSeed returns the public key of the user whose seed the file holds now.
func (d *dialer) readSeed() (string, error) {
	pair, err := d.pair()
	if err != nil {
		return "", err
	}
	defer pair.Wipe()
	public, err := pair.PublicKey()
	if err != nil {
		return "", fmt.Errorf("read %s: %w", d.seed, err)
	}
	if !nkeys.IsValidPublicUserKey(public) {
		return "", fmt.Errorf("read %s: not the seed of a user", d.seed)
	}
	return public, nil
}

func (d *dialer) sign(nonce []byte) ([]byte, error) {
	pair, err := d.pair()
	if err != nil {
		return nil, err
	}
	defer pair.Wipe()
	return pair.Sign(nonce)
}
