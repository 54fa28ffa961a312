// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"net/http"
	"net/netip"
	"strings"
)

const (
	maxHops = 32 // proxies one behind the other
	maxHop  = 64 // bytes of one address in a header
)

// proxies are the networks whose word on where a request came from is taken.
type proxies []netip.Prefix

func (p proxies) trust(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// address is where a request comes from: the peer, or, when that is a trusted
// proxy, the right-most address of X-Forwarded-For that is not one. Whatever
// stands to the left of it, or of something that is no address, could have been
// written by anybody. It is the zero Addr when the peer has no IP address.
// Forwarded (RFC 7239) is not read: a proxy that writes one header passes the
// other on as it came.
func (p proxies) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := peer.Addr().Unmap().WithZone("")
	lines := r.Header["X-Forwarded-For"]
	for hops := 0; len(lines) > 0 && p.trust(from); lines = lines[:len(lines)-1] {
		rest, more := lines[len(lines)-1], true
		for more && p.trust(from) {
			var last string
			rest, last, more = cutLast(rest)
			a, ok := hop(last)
			if hops++; !ok || hops > maxHops {
				return from
			}
			from = a
		}
	}
	return from
}

func cutLast(list string) (before, last string, found bool) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], list[i+1:], i >= 0
}

// hop reads an address of X-Forwarded-For, which some proxies write with a
// port or in brackets.
func hop(s string) (netip.Addr, bool) {
	if s = strings.Trim(s, " \t"); s == "" || len(s) > maxHop {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		a = withPort.Addr()
	}
	return a.Unmap().WithZone(""), true
}

// network is what one visitor is taken to have: an IPv4 address whole, of IPv6
// the first 64 bits; the zero Prefix for no address.
func network(a netip.Addr) netip.Prefix {
	length := 32
	if a.Is6() {
		length = 64
	}
	p, err := a.Prefix(length)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
