// SPDX-License-Identifier: Apache-2.0

package lifecycle_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
)

// behind asks a process as a trusted proxy does for a visitor.
func behind(t *testing.T, url, visitor string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", visitor)
	resp, err := client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestHostLimitsAddresses(t *testing.T) {
	cfg := config()
	cfg.Proxies, cfg.AddressRate = []string{"127.0.0.0/8"}, 0.5 // two at once, then one in two seconds
	var deps lifecycle.Deps
	h := host(t, cfg, constructor("hello", &greeter{}, &deps, say("hello")))
	eventually(t, "one address is refused", func() bool { return behind(t, h.url+"/hello", "203.0.113.7") == http.StatusTooManyRequests })
	if got := behind(t, h.url+"/hello", "203.0.113.8"); got != http.StatusOK {
		t.Errorf("another address: %d", got)
	}
	if got := behind(t, h.url+"/livez", "203.0.113.7"); got != http.StatusOK {
		t.Errorf("a probe from there: %d", got)
	}
	if status, metrics := get(t, h.url+"/metrics"); status != http.StatusOK || !strings.Contains(metrics, `relais_limited_total{by="address"}`) ||
		!strings.Contains(metrics, "relais_connections ") {
		t.Errorf("metrics %d without what the door counts", status)
	}
	if len(deps.Proxies) != 1 || deps.Limits == nil {
		t.Errorf("services are told %v, %v", deps.Proxies, deps.Limits)
	}
	end(t, h)
}

func TestHostRefusesAWrongDoor(t *testing.T) {
	for name, spoil := range map[string]func(*lifecycle.Config){
		"--trusted-proxies": func(c *lifecycle.Config) { c.Proxies = []string{"10.0.0.0/99"} },
		"--address-rate":    func(c *lifecycle.Config) { c.AddressRate = -1 },
	} {
		cfg := config()
		spoil(&cfg)
		if err := lifecycle.Host(t.Context(), cfg, startLog(t), io.Discard, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Host = %v, want an error that names %s", err, name)
		}
	}
}

// Two processes on one log count together.
func TestHostsOnOneLogShareTheirRates(t *testing.T) {
	cfg := config()
	cfg.Proxies, cfg.AddressRate = []string{"127.0.0.0/8"}, 10 // 40 at once
	log := startServer(t)
	one := hostOn(t, cfg, connect(t, log), constructor("hello", &greeter{}, nil, say("hello")))
	two := hostOn(t, cfg, connect(t, log), constructor("hello", &greeter{}, nil, say("hello")))
	// The second is asked three times a second, which it would allow for ever, were it
	// not for what the first takes. Until they have met each allows a burst of its own:
	// each visitor tries for some seconds.
	var next time.Time
	begin := time.Now()
	eventually(t, "a visitor who asks the one too often is refused by the other", func() bool {
		visitor := fmt.Sprintf("203.0.113.%d", 10+int(time.Since(begin)/(4*time.Second)))
		behind(t, one.url+"/hello", visitor)
		if time.Now().Before(next) {
			return false
		}
		next = time.Now().Add(300 * time.Millisecond)
		return behind(t, two.url+"/hello", visitor) == http.StatusTooManyRequests
	})
	if got := behind(t, two.url+"/hello", "203.0.113.8"); got != http.StatusOK {
		t.Errorf("another visitor: %d", got)
	}
	end(t, one)
	end(t, two)
}

func TestHostLimitsConnections(t *testing.T) {
	cfg := config()
	cfg.Connections = 5
	h := host(t, cfg, constructor("hello", &greeter{}, nil, say("hello")))
	address := strings.TrimPrefix(h.url, "http://")
	for n := range 30 { // each is kept open, and none is in the way of the next
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, "GET /hello HTTP/1.1\r\nHost: relais\r\n\r\n"); err != nil {
			t.Fatalf("request %d: %v", n+1, err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("request %d: %v", n+1, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	end(t, h)
}

// end stops a process, which has to end well.
func end(t *testing.T, h hosted) {
	t.Helper()
	h.stop()
	if err := receive(t, "the process to end", h.ended); err != nil {
		t.Errorf("Host = %v", err)
	}
}
