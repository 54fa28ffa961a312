// SPDX-License-Identifier: Apache-2.0

// Package catalog knows which editions a partner may show now, in which order
// they were published, and which of them have gone: a projection of the log, in
// memory, without the texts. Feeds, content and changes are made from it.
package catalog

import (
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// Entry is an edition as a partner may show it.
type Entry struct {
	// Edition is without its texts (bodyHtml, bodyText) where it comes from the
	// catalog alone, and without what is for editors (edNote, audience).
	Edition article.Edition
	// URL is where the partner's readers find it; empty: nowhere.
	URL string
	// Translations are the editions of the article that the partner may show, this
	// one among them, the original first.
	Translations []Translation
}

// Translation is one edition of an article among its others.
type Translation struct {
	Language string
	URL      string // may be empty
	Version  int
	Original bool
	Stale    bool // the original has moved on since it was made
}

// Tombstone says that an edition that a partner may have shown must be shown no
// more (RFC 6721). It tells nothing of editions that the partner never could see.
type Tombstone struct {
	ID, Language string
	Version      int
	PubStatus    article.PubStatus // withheld or canceled
	At           time.Time
	Cancellation *article.Cancellation // of a canceled one
}
