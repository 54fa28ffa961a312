// SPDX-License-Identifier: Apache-2.0

package door_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/door"
)

func inFront() door.Proxies {
	return door.Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("192.0.2.1/32")}
}

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"the peer", "203.0.113.7:4711", nil, "203.0.113.7"},
		{"a peer that is no proxy is not believed", "203.0.113.7:4711", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a proxy is", "10.1.2.3:80", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a proxy that says nothing", "10.1.2.3:80", nil, "10.1.2.3"},
		{"what the visitor wrote is passed over", "10.1.2.3:80", []string{"1.1.1.1, 8.8.8.8, 198.51.100.1"}, "198.51.100.1"},
		{"a chain of proxies", "10.1.2.3:80", []string{"1.1.1.1, 198.51.100.1, 10.9.9.9,192.0.2.1"}, "198.51.100.1"},
		{"lines are one list", "10.1.2.3:80", []string{"1.1.1.1", "198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		{"all proxies: the farthest", "10.1.2.3:80", []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		{"garbage ends the chain", "10.1.2.3:80", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"empty hops end the chain", "10.1.2.3:80", []string{"198.51.100.1,"}, "10.1.2.3"},
		{"a port", "10.1.2.3:80", []string{"198.51.100.1:5678"}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:80", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::1]:80", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:80", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.1.2.3]:80", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone is dropped", "[fe80::1%eth0]:80", nil, "fe80::1"},
		{"a long chain is given up", "10.1.2.3:80", []string{"198.51.100.1" + strings.Repeat(", 10.0.0.1", 2000)}, "10.0.0.1"},
		{"10 kB without a comma", "10.1.2.3:80", []string{strings.Repeat("1", 10_000)}, "10.1.2.3"},
		{"a socket without an address", "@", []string{"198.51.100.1"}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
			if got := inFront().Address(r); got.String() != c.want {
				t.Errorf("address = %s, want %s", got, c.want)
			}
		})
	}
}

func TestNetwork(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.7":              "203.0.113.7/32",
		"2001:db8:1:2:3:4:5:6":     "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:4:5:77": "2001:db8:1:2::/64",
	} {
		if got := door.Network(netip.MustParseAddr(in)); got.String() != want {
			t.Errorf("Network(%s) = %s, want %s", in, got, want)
		}
	}
	if got := door.Network(netip.Addr{}); got.IsValid() {
		t.Errorf("network of no address = %s", got)
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 10.0.0.1", "[::1]:8")
	f.Add("@", ",,,", "[")
	f.Add("10.0.0.1:1", strings.Repeat("10.0.0.1,", 1200), "::ffff:10.0.0.1%a")
	f.Fuzz(func(t *testing.T, peer, one, two string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {one, two}}}
		a := inFront().Address(r)
		if a.Is4In6() || a.Zone() != "" {
			t.Errorf("address = %s", a)
		}
		if p, err := netip.ParseAddrPort(peer); a.IsValid() != (err == nil) {
			t.Errorf("address of %q = %s", peer, a)
		} else if own := p.Addr().Unmap().WithZone(""); err == nil && !inFront().Trust(own) && a != own {
			t.Errorf("%q was believed: %s", peer, a)
		}
	})
}

func TestParseProxies(t *testing.T) {
	got, err := door.ParseProxies([]string{"10.1.2.3/8", "192.0.2.1", "2001:db8::/32"})
	if want := "[10.0.0.0/8 192.0.2.1/32 2001:db8::/32]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v; want %s", got, err, want)
	}
	for _, bad := range []string{"", "example.org", "10.0.0.0/33", "10.0.0"} {
		if _, err := door.ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken for a network", bad)
		}
	}
}

func TestAlone(t *testing.T) {
	for _, c := range []struct {
		name, peer, forwarded string
		want                  bool
	}{
		{"a public peer", "203.0.113.7:1", "", true},
		{"this machine", "127.0.0.1:1", "", false},
		{"a private network", "192.168.1.1:1", "", false},
		{"a proxy that nobody named", "192.168.1.1:1", "203.0.113.7", false},
		{"a named proxy that says nothing", "10.0.0.1:1", "", false},
		{"a public visitor behind a proxy", "10.0.0.1:1", "203.0.113.7", true},
		{"a private visitor behind a proxy", "10.0.0.1:1", "192.168.1.7", true},
		{"two proxies, no visitor", "10.0.0.1:1", "10.0.0.2", false},
		{"a socket without an address", "@", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			if got := inFront().Alone(r, inFront().Address(r)); got != c.want {
				t.Errorf("alone %v, want %v", got, c.want)
			}
		})
	}
}
