// SPDX-License-Identifier: Apache-2.0

// Package link keeps short links: which article a code is for, and where the
// link was put. A link never holds a destination.
//
// One record makes a link. A made code follows from what the link is for and from
// the number of an attempt, which moves on while the code is offensive, taken by
// something else, or that of a deleted link: of many who ask for the same link at
// once, all try the same codes in the same order, and one creates the record. An
// article's default link has a second record, by which other services find its
// code.
//
// Links are read when they are asked for and held in memory from then on; the
// log tells of each change, so that what is held is never older than the log's
// last word, and goes on being served while the log is away.
package link

import (
	"fmt"
	"strings"
	"time"
	"unique"

	"github.com/relais-press/relais/pkg/shortlink"
)

// Link is a short address for an article.
type Link struct {
	Code      string     `json:"code"`
	Article   string     `json:"article"`
	Language  string     `json:"language,omitempty"` // pinned; none: the reader's
	Partner   string     `json:"partner,omitempty"`
	Channel   string     `json:"channel,omitempty"`
	Campaign  string     `json:"campaign,omitempty"`
	Created   time.Time  `json:"created"`             // UTC, to the millisecond, as Expires is
	CreatedBy string     `json:"createdBy,omitempty"` // id of a key
	Expires   *time.Time `json:"expires,omitempty"`
	Disabled  bool       `json:"disabled,omitempty"`
	Deleted   bool       `json:"deleted,omitempty"` // its code is never used again
	Default   bool       `json:"default,omitempty"` // made with the article, for the widget and for pages that lead to it
}

// purpose spells what a link is for; two links for the same have the same purpose.
func (l *Link) purpose() string {
	var out strings.Builder
	for _, part := range []string{l.Article, l.Language, l.Partner, l.Channel, l.Campaign} {
		fmt.Fprintf(&out, "%d:%s", len(part), part)
	}
	if l.Default {
		out.WriteString("default")
	}
	return out.String()
}

// normalize brings the times of a link to what a cached link can hold.
func (l *Link) normalize() {
	l.Created = l.Created.UTC().Truncate(time.Millisecond)
	if l.Expires != nil {
		at := l.Expires.UTC().Truncate(time.Millisecond)
		l.Expires = &at
	}
}

// Fold is the one spelling of a code: a made code's canonical form, else the
// custom code in lower case. mistyped says that a made code was meant.
func Fold(code string) (folded string, mistyped bool) {
	made, ok, mistyped := shortlink.Fold(code)
	if ok {
		return made, false
	}
	return strings.ToLower(code), mistyped
}

// maxCode is the length of the longest code, in bytes.
const maxCode = 64

// ValidCustom reports whether s may be a link's custom code: [a-z0-9][a-z0-9-]{2,63}.
func ValidCustom(s string) bool {
	if len(s) < 3 || len(s) > maxCode || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ValidTaken reports whether s may be a code that another service made and a link
// takes over: [a-z0-9_][a-z0-9_-]{0,63}.
func ValidTaken(s string) bool {
	if s == "" || len(s) > maxCode || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// packed is a link as the cache holds it, without its code, which is the key.
// Its texts are shared with every other link that has them.
type packed struct {
	article, language, partner, channel, campaign, createdBy unique.Handle[string]

	created, expires             int64 // Unix milliseconds; expires 0: never
	disabled, deleted, isDefault bool
}

func pack(l *Link) packed {
	p := packed{
		article: unique.Make(l.Article), language: unique.Make(l.Language), partner: unique.Make(l.Partner),
		channel: unique.Make(l.Channel), campaign: unique.Make(l.Campaign), createdBy: unique.Make(l.CreatedBy),
		created: l.Created.UnixMilli(), disabled: l.Disabled, deleted: l.Deleted, isDefault: l.Default,
	}
	if l.Expires != nil {
		p.expires = l.Expires.UnixMilli()
	}
	return p
}

func (p *packed) link(code string) Link {
	l := Link{
		Code: code, Article: p.article.Value(), Language: p.language.Value(), Partner: p.partner.Value(),
		Channel: p.channel.Value(), Campaign: p.campaign.Value(), CreatedBy: p.createdBy.Value(),
		Created: time.UnixMilli(p.created).UTC(), Disabled: p.disabled, Deleted: p.deleted, Default: p.isDefault,
	}
	if p.expires != 0 {
		at := time.UnixMilli(p.expires).UTC()
		l.Expires = &at
	}
	return l
}
