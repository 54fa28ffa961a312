// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

func TestAWholePage(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "page.html"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := extract.Page(raw)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Edition
	bodyHTML, bodyText := e.BodyHTML, e.BodyText
	e.BodyHTML, e.BodyText, e.WordCount, e.ReadingMinutes = "", "", 0, 0
	want := article.Edition{
		Headline: "Registres partagés : les communes testent", Description: "Une matinée d’essais à Quimper.",
		Language: "fr", Section: "Secteur public", Keywords: []string{"blockchain", "communes"},
		Authors: []article.Author{{Name: "Maëlle Kervadec", URL: "https://courrier.example/mk"}},
		Image:   &article.Image{URL: "https://courrier.example/une.jpg"}, CanonicalURL: "https://courrier.example/registres-partages",
		DatePublished: time.Date(2026, 3, 12, 7, 30, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, kept := range []string{"« Nous voulions voir, pas croire »", "élu·e·s", "<h2>Ce qui a marché</h2>", "<li>La preuve", "Une seconde matinée"} {
		if !strings.Contains(bodyHTML, kept) {
			t.Errorf("the body lacks %q: %s", kept, bodyHTML)
		}
	}
	for _, dropped := range []string{"Accueil", "cookies", "connexes", "Partager", "<script", "onclick", "javascript:", "les communes testent"} {
		if strings.Contains(bodyHTML+bodyText, dropped) {
			t.Errorf("the body holds %q: %s", dropped, bodyHTML)
		}
	}
}

// TestPagesGolden extracts whole pages of several makes and compares with their
// golden editions.
func TestPagesGolden(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join("testdata", "pages", "*.html"))
	if err != nil || len(pages) < 6 {
		t.Fatalf("%d pages (%v)", len(pages), err)
	}
	for _, name := range pages {
		t.Run(filepath.Base(name), func(t *testing.T) {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			raw, _, err = extract.Decode(raw, "text/html")
			if err != nil {
				t.Fatal(err)
			}
			r, err := extract.Page(raw)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".html")+".golden.json", r)
			if h, x := extract.HTML(r.Edition.BodyHTML); h != r.Edition.BodyHTML || x != r.Edition.BodyText {
				t.Error("sanitizing the body changes it")
			}
		})
	}
}

func BenchmarkPage(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join("testdata", "pages", "news.html"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := extract.Page(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAFragment(t *testing.T) {
	r, err := extract.Page([]byte(`<h1>Un  titre</h1><p>Un texte de quelques mots, en français.</p><script>x</script>`))
	if err != nil || r.Edition.Headline != "Un titre" || r.Edition.BodyHTML != "<p>Un texte de quelques mots, en français.</p>" {
		t.Errorf("fragment: %+v (%v)", r, err)
	}
	r, err = extract.Page([]byte(`<p>Sans titre.</p>`))
	if err != nil || r.Edition.Headline != "" || len(r.Warnings) == 0 || r.Warnings[0].Pointer != "/headline" {
		t.Errorf("without a title: %+v (%v)", r, err)
	}
}

func TestHeadsOfManyKinds(t *testing.T) {
	body := "<body><p>" + strings.Repeat("Une phrase de plus dans ce texte. ", 30) + "</p></body>"
	for _, tc := range []struct {
		name, head string
		check      func(article.Edition) bool
	}{
		{"title and site name", `<title>Titre | Site</title><meta property="og:site_name" content="Site">`, func(e article.Edition) bool { return e.Headline == "Titre" }},
		{"Open Graph locale", `<title>T</title><meta property="og:locale" content="fr_CA">`, func(e article.Edition) bool { return e.Language == "fr-CA" }},
		{"author as text", `<title>T</title><meta name="author" content="Ana Ruiz">`, func(e article.Edition) bool { return len(e.Authors) == 1 && e.Authors[0].Name == "Ana Ruiz" }},
		{"author as address", `<title>T</title><meta property="article:author" content="https://x.example/ana">`, func(e article.Edition) bool { return len(e.Authors) == 0 }},
		{
			"JSON-LD list", `<title>T</title><script type="application/ld+json">[{"@type":["NewsArticle"],"headline":"Mieux","author":"Ana","image":["https://x.example/i.png"]}]</script>`,
			func(e article.Edition) bool {
				return e.Headline == "Mieux" && e.Authors[0].Name == "Ana" && e.Image.URL == "https://x.example/i.png"
			},
		},
		{"broken JSON-LD", `<title>T</title><script type="application/ld+json">{"@type":</script>`, func(e article.Edition) bool { return e.Headline == "T" }},
		{
			"hostile addresses", `<title>T</title><link rel="canonical" href="javascript:alert(1)"><meta property="og:image" content="data:x">`,
			func(e article.Edition) bool { return e.CanonicalURL == "" && e.Image == nil },
		},
		{"broken date", `<title>T</title><meta property="article:published_time" content="hier">`, func(e article.Edition) bool { return e.DatePublished.IsZero() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := extract.Page([]byte("<!doctype html><html><head>" + tc.head + "</head>" + body + "</html>"))
			if err != nil || !tc.check(r.Edition) {
				t.Errorf("%+v (%v)", r.Edition, err)
			}
		})
	}
}

func TestPagesThatAreBombs(t *testing.T) {
	for name, bomb := range map[string]string{
		"depth":      "<html>" + strings.Repeat("<div>", 100_000),
		"one tag":    "<html><body>" + strings.Repeat("<b>", 300_000),
		"attributes": "<html><body><p " + strings.Repeat("a=b ", 200_000) + ">x</p>",
		"entities":   "<html><body><p>" + strings.Repeat("&amp;&lt;&#x41;", 70_000) + "</p>",
		"tables":     "<html><body>" + strings.Repeat("<table><tr><td>", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := extract.Page([]byte(bomb)); err == nil && !utf8.ValidString(r.Edition.BodyHTML) {
				t.Error("the body is not UTF-8")
			}
		})
	}
}
