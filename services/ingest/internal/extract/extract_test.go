// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

var update = flag.Bool("update", false, "write the golden files")

func recap(tb testing.TB) []byte {
	tb.Helper()
	raw, err := os.ReadFile("testdata/recap-blockchain-collectivites.txt")
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func text(tb testing.TB, raw string) extract.Result {
	tb.Helper()
	r, err := extract.Text([]byte(raw))
	if err != nil {
		tb.Fatalf("Text(%.60q): %v", raw, err)
	}
	return r
}

func TestRecapGolden(t *testing.T) {
	golden(t, "testdata/recap.golden.json", text(t, string(recap(t))))
}

// golden compares a result with a file, or writes the file with -update.
func golden(t *testing.T, file string, r extract.Result) {
	t.Helper()
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the result is not that of %s (-update rewrites it):\n%s", file, got.Bytes())
	}
}

func TestRecap(t *testing.T) {
	r := text(t, string(recap(t)))
	e := r.Edition
	if want := "Blockchain et collectivités : quelles potentialités ?"; e.Headline != want {
		t.Errorf("headline %q, want %q", e.Headline, want)
	}
	if strings.Count(e.BodyHTML, "<ul>") != 1 || strings.Count(e.BodyHTML, "<li>") != 4 || strings.Count(e.BodyText, "\n• ") != 4 {
		t.Errorf("the four speakers are not one list:\n%s", e.BodyHTML)
	}
	for _, kept := range []string{
		"cette\u00a0occasion", "«\u00a0approche industrielle de la blockchain\u00a0» ; elle", "l’usager", "(Seraphin.legal) et Stéphane",
		"eux même, chacun", "lors du «\u00a02ème Village de la Legal Tech\u00a0» qui se tiendra", "décembre\u00a0prochains.",
	} {
		if !strings.Contains(e.BodyText, kept) || !strings.Contains(e.BodyHTML, kept) {
			t.Errorf("the body lost %q", kept)
		}
	}
	for _, gone := range []string{"3 min", "Plus d’articles", "ARTICLES CONNEXES", "Partager", "  ", "\n\n\n", "\u00a0 ", " \u00a0", e.Headline} {
		if strings.Contains(e.BodyText, gone) || strings.Contains(e.BodyHTML, gone) {
			t.Errorf("the body holds %q", gone)
		}
	}
	if e.ReadingMinutes != 2 || e.WordCount != 414 {
		t.Errorf("%d words, %d min", e.WordCount, e.ReadingMinutes)
	}
	if h, x := extract.HTML(e.BodyHTML); h != e.BodyHTML || x != e.BodyText {
		t.Error("sanitizing the body changes it")
	}
	if again, _ := extract.Paragraphs(e.BodyText); again != e.BodyHTML {
		t.Error("the body text does not give the body's HTML")
	}
	e.ID, e.PubStatus, e.Language, e.SourceLanguage = extract.Slug(e.Headline), "usable", "fr", "fr"
	if v := e.Validate(); len(v) > 0 {
		t.Errorf("the edition is not valid: %v", v)
	}
}

const long = "Une soixantaine de personnes avaient répondu à l’invitation, avec les profils les plus divers, pour voir où en est la Blockchain."

