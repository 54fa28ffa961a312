// SPDX-License-Identifier: Apache-2.0

package door

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

const (
	maxHops = 32 // proxies one behind the other
	maxHop  = 64 // bytes of one address in a header
)

// Proxies are the networks whose word on where a request came from is taken.
type Proxies []netip.Prefix

// ParseProxies reads networks, such as 10.0.0.0/8, and single addresses.
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, s := range list {
		network, err := netip.ParsePrefix(s)
		if single, aErr := netip.ParseAddr(s); aErr == nil {
			network, err = single.Prefix(single.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no network, such as 10.0.0.0/8: %w", s, err)
		}
		out = append(out, network.Masked())
	}
	return out, nil
}

// Trust reports whether an address is a proxy's.
func (p Proxies) Trust(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// Address is where a request comes from: the peer, or, when that is a trusted
// proxy, the right-most address of X-Forwarded-For that is not one. Whatever
// stands to the left of it, or of something that is no address, could have been
// written by anybody. It is the zero Addr when the peer has no IP address.
// Forwarded (RFC 7239) is not read: a proxy that writes one header passes the
// other on as it came.
func (p Proxies) Address(r *http.Request) netip.Addr {
	from := peerOf(r)
	lines := r.Header["X-Forwarded-For"]
	for hops := 0; len(lines) > 0 && p.Trust(from); lines = lines[:len(lines)-1] {
		rest, more := lines[len(lines)-1], true
		for more && p.Trust(from) {
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

// Network is what one visitor is taken to have: an IPv4 address whole, of IPv6
// the first 64 bits; the zero Prefix for no address.
func Network(a netip.Addr) netip.Prefix {
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

// Manifold reports whether an address may stand for many visitors: one of this
// machine or of a private network is most likely a proxy that nobody named. What
// one visitor does behind it is no reason to judge the others.
func Manifold(a netip.Addr) bool {
	return !a.IsValid() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// Alone reports whether an address that Address gave is one visitor's, as far as
// can be told: it is a public one, or one that a trusted proxy has named.
func (p Proxies) Alone(r *http.Request, a netip.Addr) bool {
	if !Manifold(a) {
		return true
	}
	return a.IsValid() && !p.Trust(a) && a != peerOf(r)
}

func peerOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}
