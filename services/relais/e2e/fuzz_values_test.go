// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// fuzzHostile are texts that programs trip over.
var fuzzHostile = []string{
	"", " ", "0", "-1", "null", "é", "’", "\x00", "\xff\xfe", "\u202e", "a\r\nX-Injected: 1", "../../etc/passwd", "%00", "%2e%2e%2f", "*", "{id}", "<script>", "'\"`", "\\", "𝕏𝕏", "9223372036854775808",
	"2026-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999+14:00", "zh-Hant-CN-x-private", "i-klingon", "fr_FR", "http://[::1]:0/", "javascript:alert(1)", "« », “ ” \"", "-- -- --", "((((((", "e\u0301\u0301\u0301\u0301",
	strings.Repeat("a", 600), strings.Repeat("mot ", 200), strings.Repeat("é", 301), strings.Repeat("[", 2000), strings.Repeat(`{"a":`, 2000),
}

// fuzzer makes values out of schemas; text is what it puts where it is hostile.
type fuzzer struct {
	rand *rand.Rand
	text string
	key  string
	keep bool // what the other requests need is not to be named: it would be gone
}

// once is true once in n times.
func (g *fuzzer) once(n int) bool { return g.rand.IntN(n) == 0 }

func (g *fuzzer) pick(values ...string) string { return values[g.rand.IntN(len(values))] }

// name is what a parameter of a path may be.
func (g *fuzzer) name(parameter string) string {
	if g.once(6) {
		return strings.ReplaceAll(g.text, "/", "|") // with a slash it would be another path
	}
	if g.keep {
		return "made-" + strconv.Itoa(g.rand.IntN(20))
	}
	switch parameter {
	case "lang":
		return g.pick("fr", "en", "FR", "zh-Hant", "x")
	case "code":
		return g.pick("public", "PUBLIC", "public+", "public.svg", "public.png", "public~v2", "public.p.mail.AAAA", "2222222")
	case "feed":
		return g.pick("fr.rss", "fr.atom", "en.json", "fr.ninjs", "fr.sitemap", "fr.x", "rss")
	case "asset", "file":
		return g.pick("v1.js", "v1.0.js", "editor.js", "editor.css", "kit.js")
	case "kind":
		return g.pick("not-found", "malformed", "x")
	}
	return g.pick("public", "p", "made-"+strconv.Itoa(g.rand.IntN(20)))
}

// plain is a value of a schema as text.
func (g *fuzzer) plain(s *openapi3.Schema) string {
	v := g.value(s, 0)
	if text, ok := v.(string); ok {
		return text
	}
	b, _ := json.Marshal(v) // of what value makes: no error
	return strings.Trim(string(b), "[]")
}

// sent is the body of an operation, and its Content-Type.
func (g *fuzzer) sent(op *fuzzOperation, header http.Header) string {
	if op.body == nil {
		return ""
	}
	types := slices.Sorted(maps.Keys(op.body.Content))
	mediaType := g.pick(types...)
	header.Set("Content-Type", mediaType)
	if g.once(20) {
		header.Set("Content-Type", g.pick("application/json; charset=latin1", "multipart/form-data", "", "text/plain;;", "application/x-www-form-urlencoded"))
	}
	if g.once(12) {
		return g.text
	}
	schema := op.body.Content[mediaType].Schema.Value
	if op.method == http.MethodPatch && len(schema.Properties) == 0 || len(schema.Properties)+len(schema.AllOf) == 0 && strings.HasSuffix(mediaType, "json") {
		if edition, ok := op.body.Content["application/json"]; ok && len(edition.Schema.Value.AllOf) > 0 {
			schema = edition.Schema.Value
		}
	}
	if !strings.HasSuffix(mediaType, "json") {
		return g.pick("Un titre\n\nUn corps.", "---\nid: made-1\nlanguage: fr\n---\n# Un titre\n", "<h1>Un titre</h1><p>Un corps.", "article,code\npublic,made\n", "<rss><channel><item><title>x", g.text)
	}
	b, err := json.Marshal(g.value(schema, 0))
	if err != nil {
		return g.text
	}
	if g.once(20) {
		return string(b[:g.rand.IntN(len(b)+1)])
	}
	return string(b)
}

// value is one of a schema, or now and then one of none.
func (g *fuzzer) value(s *openapi3.Schema, depth int) any {
	if g.once(12) || depth > 6 {
		return []any{nil, true, -1, 1e300, "", g.text, []any{}, map[string]any{}, []any{nil}, map[string]any{g.text: g.text}}[g.rand.IntN(10)]
	}
	switch {
	case len(s.Enum) > 0:
		return s.Enum[g.rand.IntN(len(s.Enum))]
	case len(s.OneOf) > 0:
		return g.value(s.OneOf[g.rand.IntN(len(s.OneOf))].Value, depth+1)
	case s.Type.Includes(openapi3.TypeObject) || len(s.AllOf) > 0:
		return g.object(s, depth)
	case s.Type.Includes(openapi3.TypeArray):
		out := []any{}
		for range g.rand.IntN(4) {
			out = append(out, g.value(s.Items.Value, depth+1))
		}
		return out
	case s.Type.Includes(openapi3.TypeInteger), s.Type.Includes(openapi3.TypeNumber):
		return []any{0, 1, 2, 10, 50, 51, 100, 500, 2026, -1, 1 << 40, 1.5}[g.rand.IntN(12)]
	case s.Type.Includes(openapi3.TypeBoolean):
		return g.once(2)
	case s.Format == "date-time":
		return g.pick("2026-01-02T03:04:05Z", "2999-01-01T00:00:00+02:00", "2001-01-01T00:00:00.123456789Z", g.text)
	case s.Format == "date":
		return g.pick("2026-01-02", "2026-02-30", "1970-01-01", g.text)
	}
	return g.pick("public", "p", "fr", "en", "made-"+strconv.Itoa(g.rand.IntN(20)), "Un titre", "https://newsroom.example/a", "titre", "day,channel", "section,person", "searchable", "mail", "2026-01-02", g.text, g.text)
}

func (g *fuzzer) object(s *openapi3.Schema, depth int) map[string]any {
	out := map[string]any{}
	for _, part := range s.AllOf {
		if made, ok := g.value(part.Value, depth+1).(map[string]any); ok {
			maps.Copy(out, made)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if slices.Contains(s.Required, name) || g.once(3) {
			out[name] = g.value(s.Properties[name].Value, depth+1)
		}
	}
	if g.once(20) {
		out[g.text] = g.text
	}
	return out
}