func TestTextHeadline(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"first line", "Un titre\n\n" + long, "Un titre"},
		{"no blank line", "Un titre\n" + long, "Un titre"},
		{"after the furniture", "3 min\nPartager :\nFacebook X LinkedIn\nUn titre\nPlus d’articles\n" + long, "Un titre"},
		{"question", "Où va-t-on ?\n" + long, "Où va-t-on ?"},
		{"exclamation", "Enfin !\n" + long, "Enfin !"},
		{"ellipsis", "Et demain...\n" + long, "Et demain..."},
		{"white space", " \u00a0 Un   titre \t\u200b\n" + long, "Un titre"},
		{"byte order mark and CRLF", "\ufeffUn titre\r\n\r\n" + long, "Un titre"},
		{"decomposed", "Un e\u0301te\u0301\n" + long, "Un été"},
		{"300 characters", strings.Repeat("é", 300) + "\n" + long + long + long, strings.Repeat("é", 300)},
		{"301 characters", strings.Repeat("é", 301) + "\n" + long + long + long, ""},
		{"full stop", "Une phrase.\n" + long, ""},
		{"a paragraph first", long + "\n" + long, ""},
		{"nothing after", "Un titre", ""},
		{"something shorter after", "Un titre un peu long\nCourt", ""},
		{"a list first", "• Un\n• Deux\n" + long, ""},
		{"no letters", "1234\n" + long, ""},
		{"empty", "", ""},
		{"only furniture", "3 min\nPartager", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := text(t, c.in)
			if r.Edition.Headline != c.want {
				t.Errorf("headline %q, want %q", r.Edition.Headline, c.want)
			}
			if warned(r, "/headline") == (c.want != "") {
				t.Errorf("warnings: %v", r.Warnings)
			}
		})
	}
}

func warned(r extract.Result, pointer string) bool {
	for _, w := range r.Warnings {
		if w.Pointer == pointer {
			return true
		}
	}
	return false
}

