// SPDX-License-Identifier: Apache-2.0

package article_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
)

func TestValidate(t *testing.T) {
	long := strings.Repeat("é", 2001)
	for _, tc := range []struct {
		name  string
		spoil func(*article.Edition)
		want  []string // pointers
	}{
		{"ok", func(*article.Edition) {}, nil},
		{"ok_least", func(e *article.Edition) {
			*e = article.Edition{ID: "a", Language: "fr", SourceLanguage: "fr", PubStatus: article.Usable, Headline: "H", BodyText: "B"}
		}, nil},
		{"ok_headline_of_300_characters", func(e *article.Edition) { e.Headline = strings.Repeat("é", 300) }, nil},
		{"err_all_missing", func(e *article.Edition) { *e = article.Edition{} }, []string{
			"/id", "/language", "/sourceLanguage", "/pubStatus", "/headline", "/bodyText",
		}},
		{"err_id", func(e *article.Edition) { e.ID = "Élan" }, []string{"/id"}},
		{"err_language_case", func(e *article.Edition) { e.Language = "FR" }, []string{"/language"}},
		{"err_source_version", func(e *article.Edition) { e.SourceVersion = -1 }, []string{"/sourceVersion"}},
		{"err_status", func(e *article.Edition) { e.PubStatus = "cancelled" }, []string{"/pubStatus"}},
		{"err_headline_blank", func(e *article.Edition) { e.Headline = " \u00a0\t" }, []string{"/headline"}},
		{"err_headline_long", func(e *article.Edition) { e.Headline = strings.Repeat("é", 301) }, []string{"/headline"}},
		{"err_texts_long", func(e *article.Edition) {
			e.Description, e.Correction, e.Copyright, e.UsageTerms, e.EdNote = long, long, long, long, long
			e.Section = long[:602]
		}, []string{"/description", "/section", "/correction", "/copyrightHolder", "/usageTerms", "/edNote"}},
		{"err_canonical_url", func(e *article.Edition) { e.CanonicalURL = "javascript:alert(1)" }, []string{"/canonicalUrl"}},
		{"err_canonical_url_with_user", func(e *article.Edition) { e.CanonicalURL = "https://a:b@example.org/" }, []string{"/canonicalUrl"}},
		{"err_canonical_url_relative", func(e *article.Edition) { e.CanonicalURL = "//example.org/a" }, []string{"/canonicalUrl"}},
		{"err_canonical_url_long", func(e *article.Edition) {
			e.CanonicalURL = "https://example.org/" + strings.Repeat("a", 2048)
		}, []string{"/canonicalUrl"}},
		{"err_author", func(e *article.Edition) {
			e.Authors = []article.Author{{Name: "A"}, {Name: " ", URL: "mailto:a@example.org"}}
		}, []string{"/authors/1/name", "/authors/1/url"}},
		{"err_person", func(e *article.Edition) {
			e.People = []article.Person{{Name: "", Role: long, Affiliation: long, Rel: "friend"}}
		}, []string{"/people/0/name", "/people/0/role", "/people/0/affiliation", "/people/0/rel"}},
		{"err_lists_in_the_order_of_fields", func(e *article.Edition) {
			e.Organisations, e.Places, e.Keywords = []string{""}, []string{"Lyon", ""}, []string{""}
		}, []string{"/organisations/0", "/places/1", "/keywords/0"}},
		{"err_lists_long", func(e *article.Edition) {
			e.Keywords = slices.Repeat([]string{"k"}, 201)
			e.Authors = slices.Repeat([]article.Author{{Name: "A"}}, 201)
			e.People = slices.Repeat([]article.Person{{Name: "P"}}, 201)
		}, []string{"/authors", "/people", "/keywords"}},
		{"err_event", func(e *article.Edition) {
			e.Event = &article.Event{StartDate: new(at("2024-03-05T08:00:00Z")), EndDate: new(at("2024-03-05T07:00:00Z")), Location: long, URL: "x"}
		}, []string{"/event/name", "/event/location", "/event/url", "/event/endDate"}},
		{"err_image", func(e *article.Edition) { e.Image = &article.Image{Alt: long, Width: -1} }, []string{"/image/url", "/image/alt", "/image"}},
		{"err_audience", func(e *article.Edition) { e.Audience = &article.Audience{Partners: []string{"ok", "No"}} }, []string{"/audience/partners/1"}},
		{"err_cancellation", func(e *article.Edition) {
			e.Cancellation = &article.Cancellation{Reason: long, ReplacedBy: "../x"}
		}, []string{"/cancellation/reason", "/cancellation/replacedBy"}},
		{"err_years", func(e *article.Edition) {
			far := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
			e.DatePublished, e.EmbargoedUntil = time.Date(999, 1, 1, 0, 0, 0, 0, time.UTC), &far
		}, []string{"/datePublished", "/embargoedUntil"}},
		{"err_expires_before_embargo_lifts", func(e *article.Edition) {
			e.EmbargoedUntil, e.Expires = new(at("2024-04-01T06:00:00Z")), new(at("2024-04-01T06:00:00Z"))
		}, []string{"/expires"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := recap()
			tc.spoil(&e)
			var got []string
			for _, v := range e.Validate() {
				if v.Detail == "" {
					t.Errorf("%s says nothing", v.Pointer)
				}
				got = append(got, v.Pointer)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "0": true, "a-b-9": true, strings.Repeat("a", 128): true,
		"": false, "-a": false, "A": false, "é": false, "a.b": false, "a b": false, "a*": false, "a>": false, "a\n": false,
		strings.Repeat("a", 129): false,
	} {
		if got := article.ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %v, want %v", id, got, want)
		}
	}
}

func TestValidLanguage(t *testing.T) {
	for tag, want := range map[string]bool{
		"fr": true, "fr-CA": true, "zh-Hant": true, "zh-Hant-TW": true, "es-419": true, "gsw": true,
		"ca-valencia": true, "sl-rozaj-1994": true, "de-CH-1996": true,
		"": false, "f": false, "FR": false, "fr-ca": false, "fr_CA": false, "zh-hant": false, "french": false,
		"fr-": false, "*": false, "fr.x": false, "fr\n": false,
	} {
		if got := article.ValidLanguage(tag); got != want {
			t.Errorf("ValidLanguage(%q) = %v, want %v", tag, got, want)
		}
	}
}
