// SPDX-License-Identifier: Apache-2.0

// Package fetch gets what a URL names when the URL came from somebody else, and
// so must not be a way into the network the service runs in.
//
// The address is looked at where it cannot change any more: on the socket, when
// the name has been resolved and before the connection is made, for the first
// request and for every redirect.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

// Defaults of a Config.
const (
	DefaultMaxBytes = 64 << 20
	DefaultTimeout  = 30 * time.Second
)

const (
	maxRedirects = 5
	maxHeader    = 64 << 10 // bytes
)

// Config bounds what a Client fetches; zero values are the defaults.
type Config struct {
	MaxBytes  int64         // of a body, after it was decompressed
	Timeout   time.Duration // of all of it: names, redirects and the whole body
	UserAgent string        // of every request; empty is "Relais"
}

// Client fetches public addresses. It keeps no cookies and no connections, uses
// no proxy, and sends neither credentials nor a Referer. It is safe for
// concurrent use.
type Client struct {
	cfg    Config
	http   *http.Client
	permit func(netip.Addr) bool // whether an address may be connected to
	ports  func(string) bool     // whether a port, "" for the scheme's, may be named
}

// New returns a Client. It opens nothing.
func New(cfg Config) *Client { return newClient(cfg, public, wellKnown, nil) }

func newClient(cfg Config, permit func(netip.Addr) bool, ports func(string) bool, resolver *net.Resolver) *Client {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "Relais")
	c := &Client{cfg: cfg, permit: permit, ports: ports}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: c.control, Resolver: resolver}
	c.http = &http.Client{
		CheckRedirect: c.redirect,
		Transport: &http.Transport{
			Proxy:                  nil, // not even from the environment: the address would be the proxy's
			DialContext:            dialer.DialContext,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: maxHeader,
			TLSHandshakeTimeout:    10 * time.Second,
		},
	}
	return c
}

// Response is what was found.
type Response struct {
	Body        io.ReadCloser // see Get; close it
	ContentType string        // as the server wrote it
	URL         string        // after redirects
}

// Get fetches a URL: http or https, without user info, on port 80, 443, 8080 or
// 8443 of a host whose address belongs to the public internet. At most five
// redirects are followed, each to such a URL and none from https to http. A
// body in gzip is decompressed.
//
// What is refused, cannot be reached, or answers anything but 200 is a fault of
// kind Invalid that names /url and says nothing of addresses. So is a read from
// the body that fails or takes longer than the timeout; a body of more bytes
// than the Config allows is TooLarge, from Get when the server says so before,
// else from the read that goes past. When ctx ends, the error is its own.
func (c *Client) Get(ctx context.Context, rawURL string) (*Response, error) {
	u, err := c.gate(rawURL)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	req, err := http.NewRequestWithContext(limited, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		cancel()
		return nil, refused("must be a URL", err)
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	res, err := c.http.Do(req) //nolint:bodyclose // handed on in a body that closes it
	if err != nil {
		cancel()
		return nil, failure(ctx, err)
	}
	b := &body{from: res.Body, left: c.cfg.MaxBytes, limit: c.cfg.MaxBytes, ctx: ctx, cancel: cancel}
	switch {
	case res.StatusCode != http.StatusOK:
		err = fault.WithFields(fault.Invalid, "the URL could not be fetched",
			fault.Field{Pointer: "/url", Detail: "answers " + statusText(res.StatusCode) + ", not 200"})
	case res.ContentLength > c.cfg.MaxBytes:
		err = b.tooLarge()
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	return &Response{Body: b, ContentType: res.Header.Get("Content-Type"), URL: res.Request.URL.String()}, nil
}

// control refuses a socket by the address it is about to connect to.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !c.permit(ap.Addr()) {
		return notPublic(errors.New("refused " + address))
	}
	return nil
}

// redirect judges where an answer points to.
func (c *Client) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return refused("redirects more than five times", nil)
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return refused("redirects from https to http", nil)
	}
	if _, err := c.gate(req.URL.String()); err != nil {
		return err
	}
	req.Header.Del("Referer")
	return nil
}

// failure is what went wrong on the way, without what is nobody's business.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return refused("took too long to answer", err)
	}
	return refused("could not be reached or does not speak HTTP", err)
}

func refused(detail string, cause error) error {
	f := fault.WithFields(fault.Invalid, "the URL could not be fetched", fault.Field{Pointer: "/url", Detail: detail})
	f.Err = cause
	return f
}

// notPublic is the one answer for every address that is not for strangers.
func notPublic(cause error) error {
	return refused("must be on a host of the public internet", cause)
}

func statusText(code int) string {
	text := http.StatusText(code)
	if text != "" {
		text = " " + text
	}
	return itoa(code) + text
}

// body is a response's body up to a number of bytes.
type body struct {
	from   io.ReadCloser
	left   int64
	limit  int64
	ctx    context.Context //nolint:containedctx // the caller's, to tell its end from our timeout
	cancel context.CancelFunc
	err    error
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left+1)])
	switch {
	case int64(n) > b.left:
		n, b.err = int(b.left), b.tooLarge()
	case err == nil || errors.Is(err, io.EOF):
		b.err = err
	default:
		b.err = failure(b.ctx, err)
	}
	b.left -= int64(n)
	return n, b.err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.cancel()
	return b.from.Close()
}

func (b *body) tooLarge() error {
	return fault.WithFields(fault.TooLarge, "what the URL names is too large",
		fault.Field{Pointer: "/url", Detail: "answers more than " + itoa(b.limit) + " bytes"})
}

// gate is what can be said of a URL before anything is asked of the network.
func (c *Client) gate(rawURL string) (*url.URL, error) {
	u, err := parseURL(rawURL, c.ports)
	if err != nil {
		return nil, err
	}
	host := hostname(u)
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil && addr.Zone() != "", err == nil && !c.permit(addr), err != nil && !nameOfHost(host):
		return nil, notPublic(nil)
	}
	return u, nil
}
