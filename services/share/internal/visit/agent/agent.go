// SPDX-License-Identifier: Apache-2.0

// Package agent says what kind of program a user agent string belongs to. It
// believes what programs say of themselves; those dressed as a browser are for
// others to find out.
//
// Programs are known by the lists in lists.go and by crawler-user-agents 1.60.0
// (https://github.com/monperrus/crawler-user-agents, MIT License, see
// crawler-user-agents.LICENSE), whose file is embedded unchanged.
package agent

import (
	_ "embed" // for the list of crawlers
	"strings"

	"github.com/relais-press/relais/services/share/internal/click"
)

//go:embed crawler-user-agents.json
var crawlers []byte

// MaxLength is how much of a user agent is looked at, in bytes: the longest
// that apps send have some 600.
const MaxLength = 2048

// Kind is what a program is by its own words.
type Kind uint8

// The kinds.
const (
	Unknown Kind = iota // neither of the others, or nothing said
	Browser             // what people read with, in-app browsers among them
	Preview             // draws previews of links for chats and timelines
	Monitor             // watches whether a site answers
	Scanner             // looks at links and sites for safety
	Office              // asks for a link that its user follows, just before it hands it to the browser
	Bot                 // any other program
)

// Class is the class that visits of a kind are counted under.
func (k Kind) Class() click.Class {
	switch k {
	case Browser:
		return click.Human
	case Preview:
		return click.Preview
	case Monitor:
		return click.Monitor
	case Scanner:
		return click.Scanner
	case Office, Bot:
		return click.Bot
	}
	return click.Unknown
}

// Table knows programs by their user agents. It is safe for concurrent use.
type Table struct {
	index *index
}

// New returns the table of everything that is listed.
func New() (*Table, error) {
	x := &index{}
	for rank, l := range lists() {
		for _, literal := range l.literals {
			if err := x.add(rule{literal: literal, kind: l.kind, rank: uint8(rank)}); err != nil {
				return nil, err
			}
		}
	}
	return &Table{x}, x.addCrawlers(crawlers, uint8(len(lists()))) //nolint:gosec // G115: a handful of lists
}

// Kind says whose user agent this is. In this order: the lists of lists.go,
// the list of crawlers, words by which programs that are on no list give
// themselves away, and then "Mozilla/" for browsers. Only the first MaxLength
// bytes are looked at, and nothing is kept.
func (t *Table) Kind(userAgent string) Kind {
	userAgent = userAgent[:min(len(userAgent), MaxLength)]
	if r := t.index.find(userAgent); r != nil {
		return r.kind
	}
	switch {
	case ownWords(userAgent):
		return Bot
	case strings.HasPrefix(userAgent, "Mozilla/"):
		return Browser
	}
	return Unknown
}

// ownWords reports whether a user agent that is on no list reads like a
// program's: by an address to write to, or by its name.
func ownWords(userAgent string) bool {
	s := strings.ToLower(userAgent)
	for _, word := range []string{"+http", "crawl", "spider", "scrape"} {
		if strings.Contains(s, word) {
			return true
		}
	}
	for {
		before, after, found := strings.Cut(s, "bot")
		if !found {
			return false
		}
		inWord := after != "" && 'a' <= after[0] && after[0] <= 'z'
		if !inWord && !strings.HasSuffix(before, "cu") { // Cubot makes telephones
			return true
		}
		s = after
	}
}
