// SPDX-License-Identifier: Apache-2.0

// Package click records that links were followed: it writes clicks to the log
// in batches, and to a spool on disk while the log is slow or away. No address,
// user agent or referrer is part of a click.
package click

import "time"

// Class says who followed a link, as far as one can tell.
type Class string

// The classes.
const (
	Human           Class = "human"
	Preview         Class = "preview"          // a service that draws a preview of the link
	Scanner         Class = "scanner"          // a program that looks at links for their receiver, often dressed as a browser
	Bot             Class = "bot"              // any other program that says so
	PrefetchRefused Class = "prefetch-refused" // a browser that asked ahead of its reader, and was told to come again
	Monitor         Class = "monitor"          // a service that watches whether the link answers
	Unknown         Class = "unknown"          // neither a browser nor a program that says what it is
)

// Classes lists the classes in the order in which they are shown.
func Classes() []Class {
	return []Class{Human, Preview, Scanner, Bot, PrefetchRefused, Monitor, Unknown}
}

// Click is one visit of a short link.
type Click struct {
	Code     string    `json:"code"`
	Article  string    `json:"article"`
	Language string    `json:"language,omitempty"` // of the edition that the reader was sent to; none: none was
	Wanted   string    `json:"wanted,omitempty"`   // the language the reader would have liked best; none: not said
	Partner  string    `json:"partner,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Class    Class     `json:"class"`
	Hour     time.Time `json:"hour"`              // UTC, to the hour
	Visitor  string    `json:"visitor,omitempty"` // tells one visitor of a link and day from another; none: not to be told
}

// Batch is what one message of the log holds. A writer numbers its batches from
// 1, so that one that comes twice is known, however late.
type Batch struct {
	Writer string  `json:"writer"` // random, new with every start of a process
	Number uint64  `json:"number"`
	Clicks []Click `json:"clicks"`
}
