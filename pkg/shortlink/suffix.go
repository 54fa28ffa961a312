// SPDX-License-Identifier: Apache-2.0

package shortlink

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"regexp"
	"strings"
)

// Placement is where a link was put: at a partner, in a channel. Both may be empty.
type Placement struct{ Partner, Channel string }

// checkLength is the length of a suffix's check, in symbols of five bits.
const checkLength = 4

// maxSuffix is more than any suffix has: a partner of 128, a channel of 32.
const maxSuffix = 200

var channelPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// ValidChannel reports whether s may name a channel: [a-z0-9][a-z0-9-]{0,31}.
func ValidChannel(s string) bool { return channelPattern.MatchString(s) }

// Signer makes and checks suffixes, so that a partner or channel is credited
// only for links that were given to it.
type Signer struct{ secret []byte }

// NewSigner returns a signer with the deployment's secret.
func NewSigner(secret []byte) Signer { return Signer{secret} }

// Suffix is what follows a code in a link with a placement:
// .channel.check or .partner.channel.check. A placement needs a channel.
func (s Signer) Suffix(code string, p Placement) string {
	if p.Channel == "" {
		return ""
	}
	out := "." + p.Channel + "." + s.sum(code, p)
	if p.Partner != "" {
		out = "." + p.Partner + out
	}
	return out
}

// Split takes a link's last path segment apart, <code>[~v<digits>][.<suffix>]:
// the code as it was typed, and the placement when its check is right. A wrong or
// missing check credits nobody. Upper case is as good as lower, for QR codes have
// no other. The version mark says nothing: it makes an address that services
// which keep previews have not seen yet. fold gives a code its one spelling.
func (s Signer) Split(segment string, fold func(string) string) (code string, p Placement) {
	code, suffix, ok := strings.Cut(segment, ".")
	code = unmarked(code)
	if !ok || len(suffix) > maxSuffix {
		return code, Placement{}
	}
	parts := strings.SplitN(strings.ToLower(suffix), ".", 4)
	switch len(parts) {
	case 2:
		p = Placement{Channel: parts[0]}
	case 3:
		p = Placement{Partner: parts[0], Channel: parts[1]}
	default:
		return code, Placement{}
	}
	given := strings.ToUpper(parts[len(parts)-1])
	if p.Channel == "" || subtle.ConstantTimeCompare([]byte(given), []byte(s.sum(fold(code), p))) != 1 {
		return code, Placement{}
	}
	return code, p
}

// unmarked is a code without its version mark.
func unmarked(code string) string {
	before, mark, ok := strings.Cut(code, "~")
	if !ok || len(mark) < 2 || mark[0]|0x20 != 'v' || strings.Trim(mark[1:], "0123456789") != "" {
		return code
	}
	return before
}

func (s Signer) sum(code string, p Placement) string {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte(code + "|" + p.Partner + "|" + p.Channel))
	values := make([]int, 0, checkLength)
	for _, b := range mac.Sum(nil)[:checkLength] {
		values = append(values, int(b&31))
	}
	return spell(values)
}
