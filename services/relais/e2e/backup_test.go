// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// backupWorld is a relay with some of everything, and what there is to ask it.
type backupWorld struct {
	key, link, code, imported string
	until                     time.Time // of the embargo
	mirror                    mirror
}

// backupFill makes editions with a history, a correction, a cancellation and an
// embargo, a link with clicks, keys, words and an import.
func backupFill(t *testing.T, r *relay) *backupWorld {
	w := &backupWorld{key: r.partner(), until: time.Now().Add(8 * time.Second).UTC()}
	for v := range 3 {
		r.edit([]int{http.StatusCreated, http.StatusOK, http.StatusOK}[v], "PUT", "/v1/articles/recap/fr?wait=searchable",
			fmt.Sprintf(`{"headline": "Registres partagés %d", "bodyText": "Le texte."}`, v))
	}
	r.edit(http.StatusOK, "PATCH", "/v1/articles/recap/fr?wait=searchable", `{"correction": "Une date."}`, "Content-Type", "application/merge-patch+json")
	r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/en?wait=searchable", `{"headline": "Shared ledgers", "bodyText": "The text.", "sourceLanguage": "fr"}`)
	r.edit(http.StatusCreated, "PUT", "/v1/articles/parti/fr?wait=searchable", `{"headline": "Un article parti", "bodyText": "Le texte."}`)
	r.edit(http.StatusOK, "POST", "/v1/articles/parti/cancel?wait=searchable", `{"reason": "Une erreur."}`)
	body, err := json.Marshal(map[string]any{"headline": "Tenu", "bodyText": "Le secret.", "embargoedUntil": w.until})
	if err != nil {
		t.Fatal(err)
	}
	r.edit(http.StatusCreated, "PUT", "/v1/articles/tenu/fr?wait=searchable", string(body))
	var link struct{ Code, URL string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "recap", "partner": "p", "channel": "mail"}`).into(t, &link)
	w.code, w.link = link.Code, strings.TrimPrefix(link.URL, r.base)
	for range 7 {
		r.must(http.StatusFound, "GET", w.link, "", "User-Agent", firefox)
	}
	await(t, "the clicks", func() bool { return r.humans(w.code) == 7 })
	r.edit(http.StatusOK, "PUT", "/v1/glossary", `{"concepts": [{"id": "lawyer", "terms": {"fr": ["avocat"], "en": ["lawyer"]}}]}`)
	var p struct{ ID, State string }
	r.edit(http.StatusAccepted, "POST", "/v1/imports", `{"id": "venu", "language": "fr", "headline": "Un article importé", "bodyText": "Le texte."}`+"\n",
		"Content-Type", "application/x-ndjson").into(t, &p)
	await(t, "the import", func() bool {
		r.edit(http.StatusOK, "GET", "/v1/imports/"+p.ID, "").into(t, &p)
		return p.State == "done" && r.finds(w.key, "importé", "venu")
	})
	w.imported = p.ID
	w.mirror = mirror{r: r, key: w.key, held: map[string]change{}}
	await(t, "the partner's copy to hold all that it may", func() bool {
		w.mirror.poll()
		return len(w.mirror.held) == 3 && w.mirror.held["venu.fr"].ID != "" && w.mirror.held["recap.en"].ID != "" && w.mirror.held["recap.fr"].Version == 4
	})
	await(t, "the day of use of the partner's key", func() bool {
		return strings.Contains(string(r.edit(http.StatusOK, "GET", "/v1/partners/p/keys", "").body), `"lastUsedAt"`)
	})
	return w
}

// backupAnswers is what the relay says of everything that does not move.
func backupAnswers(r *relay, w *backupWorld) map[string]string {
	out := map[string]string{}
	for _, path := range []string{
		"/v1/articles/recap", "/v1/articles/recap/fr", "/v1/articles/recap/fr?version=1", "/v1/articles/recap/fr/versions", "/v1/articles/recap/en",
		"/v1/articles/parti/fr", "/v1/articles/venu/fr", "/v1/articles/tenu/fr/versions", "/v1/partners", "/v1/partners/p", "/v1/partners/p/keys", "/v1/keys", "/v1/glossary",
		"/v1/imports/" + w.imported, "/v1/links/" + w.code,
	} {
		a := r.edit(http.StatusOK, "GET", path, "")
		out[path] = strings.ReplaceAll(string(a.body), r.base, "BASE")
	}
	return out
}

// backupWrites publishes until it is told to stop, and says how many it did.
func backupWrites(r *relay, stop <-chan struct{}) <-chan int {
	done := make(chan int, 1)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			req, err := http.NewRequest("PUT", fmt.Sprintf("%s/v1/articles/bruit-%d/fr", r.base, n), strings.NewReader(`{"headline": "Bruit", "bodyText": "Le texte."}`)) //nolint:noctx // ends with the test
			if err != nil {
				done <- n
				return
			}
			req.Header.Set("Authorization", "Bearer "+adminKey)
			req.Header.Set("Content-Type", "application/json")
			if resp, err := browser.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}
	}()
	return done
}

// TestABackupIsTheWholeRelay backs a relay up while it is written to, makes a
// new one of the file, and asks both the same.
func TestABackupIsTheWholeRelay(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		w := backupFill(t, r)
		want := backupAnswers(r, w)
		stop := make(chan struct{})
		writing := backupWrites(r, stop)
		file := filepath.Join(t.TempDir(), "relais.tar")
		take := []string{"backup", file}
		if r.nats != "" {
			take = append(take, "--nats-url", r.nats)
		}
		out, errs, code := r.run("", take...)
		close(stop)
		if n := <-writing; code != 0 || !strings.HasPrefix(out, "Sauvegarde faite : ") || n == 0 {
			t.Fatalf("backup: %d\n%s%s(%d writes meanwhile)", code, out, errs, n)
		}
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("the file: %v, %v", info, err)
		}
		if out, errs, code := r.run("", "restore", "--check", file); code != 0 {
			t.Errorf("restore --check: %d\n%s%s", code, out, errs)
		}
		for _, part := range r.parts {
			part.kill()
		}
		again := &relay{t: t, dir: filepath.Join(t.TempDir(), "new"), parts: map[string]*process{}, boot: r.boot}
		backupRestore(again, file, r.nats != "")
		again.boot(again)
		again.ready()
		for path, body := range backupAnswers(again, w) {
			if body != want[path] {
				t.Errorf("%s: %s\nbefore: %s", path, body, want[path])
			}
		}
		backupLives(t, again, w)
	})
}

// backupRestore makes the place of a relay that is not running yet.
func backupRestore(r *relay, file string, apart bool) {
	r.t.Helper()
	if !apart {
		if out, errs, code := r.run("", "restore", file, "--data", r.dir); code != 0 {
			r.t.Fatalf("restore: %d\n%s%s", code, out, errs)
		}
		return
	}
	ports := r.t.TempDir()
	server := start(r.t, "nats-server", "-js", "-sd", filepath.Join(r.dir, "nats"), "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports)
	server.line("Server is ready")
	address := r.natsURL(ports)
	if out, errs, code := r.run("", "restore", file, "--nats-url", address); code != 0 {
		r.t.Fatalf("restore: %d\n%s%s", code, out, errs)
	}
	if out, errs, code := r.run("", "restore", file, "--nats-url", address); code == 0 {
		r.t.Errorf("restored twice:\n%s%s", out, errs)
	}
	server.kill()
}

// backupLives looks at what moves on: search, links, counts, the partner's copy, the embargo.
func backupLives(t *testing.T, r *relay, w *backupWorld) {
	t.Helper()
	await(t, "search", func() bool { return r.finds(w.key, "registres", "recap") && r.finds(w.key, "importé", "venu") })
	if r.finds(w.key, "parti", "parti") {
		t.Error("what was canceled is found")
	}
	if a := r.must(http.StatusFound, "GET", w.link, "", "User-Agent", firefox); !strings.Contains(a.header.Get("Location"), "https://partenaire.example/fr/recap") {
		t.Errorf("the link leads to %s", a.header.Get("Location"))
	}
	await(t, "the counts", func() bool { return r.humans(w.code) == 8 })
	await(t, "the embargo to lift", func() bool {
		found := r.finds(w.key, "tenu", "tenu")
		if found && time.Now().Before(w.until) {
			t.Fatalf("found %v early", time.Until(w.until))
		}
		return found
	})
	await(t, "the release to be told", func() bool {
		return strings.Contains(string(r.edit(http.StatusOK, "GET", "/v1/articles/tenu/fr/status", "").body), `"released"`)
	})
	copied := &mirror{r: r, key: w.key, after: w.mirror.after, held: map[string]change{}}
	await(t, "the partner's copy to learn of the release", func() bool {
		copied.poll()
		return copied.held["tenu.fr"].ID != ""
	})
	for _, c := range copied.told {
		if c.ID != "tenu" && !strings.HasPrefix(c.ID, "bruit-") {
			t.Errorf("told again: %s", c.ID)
		}
	}
	r.edit(http.StatusOK, "PUT", "/v1/articles/recap/fr?wait=searchable", `{"headline": "La suite", "bodyText": "Le texte."}`)
	if a := r.edit(http.StatusOK, "GET", "/v1/articles/recap/fr", ""); a.header.Get("ETag") != `"5"` {
		t.Errorf("the next version is %s", a.header.Get("ETag"))
	}
}

// TestOneProcessHasAFolder starts what may not run twice, and backs up what is stopped.
func TestOneProcessHasAFolder(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}}
	bootOne(r)
	r.ready()
	r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr", `{"headline": "Registres", "bodyText": "Le texte."}`)
	second := start(t, "relais", "serve", "--listen", "127.0.0.1:0", "--data", r.dir)
	second.line("another process has this data folder open")
	file := filepath.Join(t.TempDir(), "relais.tar")
	if _, errs, code := r.run("", "backup", "--data", r.dir, file); code == 0 || !strings.Contains(errs, "pendant qu’il tourne") {
		t.Errorf("backup of a folder in use: %d %s", code, errs)
	}
	if out, errs, code := r.run("", "restore", file, "--data", r.dir); code == 0 {
		t.Errorf("restored over a relay: %s%s", out, errs)
	}
	r.parts["relais"].stop()
	if out, errs, code := r.run("", "backup", "--data", r.dir, file); code != 0 {
		t.Errorf("backup: %d\n%s%s", code, out, errs)
	}
	damaged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, damaged[:len(damaged)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "new")
	if out, errs, code := r.run("", "restore", file, "--data", into); code == 0 || !strings.Contains(errs, "not a whole backup") {
		t.Errorf("half of a backup was restored: %s%s", out, errs)
	}
	if _, err := os.Stat(into); !os.IsNotExist(err) {
		t.Errorf("something was written: %v", err)
	}
}
