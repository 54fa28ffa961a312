// SPDX-License-Identifier: Apache-2.0

package article_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/relais-press/relais/pkg/article"
)

var update = flag.Bool("update", false, "write the golden files again")

// wire is a message of the log as a golden file shows it.
type wire struct {
	Subject string              `json:"subject"`
	ID      string              `json:"messageId"`
	Header  map[string][]string `json:"header"`
	Data    json.RawMessage     `json:"data"`
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

// recap is an edition with every field filled in.
func recap() article.Edition {
	return article.Edition{
		ID: "blockchain-collectivites", Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable,
		Headline:    "Blockchain et collectivités : « l’essentiel »",
		Description: "Ce qu’il faut retenir de la rencontre.",
		BodyHTML:    "<p>L’œuvre &amp; la preuve.</p>", BodyText: "L’œuvre & la preuve.",
		Authors:       []article.Author{{Name: "Anaïs Lefèvre", URL: "https://example.org/anais"}},
		People:        []article.Person{{Name: "Jean d’Ormesson", Role: "avocat", Affiliation: "Barreau de Lyon", Rel: "speaker"}},
		Organisations: []string{"Métropole de Lyon"}, Places: []string{"Lyon"},
		Event: &article.Event{
			Name: "Matinée blockchain", StartDate: new(at("2024-03-05T08:00:00Z")), EndDate: new(at("2024-03-05T11:00:00Z")),
			Location: "Lyon", URL: "https://example.org/matinee",
		},
		Section: "numérique", Keywords: []string{"blockchain"},
		Image:        &article.Image{URL: "https://example.org/i.jpg", Alt: "La salle", Width: 1200, Height: 630},
		CanonicalURL: "https://example.org/blockchain-collectivites", Audience: &article.Audience{Partners: []string{"lyon"}},
		Copyright: "Relais", UsageTerms: "Reprise libre", EdNote: "relu",
		DatePublished: at("2024-03-06T09:00:00Z"), FirstCreated: at("2024-03-06T08:30:00Z"), VersionCreated: at("2024-03-06T09:00:00.25Z"),
		ReadingMinutes: 3, WordCount: 612,
	}
}

func changes() map[string]article.Change {
	published := article.Change{
		EventID: "01HRA7", Actor: "key-1", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Edition: recap(),
	}
	corrected := article.Change{EventID: "01HRA8", Actor: "Anaïs \"A\" 100 %", Edition: recap()}
	corrected.Edition.Version, corrected.Edition.Correction = 2, "Le nom de l’oratrice était faux."
	withheld := article.Change{EventID: "01HRA9", Edition: recap()}
	withheld.Edition.Version, withheld.Edition.PubStatus = 3, article.Withheld
	withheld.Edition.EmbargoedUntil, withheld.Edition.Expires = new(at("2024-04-01T06:00:00Z")), new(at("2025-04-01T06:00:00Z"))
	canceled := article.Change{EventID: "01HRAA", Edition: recap()}
	canceled.Edition.Version, canceled.Edition.PubStatus = 4, article.Canceled
	canceled.Edition.Cancellation = &article.Cancellation{
		Reason: "Décision de justice", Legal: true, ReplacedBy: "blockchain-bis", At: at("2024-03-07T10:00:00Z"),
	}
	return map[string]article.Change{"published": published, "corrected": corrected, "withheld": withheld, "canceled": canceled}
}

// The golden files are the contract with every reader of the log. A change
// that alters one needs a new major version of the event type.
func TestChangeOnTheWire(t *testing.T) {
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			header, data, err := change.Encode()
			if err != nil {
				t.Fatalf("Encode: %v", err)
			}
			if want := []string{"press.relais.edition." + name + ".v1"}; !cmp.Equal(header["ce-type"], want) {
				t.Errorf("ce-type = %q, want %q", header["ce-type"], want)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(wire{
				Subject: article.Subject(change.Edition.ID, change.Edition.Language), ID: change.MessageID(), Header: header, Data: data,
			}); err != nil {
				t.Fatalf("encode golden: %v", err)
			}
			golden := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatalf("update: %v", err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("read golden (run with -update to make it): %v", err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("the wire changed (-golden +got):\n%s", diff)
			}
			var stored wire
			if err := json.Unmarshal(want, &stored); err != nil {
				t.Fatalf("parse golden: %v", err)
			}
			back, err := article.Decode(stored.Header, stored.Data)
			if err != nil {
				t.Fatalf("Decode: %v", err)
			}
			if diff := cmp.Diff(change, back); diff != "" {
				t.Errorf("Decode(golden) (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodePercentEncodesHeaderValues(t *testing.T) {
	change := article.Change{EventID: "a b\"%é\r\nx", Actor: "ключ", Edition: recap()}
	header, data, err := change.Encode()
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	if got, want := header["ce-id"][0], "a%20b%22%25%C3%A9%0D%0Ax"; got != want {
		t.Errorf("ce-id = %q, want %q", got, want)
	}
	for name, values := range header {
		if name != strings.ToLower(name) || strings.ContainsFunc(values[0], func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("header %q: %q is not lower-case, printable ASCII", name, values[0])
		}
	}
	back, err := article.Decode(header, data)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	if back.EventID != change.EventID || back.Actor != change.Actor {
		t.Errorf("Decode gave id %q and actor %q, want %q and %q", back.EventID, back.Actor, change.EventID, change.Actor)
	}
	if _, ok := header["ce-traceparent"]; ok {
		t.Error("an empty attribute has a header")
	}
}

func TestDecode(t *testing.T) {
	header := func(pairs ...string) map[string][]string {
		h := map[string][]string{"ce-specversion": {"1.0"}, "ce-type": {article.TypePublished}, "ce-id": {"1"}}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = []string{pairs[i+1]}
		}
		return h
	}
	const good = `{"id":"a","language":"fr","sourceLanguage":"fr","version":1,"pubStatus":"usable","headline":"H"}`
	for _, tc := range []struct {
		name   string
		header map[string][]string
		data   string
		ok     bool
	}{
		{"ok", header(), good, true},
		{"ok_unknown_attribute", header("ce-dataschema", "https://example.org/s", "x-other", "1"), good, true},
		{"ok_unknown_field", header(), strings.Replace(good, "{", `{"mood":{"deep":[1]},`, 1), true},
		{"ok_unknown_type_of_same_major", header("ce-type", "press.relais.edition.retitled.v1"), good, true},
		{"ok_bad_escape_is_taken_as_is", header("ce-id", "100%"), good, true},
		{"err_no_header", nil, good, false},
		{"err_other_specversion", header("ce-specversion", "2.0"), good, false},
		{"err_other_major", header("ce-type", "press.relais.edition.published.v2"), good, false},
		{"err_other_event", header("ce-type", "press.relais.link.made.v1"), good, false},
		{"err_not_json", header(), `<p>`, false},
		{"err_wrong_shape", header(), `{"id":1}`, false},
		{"err_bad_id", header(), strings.Replace(good, `"a"`, `"A b"`, 1), false},
		{"err_bad_language", header(), strings.Replace(good, `"fr"`, `"french"`, 1), false},
		{"err_no_version", header(), strings.Replace(good, `"version":1`, `"version":0`, 1), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := article.Decode(tc.header, []byte(tc.data))
			if tc.ok {
				if err != nil || got.Edition.Headline != "H" {
					t.Errorf("Decode = %+v, %v", got, err)
				}
			} else if !errors.Is(err, article.ErrNotAnEdition) {
				t.Errorf("err = %v, want ErrNotAnEdition", err)
			}
		})
	}
}

func TestSubject(t *testing.T) {
	for _, tc := range []struct {
		subject, id, language string
		ok                    bool
	}{
		{"relais.article.a-1.fr", "a-1", "fr", true},
		{"relais.article.a.zh-Hant-TW", "a", "zh-Hant-TW", true},
		{"relais.article.a.*", "a", "*", false},
		{"relais.article.a", "a", "", false},
		{"relais.article.a.fr.x", "a", "fr.x", false},
		{"relais.article..fr", "", "fr", false},
		{"relais.click.a.fr", "", "", false},
	} {
		t.Run(tc.subject, func(t *testing.T) {
			id, language, ok := article.SplitSubject(tc.subject)
			if ok != tc.ok || id != tc.id || language != tc.language {
				t.Errorf("SplitSubject = %q, %q, %v; want %q, %q, %v", id, language, ok, tc.id, tc.language, tc.ok)
			}
			if ok && article.Subject(id, language) != tc.subject {
				t.Errorf("Subject(%q, %q) = %q", id, language, article.Subject(id, language))
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, change := range changes() {
		header, data, err := change.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(header["ce-type"][0], header["ce-id"][0], data)
	}
	f.Fuzz(func(t *testing.T, typ, id string, data []byte) {
		first, err := article.Decode(map[string][]string{"ce-specversion": {"1.0"}, "ce-type": {typ}, "ce-id": {id}}, data)
		if err != nil {
			return
		}
		header, again, err := first.Encode()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := article.Decode(header, again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(first, second, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("a second trip changed it (-first +second):\n%s", diff)
		}
	})
}
