// SPDX-License-Identifier: Apache-2.0

// Package bar makes what a share bar shows: for each network a label in the
// reader's language and the address that opens it with an article's headline
// and short link filled in. The addresses are plain links: no script of any
// network is loaded, and nobody is told before the reader follows one.
package bar

import (
	"net/url"
	"strings"
)

// The networks, in the order in which a bar shows them. Each is also the name of
// the channel that its link carries.
const (
	LinkedIn = "linkedin"
	X        = "x"
	Facebook = "facebook"
	WhatsApp = "whatsapp"
	Telegram = "telegram"
	Mastodon = "mastodon"
	Bluesky  = "bluesky"
	Threads  = "threads"
	Reddit   = "reddit"
	Mail     = "mail"
	SMS      = "sms"
	Copy     = "copy"   // the page copies the link
	Native   = "native" // the page hands the link to navigator.share
)

// Networks lists the networks in the order in which a bar shows them.
func Networks() []string {
	return []string{LinkedIn, X, Facebook, WhatsApp, Telegram, Mastodon, Bluesky, Threads, Reddit, Mail, SMS, Copy, Native}
}

// Subject is what is shared, as plain text. Line breaks become spaces, other
// control characters are dropped.
type Subject struct{ Headline, Description string }

// Target is one place to share to.
type Target struct {
	Network string `json:"network"`
	Label   string `json:"label"` // what the control does, in the reader's language
	Href    string `json:"href"`
}

// Targets returns a target for each of Networks. urlFor returns the short link
// that carries a channel; it is called once for each network. lang is the
// reader's language (BCP 47); where the bar does not speak it, labels are in
// English.
//
// A headline too long for a network is cut, between words where there are any
// and never inside a character that the reader sees, and ends in "…". Values
// are percent-encoded throughout, a space as %20: mail and SMS programs take a
// plus sign for one (RFC 6068 §5). Copy and native have the bare short link.
func Targets(s Subject, urlFor func(channel string) string, lang string) []Target {
	s = Subject{Headline: clean(s.Headline), Description: clean(s.Description)}
	words := wordsIn(lang)
	targets := make([]Target, 0, len(Networks()))
	for _, network := range Networks() {
		targets = append(targets, Target{Network: network, Label: words.label(network), Href: href(network, s, urlFor(network))})
	}
	return targets
}

// href returns the address that opens a network with the text filled in.
func href(network string, s Subject, link string) string {
	text := escape(textFor(network, s.Headline, link))
	u := escape(link)
	switch network {
	case LinkedIn: // takes all else from the page
		return "https://www.linkedin.com/sharing/share-offsite/?url=" + u
	case X:
		return "https://x.com/intent/tweet?text=" + text + "&url=" + u
	case Facebook: // takes all else from the page
		return "https://www.facebook.com/sharer/sharer.php?u=" + u
	case WhatsApp:
		return "https://wa.me/?text=" + text
	case Telegram:
		return "https://t.me/share/url?url=" + u + "&text=" + text
	case Mastodon: // in the fragment, which never leaves the browser
		return "https://share.joinmastodon.org/#text=" + text
	case Bluesky:
		return "https://bsky.app/intent/compose?text=" + text
	case Threads:
		return "https://www.threads.com/intent/post?text=" + text + "&url=" + u
	case Reddit:
		return "https://www.reddit.com/submit?url=" + u + "&title=" + text
	case Mail:
		return mail(s, link)
	case SMS: // Android reads what follows "?", iOS what follows "&"
		return "sms:?&body=" + text
	default:
		return link
	}
}

// The length of a whole mailto address that every mail program is known to
// take, what of it a subject may have, and what is too little for a description.
const (
	mailLimit        = 2000
	mailSubjectLimit = 1200
	mailLeast        = 60
)

// mail returns a mailto address (RFC 6068): the headline as the subject, the
// description where there is room for it, and the link, on lines that end in
// CRLF.
func mail(s Subject, link string) string {
	const lines = "\r\n\r\n"
	subject := shorten(s.Headline, mailSubjectLimit, encodedLength)
	out := "mailto:?subject=" + escape(subject) + "&body="
	room := mailLimit - len(out) - encodedLength(lines+link)
	if room >= mailLeast && s.Description != "" {
		out += escape(shorten(s.Description, room, encodedLength) + lines)
	}
	return out + escape(link)
}

// escape percent-encodes all but unreserved characters (RFC 3986 §2.3).
func escape(s string) string {
	// PathEscape keeps some reserved characters, QueryEscape writes a space as a plus.
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func encodedLength(s string) int { return len(escape(s)) }
