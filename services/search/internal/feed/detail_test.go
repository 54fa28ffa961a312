// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/search/internal/catalog"
	"github.com/relais-press/relais/services/search/internal/feed"
)

func later(a time.Time, b *time.Time) time.Time {
	if b != nil && b.After(a) {
		return *b
	}
	return a
}

// all returns the values of an attribute, or the texts, of the elements of a name.
func (n *node) all(name, attr string) []string {
	var out []string
	if n.name == name && attr == "" {
		out = append(out, n.text)
	} else if n.name == name {
		out = append(out, n.attrs[attr])
	}
	for _, kid := range n.kids {
		out = append(out, kid.all(name, attr)...)
	}
	return out
}

func TestCorrection(t *testing.T) {
	for _, tc := range []struct{ language, want string }{
		{"fr", "<p><strong>Rectificatif\u00a0:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"fr-CA", "<p><strong>Rectificatif\u00a0:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"en", "<p><strong>Correction:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"de", "<p><strong>Berichtigung:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"nl-BE", "<p><strong>Correctie:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"pt-BR", "<p><strong>Correção:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"ar", "<p><strong>تصويب:</strong> 3 &lt; 4 &amp; 5</p>\n<p>Rien.</p>"},
		{"sv", `<p><strong><span lang="en">Correction:</span></strong> 3 &lt; 4 &amp; 5</p>` + "\n<p>Rien.</p>"},
	} {
		f := &feed.Feed{Partner: gazette(), Language: tc.language, PublicURL: public, Entries: []catalog.Entry{bare()}}
		f.Entries[0].Edition.Language, f.Entries[0].Edition.Correction = tc.language, "3 < 4 & 5"
		for form, element := range map[string]string{"rss": "content:encoded", "atom": "atom:content"} {
			if got := mustParse(t, forms()[form](f)).all(element, ""); len(got) != 1 || got[0] != tc.want {
				t.Errorf("%s %s: %q, want %q", tc.language, form, got, tc.want)
			}
		}
	}
}

func TestAFeedSpeaksTheLanguageOfItsReaders(t *testing.T) {
	seen := map[string]string{}
	for _, tag := range []string{"fr", "en", "de", "es", "it", "nl", "pt", "ar"} {
		root := mustParse(t, feed.Atom(&feed.Feed{Partner: gazette(), Language: tag, PublicURL: public}))
		text, in := root.all("atom:subtitle", ""), root.all("atom:subtitle", "xml:lang")
		if len(text) != 1 || !strings.HasSuffix(text[0], gazette().Name) || seen[text[0]] != "" || in[0] != tag {
			t.Errorf("%s: %q in %q, which %s says as well", tag, text, in, seen[text[0]])
		}
		seen[text[0]] = tag
	}
}

func TestTheSignOfCopyrightStandsOnce(t *testing.T) {
	e := bare()
	e.Edition.Copyright = "© La Gazette"
	f := &feed.Feed{Partner: gazette(), Language: "fr", PublicURL: public, Entries: []catalog.Entry{e}}
	for form, render := range forms() {
		got := string(render(f))
		if form != "sitemap" && !strings.Contains(got, "© La Gazette") || strings.Count(got, "©") != strings.Count(got, "© La Gazette") {
			t.Errorf("%s: %s", form, got)
		}
		if strings.Contains(got, "<name>©") || strings.Contains(got, `"name":"©`) {
			t.Errorf("%s names an author with the sign: %s", form, got)
		}
	}
}

func TestSitemapAlternates(t *testing.T) {
	original := catalog.Translation{Language: "fr", URL: "https://a.example/fr", Original: true}
	own := catalog.Translation{Language: "en", URL: "https://a.example/en"}
	for name, tc := range map[string]struct {
		url          string
		translations []catalog.Translation
		want         string
	}{
		"a translation":                {own.URL, []catalog.Translation{original, own}, "fr=https://a.example/fr en=https://a.example/en x-default=https://a.example/fr"},
		"original is not shown":        {own.URL, []catalog.Translation{own}, "en=https://a.example/en"},
		"original has no address":      {own.URL, []catalog.Translation{{Language: "fr", Original: true}, own}, "en=https://a.example/en"},
		"one address for all":          {"https://a.example/1", []catalog.Translation{{Language: "fr", URL: "https://a.example/1", Original: true}, {Language: "en", URL: "https://a.example/1"}}, "en=https://a.example/1"},
		"two others share an address":  {own.URL, []catalog.Translation{original, {Language: "fr-CA", URL: original.URL}, own}, "fr=https://a.example/fr en=https://a.example/en x-default=https://a.example/fr"},
		"without address, not listed":  {"", []catalog.Translation{original, {Language: "en"}}, ""},
		"an untranslated one is alone": {own.URL, []catalog.Translation{{Language: "en", URL: own.URL, Original: true}}, "en=https://a.example/en x-default=https://a.example/en"},
	} {
		e := bare()
		e.Edition.Language, e.URL, e.Translations = "en", tc.url, tc.translations
		root := mustParse(t, feed.Sitemap(&feed.Feed{Partner: gazette(), Language: "en", PublicURL: public, Entries: []catalog.Entry{e}}))
		var got []string
		urls := root.all("xhtml:link", "href")
		for i, l := range root.all("xhtml:link", "hreflang") {
			got = append(got, l+"="+urls[i])
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", name, got, tc.want)
		}
	}
}

