// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/services/search/internal/engine"
)

// maxValue is how long, in bytes, an escaped value may be: a document's id may
// have 511 bytes, a filtered value 468.
const maxValue = 240

// escape writes any text with a-z, 0-9, - and _ alone: every other byte as _ and
// two hexadecimal digits. Different texts stay different, which the server, whose
// filters compare without regard to case and accents, would not see to by itself.
// What would be too long is told by its hash.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	if b.Len() > maxValue {
		sum := sha256.Sum256([]byte(s))
		return hashed + hex.EncodeToString(sum[:])
	}
	return b.String()
}

// hashed starts what stands for a text that is too long.
const hashed = "_sha256-"

func escapes(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, escape(s))
		}
	}
	return out
}

// quote writes a value as the filter language reads it back: it first takes the
// backslash before a quote away, then reads escapes as C does. Control characters
// have no place in a value and are left out.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r < ' ' || r == 0x7f:
		case r == '\\':
			b.WriteString(`\\`)
		case r == '"':
			b.WriteString(`\"`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// oneOf admits any of several values, written as escape does.
func oneOf(field string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(escape(v))
	}
	return field + " IN [" + strings.Join(quoted, ", ") + "]"
}

func noneOf(field string, values []string) string { return "NOT " + oneOf(field, values) }

func yearsOf(years []int) string {
	list := make([]string, len(years))
	for i, y := range years {
		list[i] = strconv.Itoa(y)
	}
	return fieldYear + " IN [" + strings.Join(list, ", ") + "]"
}

// embargoLifted and notExpired decide on moments, of which an edition may have none.
func embargoLifted(now time.Time) string {
	return fmt.Sprintf("(%s NOT EXISTS OR %[1]s <= %d)", fieldEmbargo, now.UnixMilli())
}

func notExpired(now time.Time) string {
	return fmt.Sprintf("(%s NOT EXISTS OR %[1]s > %d)", fieldExpiry, now.UnixMilli())
}

// clauses are the conditions of a filter, all of which are to hold.
type clauses []string

func (c clauses) String() string { return strings.Join(c, " AND ") }

func (c *clauses) add(clause string) { *c = append(*c, clause) }

// lists adds a clause for each list that has values.
func (c *clauses) lists(field string, lists ...[]string) {
	for _, list := range lists {
		if len(list) > 0 {
			c.add(oneOf(field, list))
		}
	}
}

// rights admits the editions that the viewer may see at the query's moment.
func rights(q *engine.Query) clauses {
	c := clauses{fieldUsable + " = true"}
	if !q.Viewer.Editor {
		seen := []string{everyone}
		if q.Viewer.Partner != "" {
			seen = append(seen, audience(q.Viewer.Partner))
		}
		c.add(oneOf(fieldAudience, seen))
	}
	c.add(embargoLifted(q.Now))
	c.add(notExpired(q.Now))
	c.lists(fieldLanguage, q.Viewer.Languages)
	c.lists(fieldSection, q.Viewer.Sections)
	return c
}

// narrowed is the rights and whatever else the query narrows by, but for the
// filters of the facets it counts: those are heeded when its answer is gathered.
func narrowed(q *engine.Query, counted func(facet string) bool) clauses {
	c := rights(q)
	for _, f := range []struct {
		facet, field string
		values       []string
	}{
		{engine.FacetLanguage, fieldLanguage, q.Languages},
		{engine.FacetSection, fieldSection, q.Sections},
		{engine.FacetPerson, fieldPerson, q.People},
		{engine.FacetOrganisation, fieldOrganisation, q.Organisations},
	} {
		if !counted(f.facet) {
			c.lists(f.field, f.values)
		}
	}
	if len(q.Years) > 0 && !counted(engine.FacetYear) {
		c.add(yearsOf(q.Years))
	}
	c.lists(fieldArticle, q.IDs)
	if len(q.NotIDs) > 0 {
		c.add(noneOf(fieldArticle, q.NotIDs))
	}
	if !q.From.IsZero() {
		c.add(fmt.Sprintf("%s >= %d", fieldPublished, q.From.UnixMilli()))
	}
	if !q.To.IsZero() {
		c.add(fmt.Sprintf("%s < %d", fieldPublished, q.To.UnixMilli()))
	}
	return c
}

// unescape reads what escape wrote, but for hashes, which stand for themselves.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b.Write(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
