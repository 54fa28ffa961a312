// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/relais-press/relais/pkg/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func anyPort(string) bool { return true }

// only permits one address, as if it were public.
func only(s string) func(netip.Addr) bool {
	return func(a netip.Addr) bool { return a.Unmap() == netip.MustParseAddr(s) }
}

// local is a client that takes 127.0.0.2 for the public internet.
func local(cfg Config) *Client { return newClient(cfg, only("127.0.0.2"), anyPort, nil) }

// serve serves on 127.0.0.2.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	return serveAt(t, "127.0.0.2:0", h)
}

func serveAt(t *testing.T, address string, h http.HandlerFunc) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// wantURLFault checks that an error is for the caller: of kind k, naming /url,
// with a text that it may see.
func wantURLFault(t *testing.T, err error, k fault.Kind, text string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != k || len(f.Fields) != 1 || f.Fields[0].Pointer != "/url" || !strings.Contains(f.Fields[0].Detail, text) {
		t.Errorf("%v, want %v naming /url with %q", err, k, text)
		return
	}
	if shown := f.Detail + f.Fields[0].Detail; strings.Contains(shown, "127.0") || strings.Contains(shown, "dial") {
		t.Errorf("%q says too much", shown)
	}
}

func get(t *testing.T, c *Client, u string) ([]byte, *Response, error) {
	t.Helper()
	res, err := c.Get(t.Context(), u)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	return data, res, err
}

func TestGet(t *testing.T) {
	var seen http.Header
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		if r.URL.Path != "/feed" {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			http.Redirect(w, r, "/feed", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = w.Write([]byte("<rss/>"))
	})
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	data, res, err := get(t, local(Config{UserAgent: "Relais/1"}), base+"/old?key=s3cret#part")
	if err != nil || string(data) != "<rss/>" || res.ContentType != "application/rss+xml" || res.URL != base+"/feed" {
		t.Fatalf("%q, %+v, %v", data, res, err)
	}
	if seen.Get("User-Agent") != "Relais/1" || seen.Get("Referer") != "" || seen.Get("Cookie") != "" || seen.Get("Authorization") != "" {
		t.Errorf("sent %v", seen)
	}
}

func TestStatus(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(atoi(r.URL.Query().Get("status")))
	})
	for status, text := range map[int]string{404: "404 Not Found", 204: "204", 500: "500", 304: "304", 599: "answers 599,", 401: "401"} {
		_, _, err := get(t, local(Config{}), fmt.Sprintf("%s/?status=%d", base, status))
		wantURLFault(t, err, fault.Invalid, text)
	}
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscan(s, &n)
	return n
}

