// SPDX-License-Identifier: Apache-2.0

package partner

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"
)

// Role is what a key may do.
type Role string

// The roles. An admin may do all an editor may; a publishable key may only read
// what its partner may see.
const (
	Admin       Role = "admin"
	Editor      Role = "editor"
	Publishable Role = "publishable"
)

// Covers reports whether the role may do what needs another role.
func (r Role) Covers(needed Role) bool { return r == needed || (r == Admin && needed == Editor) }

// Prefixes of the two families of secrets.
const (
	SecretPrefix      = "rk_" // editors and admins: Authorization: Bearer
	PublishablePrefix = "pk_" // partner sites: ?key=
)

// MinSecret is the shortest secret accepted after its prefix, in bytes.
const MinSecret = 24

// Key is what is kept of a key: everything but its secret.
type Key struct {
	ID         string     `json:"id"`
	Role       Role       `json:"role"`
	Name       string     `json:"name"`
	Partner    string     `json:"partner,omitempty"` // of a publishable key
	Created    time.Time  `json:"created"`
	LastUsedAt string     `json:"lastUsedAt,omitempty"` // a day: 2006-01-02
	Revoked    *time.Time `json:"revoked,omitempty"`
}

// NewSecret makes a secret of 192 random bits with a prefix.
func NewSecret(prefix string) string {
	var b [24]byte
	rand.Read(b[:]) // never fails, since Go 1.24
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// Hash is the name a secret is kept under: its SHA-256 in hexadecimal. Secrets
// are random and long, so no slow hash is called for.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// WellFormed reports whether a secret has a known prefix and the length of one.
func WellFormed(secret string) bool {
	for _, prefix := range []string{SecretPrefix, PublishablePrefix} {
		if rest, ok := strings.CutPrefix(secret, prefix); ok {
			return len(rest) >= MinSecret && len(rest) <= 256
		}
	}
	return false
}
