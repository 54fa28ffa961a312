// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheNoteForEditorsStaysWithThem greps every exit of an article, and what
// the other services keep on disk and print, for its edNote.
func TestTheNoteForEditorsStaysWithThem(t *testing.T) {
	const note = "Ne-pas-diffuser-Zyx98"
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		for _, lang := range []string{"fr", "en"} {
			r.edit(http.StatusCreated, "PUT", "/v1/articles/note/"+lang+"?wait=searchable", `{"headline": "Registres partagés `+lang+`", "bodyText": "Le texte des registres.",
				"edNote": "`+note+`", "section": "Justice", "keywords": ["registres"]}`)
		}
		var link struct{ Code, URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "note", "partner": "p"}`).into(t, &link)
		exits := []answer{
			r.must(http.StatusOK, "GET", "/v1/search?q=registres&facets=section,language,year,person,organisation&key="+key, "", "Origin", origin),
			r.must(http.StatusOK, "GET", "/v1/search?q=Zyx98&key="+key, "", "Origin", origin),
			r.must(http.StatusOK, "GET", "/v1/latest?key="+key, "", "Origin", origin),
			r.must(http.StatusOK, "GET", "/search?q=registres&key="+key, ""),
			r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox),
			r.must(http.StatusOK, "GET", link.URL+"?lang=en", "", "User-Agent", "facebookexternalhit/1.1"),
			r.edit(http.StatusOK, "GET", "/v1/links/"+link.Code, ""),
			r.edit(http.StatusOK, "GET", "/v1/links/"+link.Code+"/stats", ""),
			r.must(http.StatusOK, "GET", "/metrics", ""),
			r.must(http.StatusOK, "GET", "/readyz", ""),
		}
		r.edit(http.StatusOK, "POST", "/v1/articles/note/cancel?wait=searchable", `{"reason": "Erreur."}`)
		await(t, "the link of a canceled article to be gone", func() bool { return r.call("GET", link.URL, "").status == http.StatusGone })
		exits = append(exits, r.call("GET", link.URL, ""))
		for i, a := range exits {
			if strings.Contains(string(a.body)+fmt.Sprint(a.header), note) {
				t.Errorf("exit %d holds the note: %s", i, a.body)
			}
		}
		var found struct{ Total int }
		exits[1].into(t, &found)
		if found.Total != 0 {
			t.Error("readers find an article by its note")
		}
		for name, p := range r.parts {
			p.mu.Lock()
			if bytes.Contains(p.output.Bytes(), []byte(note)) {
				t.Errorf("%s prints the note", name)
			}
			p.mu.Unlock()
		}
		for _, dir := range []string{"index", "relais-search", "relais-share"} {
			grep(t, filepath.Join(r.dir, dir), note)
		}
		if got := r.edit(http.StatusOK, "GET", "/v1/articles/note/fr", "").body; !strings.Contains(string(got), note) {
			t.Error("its editors do not see the note")
		}
	})
}

// grep fails the test if a file below dir holds text; dir may be missing.
func grep(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			t.Errorf("%s holds %q", path, text)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

// run runs the one binary's command as an editor at a terminal does.
func (r *relay) run(stdin string, args ...string) (stdout, stderr string, code int) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), filepath.Join(programs, "relais"), args...)
	cmd.Env = append(os.Environ(), "RELAIS_SERVER="+r.base, "RELAIS_KEY="+adminKey, "LC_ALL=fr_FR.UTF-8")
	cmd.Stdin = strings.NewReader(stdin)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run() // the exit code says it
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

func TestTheTerminal(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		recap := filepath.Join("..", "internal", "demo", "recap", "blockchain-et-collectivites-quelles-potentialites.fr.txt")
		note := filepath.Join(t.TempDir(), "note.md")
		if err := os.WriteFile(note, []byte("---\nid: note\nlanguage: fr\nsection: Justice\n---\n# Une note\n\nLe *texte* de la note.\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, errs, code := r.run("", "publish", recap, note)
		if code != 0 || !strings.Contains(out, "note/fr  v1  usable  Une note") || strings.Count(out, "\n") != 2 {
			t.Fatalf("publish: %d\n%s%s", code, out, errs)
		}
		if !r.finds(key, "note", "note") {
			t.Error("published and not found")
		}
		first := out
		if out, errs, code = r.run("", "publish", recap); code != 0 || !strings.HasPrefix(first, out) {
			t.Errorf("published again: %d\n%s%s", code, out, errs)
		}
		if out, errs, code = r.run("", "publish", "--id", "a", "--type", "text", "-"); code == 0 || !strings.Contains(errs, "/headline") {
			t.Errorf("publish nothing: %d\n%s%s", code, out, errs)
		}
		if out, errs, code = r.run("", "status", "note"); code != 0 || !strings.Contains(out, "accepted") || !strings.Contains(out, "searchable") {
			t.Errorf("status: %d\n%s%s", code, out, errs)
		}
		lines := strings.Builder{}
		for i := range 300 {
			fmt.Fprintf(&lines, `{"id": "import-%d", "language": "fr", "headline": "Compte rendu %d", "bodyText": "Le texte importé."}`+"\n", i, i)
		}
		if out, errs, code = r.run(lines.String(), "import", "-"); code != 0 || !strings.Contains(out, "300 lus, 300 acceptés, 0 inchangés, 0 refusés") {
			t.Errorf("import: %d\n%s%s", code, out, errs)
		}
		if out, errs, code = r.run(lines.String()+`{"id": "faux"}`, "import", "-"); code != 1 || !strings.Contains(out, "0 acceptés, 300 inchangés, 1 refusés") || !strings.Contains(errs, "ligne 301") {
			t.Errorf("import again: %d\n%s%s", code, out, errs)
		}
		if out, errs, code = r.run("", "import", r.base+"/editor"); code == 0 || !strings.Contains(errs, "/url") {
			t.Errorf("import of a loopback address: %d\n%s%s", code, out, errs)
		}
		await(t, "an article to be known to share", func() bool {
			out, errs, code = r.run("article,code\nimport-299,dernier\nfaux,faux\n", "links", "import", "-")
			return strings.Contains(out, "1 créés") || code == 0
		})
		if code != 1 || !strings.Contains(out, "2 lus, 1 créés, 0 existants, 1 refusés") || !strings.Contains(errs, "ligne 3") {
			t.Errorf("import of links: %d\n%s%s", code, out, errs)
		}
		await(t, "what was imported to be found", func() bool { return r.search(key, "importé").Total == 300 })
		for _, args := range [][]string{{"reindex"}, {"reindex", "--rollback"}} {
			if out, errs, code = r.run("", args...); code != 0 || !strings.HasPrefix(out, "Génération ") {
				t.Errorf("%q: %d\n%s%s", args, code, out, errs)
			}
			if n := r.search(key, "importé").Total; n != 300 {
				t.Errorf("after %q, %d of what was imported is found", args, n)
			}
		}
	})
}

// TestAnImportSurvivesAKill kills everything while a stream that was
// acknowledged is worked off: each edition is in the log once.
func TestAnImportSurvivesAKill(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		const total = 2000
		var stream strings.Builder
		for i := range total {
			fmt.Fprintf(&stream, `{"id": "import-%d", "language": "fr", "headline": "Compte rendu %d", "bodyText": "Le texte importé."}`+"\n", i, i)
		}
		var p struct {
			ID, State                           string
			Read, Accepted, Unchanged, Rejected int
		}
		r.edit(http.StatusAccepted, "POST", "/v1/imports", stream.String(), "Content-Type", "application/x-ndjson").into(t, &p)
		for _, part := range r.parts {
			part.kill()
		}
		r.boot(r)
		r.ready()
		await(t, "the import to end", func() bool {
			r.edit(http.StatusOK, "GET", "/v1/imports/"+p.ID, "").into(t, &p)
			return p.State == "done"
		})
		if p.Read != total || p.Accepted+p.Unchanged != total || p.Rejected != 0 {
			t.Errorf("import %+v", p)
		}
		for at, n := "/v1/articles?limit=500", 0; ; {
			a := r.edit(http.StatusOK, "GET", at, "")
			var list struct {
				Articles []struct {
					ID      string
					Version int
				}
			}
			a.into(t, &list)
			for _, e := range list.Articles {
				if n++; e.Version != 1 {
					t.Errorf("%s has version %d", e.ID, e.Version)
				}
			}
			link, more := strings.CutSuffix(a.header.Get("Link"), `>; rel="next"`)
			if !more {
				if n != total {
					t.Errorf("the log holds %d editions", n)
				}
				break
			}
			at = strings.TrimPrefix(link, "<")
		}
	})
}

// TestAnEmbargoAcrossAKill: what is under embargo when everything is killed
// comes out at its second, at every exit, and not before.
func TestAnEmbargoAcrossAKill(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		until := time.Now().Add(4 * time.Second).UTC()
		body, err := json.Marshal(map[string]any{"headline": "Registres partagés", "bodyText": "Le texte.", "language": "fr", "embargoedUntil": until})
		if err != nil {
			t.Fatal(err)
		}
		r.edit(http.StatusCreated, "PUT", "/v1/articles/tenu/fr?wait=searchable", string(body))
		var link struct{ URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "tenu", "partner": "p"}`).into(t, &link)
		link.URL = strings.TrimPrefix(link.URL, r.base)
		for _, part := range r.parts {
			part.kill()
		}
		r.boot(r)
		r.ready()
		await(t, "the embargo to lift", func() bool {
			found := r.finds(key, "registres", "tenu")
			if found && time.Now().Before(until) {
				t.Fatalf("found %v early", time.Until(until))
			}
			return found
		})
		r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
		await(t, "the release to be told", func() bool {
			return strings.Contains(string(r.edit(http.StatusOK, "GET", "/v1/articles/tenu/fr/status", "").body), `"released"`)
		})
	})
}
