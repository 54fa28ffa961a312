// SPDX-License-Identifier: Apache-2.0

package glossary_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/glossary"
)

func TestTheStarterIsValid(t *testing.T) {
	d, err := glossary.Starter()
	if err != nil {
		t.Fatal(err)
	}
	if fields := d.Validate(); len(fields) > 0 {
		t.Errorf("the starter breaks its rules: %v", fields)
	}
	if len(d.Concepts) == 0 {
		t.Error("the starter is empty")
	}
}

func TestValidateNamesWhatIsWrong(t *testing.T) {
	term := func(s string) string { return `[{"id": "a", "terms": {"fr": [` + s + `]}}]` }
	for _, tc := range []struct {
		name, concepts string
		want           []string // pointers
	}{
		{"good", `[{"id": "a", "terms": {"fr": ["avocat"], "en": ["lawyer"]}}]`, nil},
		{"none at all", `[]`, nil},
		{"null", `null`, []string{"/concepts"}},
		{"no id", `[{"terms": {"fr": ["avocat"]}}]`, []string{"/concepts/0/id"}},
		{"one id twice", `[{"id": "a", "terms": {"fr": ["x"]}}, {"id": "a", "terms": {"fr": ["y"]}}]`, []string{"/concepts/1/id"}},
		{"no terms", `[{"id": "a", "terms": {}}]`, []string{"/concepts/0/terms"}},
		{"no language", `[{"id": "a", "terms": {"x/y": ["avocat"]}}]`, []string{"/concepts/0/terms/x~1y"}},
		{"a variant of a language", `[{"id": "a", "terms": {"fr-CA": ["avocat"]}}]`, []string{"/concepts/0/terms/fr-CA"}},
		{"a language in capitals", `[{"id": "a", "terms": {"FR": ["avocat"]}}]`, []string{"/concepts/0/terms/FR"}},
		{"no term", term(``), []string{"/concepts/0/terms/fr"}},
		{"nine terms", term(strings.Repeat(`"a",`, 8) + `"a"`), []string{"/concepts/0/terms/fr"}},
		{"an empty term", term(`"a", " "`), []string{"/concepts/0/terms/fr/1"}},
		{"a term without a word", term(`"?!"`), []string{"/concepts/0/terms/fr/0"}},
		{"a long term", term(`"` + strings.Repeat("é", 101) + `"`), []string{"/concepts/0/terms/fr/0"}},
		{"quotes", term(`"\"avocat\""`), []string{"/concepts/0/terms/fr/0"}},
		{"a hyphen in front", term(`"-avocat"`), []string{"/concepts/0/terms/fr/0"}},
		{"a hyphen inside", term(`"garde-fou"`), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var d glossary.Document
			if err := json.Unmarshal([]byte(`{"concepts": `+tc.concepts+`}`), &d); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range d.Validate() {
				got = append(got, f.Pointer)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("pointers %q, want %q", got, tc.want)
			}
		})
	}
	d := glossary.Document{Concepts: make([]glossary.Concept, glossary.MaxConcepts+1)}
	if fields := d.Validate(); len(fields) != 1 || fields[0].Pointer != "/concepts" {
		t.Errorf("too many concepts: %v", fields)
	}
}
