// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/content"
)

// change is one edition on the wire.
type change struct {
	ID           string                `json:"id"`
	Language     string                `json:"language"`
	Version      int                   `json:"version"`
	PubStatus    article.PubStatus     `json:"pubStatus"` // usable: there is an edition
	At           time.Time             `json:"at"`        // since when it stands so
	Edition      *content.Edition      `json:"edition,omitempty"`
	Corrections  []correction          `json:"corrections,omitempty"` // oldest first
	Cancellation *article.Cancellation `json:"cancellation,omitempty"`
}

type correction struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Note    string    `json:"note"`
}

// shown is an edition that may be shown. What was read may be a newer version than
// the catalog has.
func shown(c *catalog.Change, whole catalog.Entry) (json.RawMessage, error) {
	e := content.NewEdition(whole)
	out := change{ID: e.ID, Language: e.Language, Version: e.Version, PubStatus: article.Usable, At: c.At, Edition: &e}
	for _, k := range c.Corrections {
		out.Corrections = append(out.Corrections, correction{k.Version, k.At.UTC(), k.Note})
	}
	if e.Version > c.Entry.Edition.Version {
		out.At = whole.Edition.Modified()
		if e.Correction != "" {
			out.Corrections = append(out.Corrections, correction{e.Version, out.At, e.Correction})
		}
	}
	return marshal(out)
}

// gone is an edition that must be shown no more.
func gone(c *catalog.Change) (json.RawMessage, error) {
	t := c.Tombstone
	return marshal(change{ID: t.ID, Language: t.Language, Version: t.Version, PubStatus: t.PubStatus, At: t.At, Cancellation: t.Cancellation})
}

func marshal(c change) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, fmt.Errorf("encode change of %s.%s: %w", c.ID, c.Language, err)
	}
	return b.Bytes(), nil
}
