// SPDX-License-Identifier: Apache-2.0

package fetch

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const maxURL = 2048

// parseURL takes an absolute http or https URL without user info on one of the
// ports; its fragment is left out.
func parseURL(rawURL string, ports func(string) bool) (*url.URL, error) {
	if len(rawURL) > maxURL {
		return nil, refused("must have at most 2048 characters", nil)
	}
	u, err := url.Parse(rawURL)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		return nil, refused("must be an absolute http or https URL", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, refused("must be an http or https URL", nil)
	case u.User != nil:
		return nil, refused("must not carry a user name or password", nil)
	case !ports(u.Port()) || strings.HasSuffix(u.Host, ":"):
		return nil, refused("must be on port 80, 443, 8080 or 8443", nil)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// wellKnown reports whether a port is one that sites are served on: it keeps a
// URL from speaking to mail, databases and whatever else has a public address.
func wellKnown(port string) bool {
	switch port {
	case "", "80", "443", "8080", "8443":
		return true
	}
	return false
}

func hostname(u *url.URL) string { return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") }

// nameOfHost reports whether a host that is no address in its usual form is a
// name: it has a dot, does not end in a number as the other ways to write an
// IPv4 address do (URL Standard, "ends in a number checker"), and is not under
// a domain that is local by definition (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
func nameOfHost(host string) bool {
	if strings.ContainsAny(host, " \t\r\n%\\/:@[]<>^|`\"{}") {
		return false
	}
	i := strings.LastIndexByte(host, '.')
	if i < 1 || len(host) > 253 {
		return false
	}
	last := host[i+1:]
	switch last {
	case "", "localhost", "local", "internal", "test", "invalid", "onion", "alt", "arpa", "lan", "localdomain":
		return false
	}
	hex, isHex := strings.CutPrefix(last, "0x")
	return strings.Trim(last, "0123456789") != "" && (!isHex || strings.Trim(hex, "0123456789abcdef") != "")
}

// special4 and special6 are the blocks of the IANA special-purpose address
// registries (RFC 6890) that are not for the public internet, multicast, and
// one address that a cloud uses for itself.
func special4() []netip.Prefix {
	return prefixes(
		"0.0.0.0/8",        // this network, RFC 791
		"10.0.0.0/8",       // private, RFC 1918
		"100.64.0.0/10",    // carrier-grade NAT, RFC 6598
		"127.0.0.0/8",      // loopback, RFC 1122
		"168.63.129.16/32", // the platform of Azure
		"169.254.0.0/16",   // link-local, RFC 3927; the metadata of most clouds
		"172.16.0.0/12",    // private, RFC 1918
		"192.0.0.0/24",     // protocol assignments, RFC 6890
		"192.0.2.0/24",     // documentation, RFC 5737
		"192.88.99.0/24",   // 6to4 relays, RFC 7526
		"192.168.0.0/16",   // private, RFC 1918
		"198.18.0.0/15",    // benchmarks, RFC 2544
		"198.51.100.0/24",  // documentation, RFC 5737
		"203.0.113.0/24",   // documentation, RFC 5737
		"224.0.0.0/4",      // multicast, RFC 5771
		"240.0.0.0/4",      // reserved, RFC 1112, and broadcast
	)
}

func special6() []netip.Prefix {
	return prefixes(
		"2001::/23",     // protocol assignments, RFC 2928: Teredo, benchmarks, ORCHID
		"2001:db8::/32", // documentation, RFC 3849
		"2002::/16",     // 6to4, RFC 3056
		"3fff::/20",     // documentation, RFC 9637
	)
}

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// public reports whether an address belongs to the public internet. Of IPv6
// that is global unicast (2000::/3) without its special blocks; of the forms
// that embed an IPv4 address, mapped ones, those of NAT64 (RFC 6052) and of
// ISATAP are what they embed; 6to4, Teredo and IPv4-compatible ones are not.
func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return !within(a, special4())
	}
	b := a.As16()
	embedded := netip.AddrFrom4([4]byte(b[12:]))
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a):
		return public(embedded)
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe && !public(embedded):
		return false
	}
	return netip.MustParsePrefix("2000::/3").Contains(a) && !within(a, special6())
}

func within(a netip.Addr, blocks []netip.Prefix) bool {
	for _, p := range blocks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