func TestURLs(t *testing.T) {
	c := newClient(Config{}, public, wellKnown, nil)
	for _, u := range []string{
		"https://gazette.example.org/feed", "http://gazette.example.org:8080/feed?a=b#c", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/",
		"https://éléphant.example.org/", "https://example.org./", "http://1.example.org", "https://xn--lphant-dva9b.fr/",
	} {
		if _, err := c.gate(u); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{
		"", "feed", "/feed", "//example.org/feed", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "javascript:alert(1)",
		"http:example.org", "http://", "http:///feed", "http://:80/", "https://u@example.org/", "https://u:p@example.org/", "https://@example.org/",
		"http://example.org:22/", "http://example.org:4222/", "http://example.org:6379/", "http://example.org:/", "http://example.org:99999/",
		"http://localhost/", "http://LOCALHOST./", "http://a.localhost/", "http://nats:8080/", "http://printer.local/", "http://metadata.google.internal/",
		"http://127.0.0.1/", "http://127.0.0.1./", "http://127.1/", "http://0x7f.1/", "http://0x7f000001/", "http://2130706433/", "http://017700000001/",
		"http://0177.0.0.1/", "http://127.0.0.1.0x0/", "http://127.0.1/", "http://0/", "http://0.0.0.0/", "http://a.0x/", "http://1.2.3.4.5/", "http://256.256.256.256/",
		"http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[fe80::1%25eth0]/", "http://[2606:4700::1%25eth0]/",
		"http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/",
		"http://exa mple.org/", "http://example.org\r\nHost: x/", "http://example.org\\@127.0.0.1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%00.example.org/",
		"https://example.org/" + strings.Repeat("a", 2048),
	} {
		_, err := c.gate(u)
		wantURLFault(t, err, fault.Invalid, "must")
	}
}

func TestPublic(t *testing.T) {
	for _, a := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"223.255.255.255", "2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2001:200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a01::5efe:808:808",
	} {
		if !public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for name, list := range map[string]string{
		"unspecified":   "0.0.0.0 0.255.255.255 :: ::ffff:0.0.0.0",
		"private":       "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255",
		"carrier":       "100.64.0.0 100.127.255.255 100.100.100.200",
		"loopback":      "127.0.0.1 127.255.255.255 ::1",
		"link-local":    "169.254.0.0 169.254.169.254 169.254.255.255 fe80:: fe80::1 febf::1 fe80::1%eth0",
		"site-local":    "fec0::1",
		"protocols":     "192.0.0.1 192.0.0.170 192.88.99.1 168.63.129.16",
		"documentation": "192.0.2.1 198.51.100.255 203.0.113.7 2001:db8::1 2001:db8:ffff::1 3fff::1 3fff:fff::1",
		"benchmarks":    "198.18.0.0 198.19.255.255 2001:2::1",
		"multicast":     "224.0.0.1 239.255.255.255 ff02::1 ff0e::1",
		"reserved":      "240.0.0.1 255.255.255.254 4000::1 5f00::1 e000::1 100::1",
		"broadcast":     "255.255.255.255",
		"unique local":  "fc00::1 fd00:ec2::254 fdff::1",
		"mapped":        "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1",
		"compatible":    "::127.0.0.1 ::8.8.8.8 ::10.1.2.3",
		"NAT64":         "64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 64:ff9b:1::808:808",
		"6to4":          "2002:7f00:1:: 2002:a00:1::1 2002:808:808::1",
		"Teredo":        "2001:0:4136:e378:8000:63bf:3fff:fdd2 2001::1",
		"ORCHID":        "2001:10::1 2001:20::1",
		"ISATAP":        "2a01::5efe:7f00:1 2a01::200:5efe:a00:1",
	} {
		for a := range strings.FieldsSeq(list) {
			if public(netip.MustParseAddr(a)) {
				t.Errorf("%s: %s is not public", name, a)
			}
		}
	}
}

func TestRedirects(t *testing.T) {
	hits := atomic.Int32{}
	inside := serveAt(t, "127.0.0.1:0", func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(http.StatusFound)
	})
	for to, text := range map[string]string{
		inside:                    "public internet",
		"http://localhost/":       "public internet",
		"http://[::1]/":           "public internet",
		"http://2130706433/":      "public internet",
		"file:///etc/passwd":      "must be",
		"ftp://127.0.0.2/":        "must be",
		"//u:p@127.0.0.2/":        "user name",
		"?to=%3Fto%3D%253F":       "",
		"http://127.0.0.2:bad/":   "",
		"http://[fe80::1%25lo]/x": "public internet",
	} {
		_, _, err := get(t, local(Config{}), base+"/?to="+url.QueryEscape(to))
		wantURLFault(t, err, fault.Invalid, text)
	}
	loop := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"a", http.StatusFound) })
	_, _, err := get(t, local(Config{}), loop+"/")
	wantURLFault(t, err, fault.Invalid, "five times")
	if hits.Load() != 0 {
		t.Errorf("the loopback server was asked %d times", hits.Load())
	}
}

func TestRedirectDowngrade(t *testing.T) {
	c := local(Config{})
	at := func(s string) *http.Request {
		u, _ := url.Parse(s)
		return &http.Request{URL: u, Header: http.Header{"Referer": {"https://127.0.0.2/"}}}
	}
	wantURLFault(t, c.redirect(at("http://127.0.0.2/"), []*http.Request{at("https://127.0.0.2/")}), fault.Invalid, "https to http")
	up := at("https://127.0.0.2/")
	if err := c.redirect(up, []*http.Request{at("http://127.0.0.2/")}); err != nil || up.Header.Get("Referer") != "" {
		t.Errorf("%v, %v", err, up.Header)
	}
}

