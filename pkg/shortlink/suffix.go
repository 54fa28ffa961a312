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

// Split takes a link's last path segment apart: the code as it was typed, and
// the placement when its check is right. A wrong or missing check credits nobody.
func (s Signer) Split(segment string, fold func(string) string) (code string, p Placement) {
	parts := strings.Split(segment, ".")
	code = parts[0]
	switch len(parts) {
	case 3:
		p = Placement{Channel: parts[1]}
	case 4:
		p = Placement{Partner: parts[1], Channel: parts[2]}
	default:
		return code, Placement{}
	}
	given := strings.ToUpper(parts[len(parts)-1])
	if subtle.ConstantTimeCompare([]byte(given), []byte(s.sum(fold(code), p))) != 1 {
		return code, Placement{}
	}
	return code, p
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