func TestTextBody(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a line is a paragraph", "Un.\nDeux.\n\nTrois.", "<p>Un.</p>\n<p>Deux.</p>\n<p>Trois.</p>"},
		{"broken to a width", "Cette ligne a été coupée par un logiciel de messagerie à une\nlargeur fixe, et la phrase continue.", "<p>Cette ligne a été coupée par un logiciel de messagerie à une largeur fixe, et la phrase continue.</p>"},
		{"bullets", "Voici.\n• Un\n•Deux\n\n● Trois.", "<p>Voici.</p>\n<ul><li>Un</li><li>Deux</li><li>Trois.</li></ul>"},
		{"dashes", "Voici.\n- Un\n- Deux.", "<p>Voici.</p>\n<ul><li>Un</li><li>Deux.</li></ul>"},
		{"one dash is speech", "Il dit.\n– Bonjour.", "<p>Il dit.</p>\n<p>– Bonjour.</p>"},
		{"em dash is speech", "Il dit.\n— Bonjour.\n— Salut.", "<p>Il dit.</p>\n<p>— Bonjour.</p>\n<p>— Salut.</p>"},
		{"numbers", "Voici.\n1. Un\n2. Deux.", "<p>Voici.</p>\n<ol><li>Un</li><li>Deux.</li></ol>"},
		{"a year is no number of a list", "Voici.\n2017. Un an.\n2018. Deux ans.", "<p>Voici.</p>\n<p>2017. Un an.</p>\n<p>2018. Deux ans.</p>"},
		{"item goes on", "Voici.\n• Un\n  et demi\n• Deux.", "<p>Voici.</p>\n<ul><li>Un et demi</li><li>Deux.</li></ul>"},
		{"empty bullet", "Voici.\n•\n• Un.", "<p>Voici.</p>\n<ul><li>Un.</li></ul>"},
		{"markup is text", "<script>alert(1)</script> & co.", "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; co.</p>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, c.in).Edition.BodyHTML; got != c.want {
				t.Errorf("body\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTextWarnings(t *testing.T) {
	if r := text(t, "Un titre\n\n"+strings.Repeat(long+"\n\n", 3)); len(r.Warnings) != 0 {
		t.Errorf("warnings without a reason: %v", r.Warnings)
	}
	for name, c := range map[string]struct{ in, pointer string }{
		"page is much longer":  {"25 min de lecture\nUn titre\n" + long, "/readingMinutes"},
		"page is much shorter": {"1 min\nUn titre\n" + strings.Repeat(long+"\n", 60), "/readingMinutes"},
		"lines left out":       {"Un titre\n" + long + "\nPartager", "/bodyText"},
	} {
		if r := text(t, c.in); !warned(r, c.pointer) {
			t.Errorf("%s: no warning of %s: %v", name, c.pointer, r.Warnings)
		}
	}
}

func TestTextRejectsOtherEncodings(t *testing.T) {
	for in, offset := range map[string]string{"\xff\xfeA\x00": "0xFF at offset 0", "\u00e9t\xe9": "0xE9 at offset 3", "abc\xc3": "0xC3 at offset 3", "\xed\xa0\x80": "0xED at offset 0"} {
		_, err := extract.Text([]byte(in))
		if !fault.Is(err, fault.Malformed) || !strings.Contains(err.Error(), offset) {
			t.Errorf("Text(%q): %v, want a malformed fault naming %q", in, err, offset)
		}
	}
	if _, err := extract.Text([]byte("\ufffd est permis")); err != nil {
		t.Errorf("a replacement character in the text: %v", err)
	}
}

func TestParagraphs(t *testing.T) {
	for in, want := range map[string]string{
		"Un\n\nDeux":              "<p>Un</p>\n<p>Deux</p>",
		"Un\nDeux":                "<p>Un<br>Deux</p>",
		"Un\r\n\r\n\r\n  Deux  ":  "<p>Un</p>\n<p>Deux</p>",
		"• Un\n• Deux":            "<ul><li>Un</li><li>Deux</li></ul>",
		"Voici :\n1) Un\n2) Deux": "<p>Voici :</p>\n<ol><li>Un</li><li>Deux</li></ol>",
		"a < b & c\n\nPartager":   "<p>a &lt; b &amp; c</p>\n<p>Partager</p>",
		"":                        "",
		" \u00a0\n\u200b":         "",
	} {
		if got, _ := extract.Paragraphs(in); got != want {
			t.Errorf("Paragraphs(%q) = %q, want %q", in, got, want)
		}
	}
}

// listNumber is what the text writes before an item, whatever the input had.
var listNumber = regexp.MustCompile(`^[0-9]+\.$`)

func FuzzText(f *testing.F) {
	f.Add(recap(f))
	for _, s := range []string{
		"", "3 min\nTitre\n" + long, "Titre\n" + long + "\nÀ lire aussi\nAutre titre\nEncore un", "\ufeffA\r\nB\u2028C\u0338",
		"• 0\n1) 0\n2) 0", "• a\n• b\n1. c\n2. d\n- e\n- f", "Partager\nFacebook\nX\n\u0301\u0301 x", "Lire aussi : un titre\n" + long, "\xff",
		"a\u200d\u0301\u200db", "«\u00a0 \u202f»  ;", strings.Repeat("Cette ligne est coupée après quelques mots seulement\n", 4),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := extract.Text(raw)
		if err != nil {
			if utf8.Valid(raw) {
				t.Fatalf("Text(%q): %v", raw, err)
			}
			return
		}
		e := r.Edition
		in := extract.Normalize(string(raw))
		if extract.Normalize(in) != in {
			t.Errorf("normalizing %q twice differs from once", raw)
		}
		for name, s := range map[string]string{"headline": e.Headline, "html": e.BodyHTML, "text": e.BodyText} {
			if !utf8.ValidString(s) || !norm.NFC.IsNormalString(s) || extract.Normalize(s) != s {
				t.Errorf("%s of %q is not normalized: %q", name, raw, s)
			}
		}
		for word := range strings.FieldsSeq(e.Headline + " " + e.BodyText) {
			if word != "•" && !listNumber.MatchString(word) && !strings.Contains(in, word) {
				t.Errorf("%q is not in the input %q", word, raw)
			}
		}
		if h, x := extract.HTML(e.BodyHTML); h != e.BodyHTML || x != e.BodyText {
			t.Errorf("sanitizing the body of %q changes it:\n%q\n%q\n%q\n%q", raw, e.BodyHTML, h, e.BodyText, x)
		}
	})
}

func BenchmarkText(b *testing.B) {
	raw := recap(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := extract.Text(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTextMebibyte(b *testing.B) {
	for name, s := range map[string]string{"short_lines": "ab\n", "share": "Partager\n", "related": "Lire aussi\n", "minutes": "3 min\n", "prose": long + "\n", "bullets": "• a\n", "dash": "- a\n  b\n"} {
		raw := []byte(strings.Repeat(s, 1<<20/len(s)) + "Fin.")
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := extract.Text(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