func TestNewsLanguage(t *testing.T) {
	for tag, want := range map[string]string{"fr": "fr", "fr-CA": "fr", "zh": "zh-cn", "zh-Hans": "zh-cn", "zh-Hant": "zh-tw", "zh-Hant-HK": "zh-tw", "zh-TW": "zh-tw", "gsw": "gsw"} {
		e := bare()
		e.URL, e.Edition.Language = "https://a.example/", tag
		root := mustParse(t, feed.Sitemap(&feed.Feed{Partner: gazette(), Language: tag, PublicURL: public, Entries: []catalog.Entry{e}}))
		if got := root.all("news:language", ""); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

// An edition comes back younger than the tombstone that took it away, and the
// feed is as young as the youngest of both.
func TestUpdated(t *testing.T) {
	f := &feed.Feed{Partner: gazette(), Language: "fr", PublicURL: public}
	if !f.Updated().IsZero() {
		t.Error("an empty feed was updated")
	}
	f.Entries = []catalog.Entry{embargoed()}
	if want := at("2026-02-28T06:00:00Z"); !f.Updated().Equal(want) {
		t.Errorf("updated %v, want when the embargo lifted, %v", f.Updated(), want)
	}
	f.Gone = []catalog.Tombstone{{ID: "x", Language: "fr", At: at("2026-03-01T00:00:00Z")}}
	if !f.Updated().Equal(f.Gone[0].At) {
		t.Errorf("updated %v, want when the last one went, %v", f.Updated(), f.Gone[0].At)
	}
}

func TestHome(t *testing.T) {
	for name, tc := range map[string]struct {
		partner   partner.Partner
		home, rss string
	}{
		"home":         {partner.Partner{ID: "a", Name: "A", HomeURL: "https://a.example/fr", ArticleURL: "https://b.example/{id}"}, "https://a.example/fr", "https://a.example/fr"},
		"article site": {partner.Partner{ID: "a", Name: "A", ArticleURL: "https://b.example:8443/x/{lang}/{id}"}, "https://b.example:8443/", "https://b.example:8443/"},
		"neither":      {partner.Partner{ID: "a", Name: "A"}, "", public + "/"},
	} {
		f := &feed.Feed{Partner: &tc.partner, Language: "fr", PublicURL: public}
		if got := f.Home(); got != tc.home {
			t.Errorf("%s: home %q, want %q", name, got, tc.home)
		}
		if got := mustParse(t, feed.RSS(f)).all("link", ""); len(got) != 1 || got[0] != tc.rss {
			t.Errorf("%s: RSS link %q, want %q", name, got, tc.rss)
		}
	}
}

func TestCopyright(t *testing.T) {
	f := &feed.Feed{Partner: gazette(), Language: "fr", PublicURL: public, Entries: []catalog.Entry{embargoed(), embargoed()}}
	if got := mustParse(t, feed.RSS(f)).all("copyright", ""); len(got) != 1 || got[0] != "© Agence Relais" {
		t.Errorf("one holder: %q", got)
	}
	f.Entries[1].Edition.Copyright = "Une autre"
	if got := mustParse(t, feed.RSS(f)).all("copyright", ""); len(got) != 0 {
		t.Errorf("two holders: %q", got)
	}
}

// What is for editors is in no form.
func TestNothingForEditors(t *testing.T) {
	f := sample()
	f.Entries[0].Edition.EdNote = "secret-note"
	f.Entries[0].Edition.Audience = &article.Audience{Partners: []string{"secret-partner"}}
	for name, render := range forms() {
		if body := string(render(f)); strings.Contains(body, "secret") {
			t.Errorf("%s tells it: %s", name, body)
		}
	}
}
