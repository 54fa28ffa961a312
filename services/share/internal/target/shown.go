// SPDX-License-Identifier: Apache-2.0

package target

import (
	"reflect"
	"slices"

	"github.com/relais-press/relais/pkg/article"
)

// Shown are the readers that earlier versions of an edition were public to, as
// editions of their language, audience and section alone. The caller does not
// change them.
func (t *Table) Shown(id, language string) []article.Edition {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h := t.articles[id]
	if h == nil {
		return nil
	}
	var out []article.Edition
	for _, e := range h.shown {
		if e.Language == language {
			out = append(out, e)
		}
	}
	return out
}

// seenBefore adds those who could read the version old before next took its place.
func seenBefore(shown []article.Edition, old, next *article.Edition) []article.Edition {
	from := old.VersionCreated
	if old.EmbargoedUntil != nil && old.EmbargoedUntil.After(from) {
		from = *old.EmbargoedUntil
	}
	expired := old.Expires != nil && !old.Expires.After(from)
	if old.PubStatus != article.Usable || expired || !next.VersionCreated.After(from) {
		return shown
	}
	r := readers(old)
	if slices.ContainsFunc(shown, func(s article.Edition) bool { return reflect.DeepEqual(s, r) }) {
		return shown
	}
	return append(slices.Clone(shown), r)
}

func readers(e *article.Edition) article.Edition {
	return article.Edition{Language: e.Language, Audience: e.Audience, Section: e.Section}
}
