// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// attributesOf lists the attributes that an element may have, in the order in
// which they are written.
func attributesOf(name string) []string {
	switch name {
	case "a":
		return []string{"href", "rel"}
	case "img":
		return []string{"src", "alt", "width", "height"}
	case "ol":
		return []string{"start"}
	case "td":
		return []string{"colspan", "rowspan"}
	case "th":
		return []string{"scope", "colspan", "rowspan"}
	case "abbr":
		return []string{"title"}
	case "time":
		return []string{"datetime"}
	case "span":
		return []string{"lang", "dir"}
	}
	return nil
}

// maxAttributes is how many attributes of one tag are looked at.
const maxAttributes = 100

// attributes reads those attributes of the tag under the tokenizer that its
// element may have; of two with one name the first counts.
func attributes(z *html.Tokenizer, name string, more bool) []html.Attribute {
	allowed := attributesOf(name)
	if len(allowed) == 0 {
		return nil
	}
	var attrs []html.Attribute
	for n := 0; more && n < maxAttributes; n++ {
		var key, value []byte
		key, value, more = z.TagAttr()
		if i := slices.Index(allowed, string(key)); i >= 0 && !slices.ContainsFunc(attrs, func(a html.Attribute) bool { return a.Key == allowed[i] }) {
			attrs = append(attrs, html.Attribute{Key: allowed[i], Val: string(value)})
		}
	}
	return attrs
}

// cleanAttributes returns the attributes of an element as they are written, or
// false where the element makes no sense without one that is missing.
func cleanAttributes(name string, attrs []html.Attribute) (string, bool) {
	var b strings.Builder
	written := false
	for _, key := range attributesOf(name) {
		value := ""
		if i := slices.IndexFunc(attrs, func(a html.Attribute) bool { return a.Key == key }); i >= 0 {
			value = cleanValue(key, attrs[i].Val)
		}
		switch key {
		case "href", "src":
			if value == "" {
				return "", false
			}
		case "rel":
			value = rel(value)
		}
		if value != "" || key == "alt" {
			written = true
			b.WriteString(" " + key + `="` + strings.ReplaceAll(escapeText(value), `"`, "&#34;") + `"`)
		}
	}
	return b.String(), written || name != "span"
}

// cleanValue returns the value of an attribute, or nothing if it may not have it.
func cleanValue(key, value string) string {
	if key == "href" || key == "src" {
		return cleanURL(value, key == "href")
	}
	value = plain.NormalizeLine(value)
	ok := true
	switch key {
	case "width", "height", "start":
		ok = len(value) <= 5 && only(value, "0123456789")
	case "colspan", "rowspan":
		ok = len(value) <= 2 && only(value, "0123456789")
	case "scope":
		ok = slices.Contains([]string{"row", "col", "rowgroup", "colgroup"}, value)
	case "datetime":
		ok = len(value) <= 40 && only(value, "0123456789TZPWDHMS:.+ -")
	case "dir":
		ok = slices.Contains([]string{"ltr", "rtl", "auto"}, value)
	case "lang":
		ok = languageTag(value)
	}
	if !ok {
		return ""
	}
	return value
}

func only(s, set string) bool { return strings.Trim(s, set) == "" }

// languageTag reports whether s looks like a BCP 47 tag.
func languageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 1 || len(part) > 8 || i == 0 && len(part) < 2 {
			return false
		}
		for _, c := range []byte(part) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// cleanURL returns an absolute http or https URL without user info, or with
// mail a mailto one, in its canonical form; nothing for any other.
func cleanURL(s string, mail bool) string {
	s = strings.TrimSpace(plain.Normalize(s))
	if strings.ContainsAny(s, " \t\n") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	switch {
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil:
	case u.Scheme == "mailto" && mail && u.Opaque != "":
	default:
		return ""
	}
	clean := u.String()
	if again, err := url.Parse(clean); err != nil || again.String() != clean || plain.NormalizeLine(clean) != clean {
		return ""
	}
	return clean
}

func rel(values string) string {
	given := strings.Fields(strings.ToLower(values))
	kept := []string{}
	for _, v := range []string{"nofollow", "sponsored", "ugc", "license", "author", "external"} {
		if slices.Contains(given, v) {
			kept = append(kept, v)
		}
	}
	return strings.Join(append(kept, "noopener"), " ")
}

func escapeText(s string) string { return textEscaper.Replace(s) }

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