// nameServer answers every question for an IPv4 address with the next of a
// list, and the last again and again.
func nameServer(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 512)
		for next := 0; ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			end := 12 + bytes.IndexByte(buf[12:n], 0) + 5
			reply := append([]byte{buf[0], buf[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, buf[12:end]...)
			if buf[end-3] == 1 { // type A
				ip := netip.MustParseAddr(answers[min(next, len(answers)-1)]).As4()
				next++
				reply[7] = 1
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
				reply = append(reply, ip[:]...)
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestRebinding has a name whose address is public when it is first asked for
// and the loopback's after that.
func TestRebinding(t *testing.T) {
	hits := atomic.Int32{}
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	serveAt(t, "127.0.0.1:"+port, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	c := newClient(Config{}, only("127.0.0.2"), anyPort, nameServer(t, "127.0.0.2", "127.0.0.1"))
	_, _, err := get(t, c, "http://gazette.example.org:"+port+"/")
	wantURLFault(t, err, fault.Invalid, "public internet")
	c = newClient(Config{}, public, anyPort, nameServer(t, "127.0.0.1"))
	_, _, err = get(t, c, "http://gazette.example.org:"+port+"/")
	wantURLFault(t, err, fault.Invalid, "public internet")
	if hits.Load() != 0 {
		t.Errorf("the loopback server was asked %d times", hits.Load())
	}
}

func TestUnreachable(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte("220 smtp.example.org ESMTP\r\n"))
			_ = conn.Close()
		}
	})
	_, _, err := get(t, local(Config{}), base)
	wantURLFault(t, err, fault.Invalid, "could not be reached")
	_, _, err = get(t, local(Config{}), "http://127.0.0.2:1/")
	wantURLFault(t, err, fault.Invalid, "could not be reached")
}

func TestSize(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 50<<20))
	_ = z.Close()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		case "/long":
			w.Header().Set("Content-Length", "1001")
			_, _ = w.Write(make([]byte, 1001))
		default:
			for n := atoi(r.URL.Query().Get("n")); n > 0; n-- {
				_, _ = w.Write([]byte("a"))
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	c := local(Config{MaxBytes: 1000})
	for n, want := range map[int]int{0: 0, 999: 999, 1000: 1000} {
		if data, _, err := get(t, c, fmt.Sprintf("%s/?n=%d", base, n)); err != nil || len(data) != want {
			t.Errorf("%d bytes: %d, %v", n, len(data), err)
		}
	}
	for _, path := range []string{"/?n=1001", "/?n=5000", "/bomb"} {
		data, _, err := get(t, c, base+path)
		wantURLFault(t, err, fault.TooLarge, "more than 1000 bytes")
		if len(data) != 1000 {
			t.Errorf("%s: %d bytes", path, len(data))
		}
	}
	_, err := c.Get(t.Context(), base+"/long")
	wantURLFault(t, err, fault.TooLarge, "more than 1000 bytes")
}

func TestSlow(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("a"))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	for _, path := range []string{"/body", "/head"} {
		_, _, err := get(t, local(Config{Timeout: 100 * time.Millisecond}), base+path)
		wantURLFault(t, err, fault.Invalid, "too long")
	}
	ctx, cancel := context.WithCancel(t.Context())
	res, err := local(Config{}).Get(ctx, base+"/body")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	cancel()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
	if _, err := local(Config{}).Get(ctx, base+"/body"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
}

func TestEndlessHeaders(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, err = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
		for i := 0; err == nil; i++ {
			_, err = fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("a", 1000))
		}
	})
	_, _, err := get(t, local(Config{}), base)
	wantURLFault(t, err, fault.Invalid, "could not be reached")
}

// FuzzURL holds the gate to what it promises of every URL that it lets through.
func FuzzURL(f *testing.F) {
	for _, s := range []string{
		"https://gazette.example.org/feed", "http://0x7f.1/", "http://[::ffff:127.0.0.1]:8080/", "http://a@b@c.org/", "http://example.org:80:80/", "http://%6c/", "HTTP://É.fr",
	} {
		f.Add(s)
	}
	c := newClient(Config{}, public, wellKnown, nil)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := c.gate(raw)
		if err != nil {
			wantURLFault(t, err, fault.Invalid, "")
			return
		}
		again, err := url.Parse(u.String())
		if err != nil || again.Host != u.Host || (u.Scheme != "http" && u.Scheme != "https") || again.User != nil || !wellKnown(again.Port()) {
			t.Fatalf("%q is read as %v and %v, %v", raw, u, again, err)
		}
		if _, err := c.gate(u.String()); err != nil && len(u.String()) <= maxURL {
			t.Fatalf("%q passes, %q does not: %v", raw, u, err)
		}
		if a, err := netip.ParseAddr(hostname(u)); err == nil && !public(a) {
			t.Fatalf("%q passes", raw)
		}
	})
}
