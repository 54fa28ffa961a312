// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
)

type inner struct {
	Name  string `json:"name"`
	Width int    `json:"width"`
}

type base struct {
	ID string `json:"id"`
}

type shape struct {
	base
	Headline string              `json:"headline"`
	Legal    bool                `json:"legal"`
	Rate     float64             `json:"rate"`
	Tags     []string            `json:"tags"`
	People   []inner             `json:"people"`
	Image    *inner              `json:"image"`
	Expires  *time.Time          `json:"expires"`
	Terms    map[string][]string `json:"terms"`
	hidden   string              //nolint:unused // shows that unexported fields are no part of the shape
}

func TestDecodeJSONNamesWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string // pointers
	}{
		{"empty", ``, []string{""}},
		{"truncated", `{"headline": "a`, []string{""}},
		{"trailing", `{} {}`, []string{""}},
		{"not an object", `[1]`, []string{""}},
		{"null", `null`, []string{""}},
		{"unknown", `{"headlin": "a", "a/b~c": 1}`, []string{"/a~1b~0c", "/headlin"}},
		{"unknown inside", `{"people": [{"name": "a"}, {"nom": "b"}]}`, []string{"/people/1/nom"}},
		{"letter case counts", `{"Headline": "a"}`, []string{"/Headline"}},
		{"unexported", `{"hidden": "a"}`, []string{"/hidden"}},
		{"doubled", `{"headline": "a", "headline": "b"}`, []string{"/headline"}},
		{"string for number", `{"image": {"width": "9"}}`, []string{"/image/width"}},
		{"fraction for whole number", `{"image": {"width": 1.5}}`, []string{"/image/width"}},
		{"number for string", `{"headline": 5, "id": true}`, []string{"/headline", "/id"}},
		{"object for array", `{"tags": {}, "people": "x"}`, []string{"/people", "/tags"}},
		{"array for object", `{"image": []}`, []string{"/image"}},
		{"bad date", `{"expires": "tomorrow"}`, []string{"/expires"}},
		{"date of the wrong type", `{"expires": 12}`, []string{"/expires"}},
		{"invalid UTF-8", "{\"headline\": \"caf\xe9\"}", []string{"/headline"}},
		{"NUL", `{"headline": "a\u0000b"}`, []string{"/headline"}},
		{"array for a map", `{"terms": []}`, []string{"/terms"}},
		{"doubled in a map", `{"terms": {"fr": [], "fr": []}}`, []string{"/terms/fr"}},
		{"wrong inside a map", `{"terms": {"fr": ["a", 1], "a/b": "x"}}`, []string{"/terms/a~1b", "/terms/fr/1"}},
		{"invalid UTF-8 inside a map", "{\"terms\": {\"fr\": [\"caf\xe9\"]}}", []string{"/terms/fr/0"}},
		{"everything at once", `{"x": 1, "headline": 2, "tags": [3]}`, []string{"/headline", "/tags/0", "/x"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var v shape
			err := web.DecodeJSON([]byte(tc.in), &v)
			if !fault.Is(err, fault.Malformed) {
				t.Fatalf("error = %v, want Malformed", err)
			}
			e, _ := errors.AsType[*fault.Error](err)
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Pointer)
			}
			if slices.Sort(got); !slices.Equal(got, tc.want) {
				t.Errorf("pointers = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDecodeJSONAccepts(t *testing.T) {
	var v shape
	in := `{"id": "a", "headline": "L’usager", "legal": true, "rate": 1.5, "tags": ["x"], "people": [{"name": "b", "width": 2}],
		"image": null, "expires": "2026-01-31T08:30:00+01:00"}`
	if err := web.DecodeJSON([]byte(in), &v); err != nil {
		t.Fatal(err)
	}
	if v.ID != "a" || v.Headline != "L’usager" || !v.Legal || v.Rate != 1.5 || v.People[0].Width != 2 || v.Image != nil || v.Expires == nil {
		t.Errorf("decoded %+v", v)
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"headline":"a"}`, `{"people":[{"name":"\ud800"}]}`, "{\"a\":\"\xff\"}", `{"image":{"width":1e9}}`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var v shape
		err := web.DecodeJSON(in, &v)
		if err != nil && !fault.Is(err, fault.Malformed) {
			t.Fatalf("%q: %v", in, err)
		}
		if err == nil && !json.Valid(in) {
			t.Fatalf("%q is not JSON and was accepted", in)
		}
	})
}
