// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// evolutionRecord is a message of the log as a golden file shows it.
type evolutionRecord struct {
	Subject string              `json:"subject"`
	Header  map[string][]string `json:"header,omitempty"`
	Data    json.RawMessage     `json:"data"` // a string stands for itself
}

const evolutionDir = "testdata/records"

// evolutionWrite puts the records of a folder into the log, in the order of their names.
func evolutionWrite(t *testing.T, js jetstream.JetStream, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(evolutionDir, folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no records in %s: %v", folder, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r evolutionRecord
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var compact bytes.Buffer // as programs write it: clicks are read line by line
		if err := json.Compact(&compact, r.Data); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		m := nats.NewMsg(r.Subject)
		m.Data = compact.Bytes()
		var text string
		if json.Unmarshal(r.Data, &text) == nil {
			m.Data = []byte(text)
		}
		maps.Copy(m.Header, r.Header)
		if _, err := js.PublishMsg(t.Context(), m); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

// TestRecordsOfEveryVersionAreRead starts today's programs on a log that holds one
// record of each kind, as they have been written since version 1, and records of
// a program to come: members and attributes that nobody knows yet, a type of
// event of the next major version. What is known works, what is not blocks nothing
// and is kept.
func TestRecordsOfEveryVersionAreRead(t *testing.T) {
	dir, ports := t.TempDir(), t.TempDir()
	server := start(t, "nats-server", "-js", "-sd", filepath.Join(dir, "nats"), "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports)
	server.line("Server is ready")
	url := (&relay{t: t}).natsURL(ports)
	if out, errs, code := (&relay{t: t}).run("", "declare", "--nats-url", url); code != 0 {
		t.Fatalf("declare: %d\n%s%s", code, out, errs)
	}
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	evolutionWrite(t, js, "v1")
	evolutionWrite(t, js, "future")

	r := replicasOf(t, dir, []string{"--nats-url", url}, "a")
	const key = "pk_golden-records-partner-0123456789"
	evolutionReads(t, r, key)
	evolutionKeeps(t, r, js)
}

func evolutionReads(t *testing.T, r *replicas, key string) {
	t.Helper()
	for _, id := range []string{"publie", "corrige"} {
		await(t, id+" to be found", func() bool { return r.finds(key, id, id) })
	}
	await(t, "an edition with members of the future", func() bool { return r.finds(key, "avenir", "avenir") })
	for _, id := range []string{"annule", "retenu", "majeur"} {
		if r.finds(key, id, id) {
			t.Errorf("%s is found", id)
		}
	}
	if a := r.must(http.StatusFound, "GET", "/s/golden", ""); !strings.HasPrefix(a.header.Get("Location"), "https://partenaire.example/fr/publie") {
		t.Errorf("the link leads to %s", a.header.Get("Location"))
	}
	await(t, "the click of the golden batch and of the future's", func() bool { return r.humans("golden") == 3 })
	var job struct {
		State    string
		Accepted int
	}
	r.edit(http.StatusOK, "GET", "/v1/imports/aaaaaaaaaaaaaaaa", "").into(t, &job)
	if job.State != "done" || job.Accepted != 2 {
		t.Errorf("import: %+v", job)
	}
	if a := r.edit(http.StatusOK, "GET", "/v1/glossary", ""); !strings.Contains(string(a.body), "registre-distribué") {
		t.Errorf("glossary: %s", a.body)
	}
	if a := r.edit(http.StatusOK, "GET", "/v1/articles/publie/fr/status", ""); !strings.Contains(string(a.body), `"searchable"`) {
		t.Errorf("status: %s", a.body)
	}
	// Only a newer program can tell what became of it; this one does not write over it.
	refused := r.call("PUT", "/v1/articles/majeur/fr", `{"headline": "Majeur", "bodyText": "Un texte."}`, "Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
	if refused.status != http.StatusServiceUnavailable {
		t.Errorf("an edition of the next major version is written over: %d %s", refused.status, refused.body)
	}
	r.edit(http.StatusCreated, "PUT", "/v1/articles/suite/fr?wait=searchable", `{"headline": "La suite", "bodyText": "Un texte."}`)
	if !r.finds(key, "suite", "suite") {
		t.Error("what came after is not found")
	}
}

// evolutionKeeps rewrites records of the future, as a program that is not upgraded
// yet does, and looks for what it does not know.
func evolutionKeeps(t *testing.T, r *replicas, js jetstream.JetStream) {
	t.Helper()
	last := func(stream, subject string) string {
		t.Helper()
		s, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.GetLastMsgForSubject(t.Context(), subject)
		if err != nil {
			t.Fatalf("%s: %v", subject, err)
		}
		return string(m.Data)
	}
	r.edit(http.StatusOK, "PATCH", "/v1/articles/avenir/fr", `{"headline": "Avenir proche"}`, "Content-Type", "application/merge-patch+json")
	r.edit(http.StatusOK, "PUT", "/v1/partners/futur", `{"name": "Futur, renommé"}`)
	r.edit(http.StatusOK, "PATCH", "/v1/links/futur", `{"disabled": true}`, "Content-Type", "application/merge-patch+json")
	r.edit(http.StatusNoContent, "DELETE", "/v1/keys/future", "")
	for subject, wants := range map[string][2]string{
		"relais.article.avenir.fr": {"ARTICLES", "Avenir proche"},
		"$KV.PARTNERS.futur":       {"KV_PARTNERS", "renommé"},
		"$KV.LINKS.link.futur":     {"KV_LINKS", `"disabled":true`},
		"$KV.KEYS.75f3b6c0c7a0f2f0d1e5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060": {"KV_KEYS", `"revoked"`},
	} {
		if data := last(wants[0], subject); !strings.Contains(data, `"unheardOf"`) || !strings.Contains(data, wants[1]) {
			t.Errorf("%s was rewritten as %s", subject, data)
		}
	}
	await(t, "the event of the next major version to be put aside", func() bool {
		s, err := js.Stream(t.Context(), "DEADLETTERS")
		return err == nil && s.CachedInfo().State.Msgs > 1 // beside the golden one
	})
}
