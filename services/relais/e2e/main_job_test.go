// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

func TestPublishFindShare(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		id := r.recap()
		for _, q := range []string{
			"collectivites", "collectivité", "l'usager", "l’usager", "usagers", "œuvre", "oeuvre", "blokchain", "potentialite", "Saint-Aubin", "collectiv",
		} {
			if !r.finds(key, q, id) {
				t.Errorf("%q does not find the recap", q)
			}
		}
		if got := r.search(key, "zzzyyyxxx"); got.Total != 0 || len(got.Hits) != 0 {
			t.Errorf("nonsense finds %d", got.Total)
		}
		hit := r.search(key, "collectivite").Hits[0]
		if hit.Language != "fr" || hit.URL != "https://partenaire.example/fr/"+id || hit.ReadingMinutes < 1 || len(hit.Headline.Marks) == 0 {
			t.Errorf("hit %+v", hit)
		}
		var link struct{ Code, URL string }
		body := `{"article": "` + id + `", "partner": "p", "channel": "mail"}`
		r.edit(http.StatusCreated, "POST", "/v1/links", body).into(t, &link)
		first := link.Code
		r.edit(http.StatusOK, "POST", "/v1/links", body).into(t, &link)
		if link.Code != first {
			t.Errorf("found or created %s after %s", link.Code, first)
		}
		for range 3 {
			a := r.must(http.StatusFound, "GET", link.URL, "", "User-Agent", firefox)
			if to := a.header.Get("Location"); !strings.HasPrefix(to, "https://partenaire.example/fr/"+id) {
				t.Errorf("Location %q", to)
			}
			if a.header.Get("Cache-Control") != "private, no-store" || a.header.Get("Set-Cookie") != "" {
				t.Errorf("header %v", a.header)
			}
		}
		r.must(http.StatusFound, "HEAD", link.URL, "", "User-Agent", firefox)
		await(t, "three clicks to be counted", func() bool { return r.humans(link.Code) == 3 })

		await(t, "the share link of the hit", func() bool { return r.search(key, "collectivites").Hits[0].ShareURL != "" })
		shared := r.search(key, "collectivites").Hits[0].ShareURL
		if a := r.must(http.StatusFound, "GET", shared, "", "User-Agent", firefox); !strings.HasPrefix(a.header.Get("Location"), "https://partenaire.example/fr/") {
			t.Errorf("the hit's share link leads to %q", a.header.Get("Location"))
		}
		await(t, "the stages of the recap", func() bool {
			status := string(r.edit(http.StatusOK, "GET", "/v1/articles/"+id+"/fr/status", "").body)
			return strings.Contains(status, `"accepted"`) && strings.Contains(status, `"searchable"`) && strings.Contains(status, `"linked"`)
		})
	})
}

func TestOneHitPerArticleInTheReadersLanguage(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr", `{"headline": "Blockchain et communes", "bodyText": "La blockchain expliquée."}`)
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/en?wait=searchable", `{"headline": "Blockchain and towns", "bodyText": "The blockchain explained."}`)
		for lang, headline := range map[string]string{"fr": "Blockchain et communes", "en": "Blockchain and towns", "de": "Blockchain et communes"} {
			got := r.search(key, "blockchain", "lang", lang)
			if got.Total != 1 || len(got.Hits) != 1 || got.Hits[0].Headline.Text != headline || len(got.Hits[0].Translations) != 1 {
				t.Errorf("in %s: %+v", lang, got)
			}
		}
		var link struct{ URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "recap", "partner": "p"}`).into(t, &link)
		for accept, want := range map[string]string{"en-GB, fr;q=.5": "en", "de, fr;q=.5": "fr", "": "fr"} {
			a := r.must(http.StatusFound, "GET", link.URL, "", "Accept-Language", accept)
			if !strings.HasPrefix(a.header.Get("Location"), "https://partenaire.example/"+want+"/") || a.header.Get("Vary") != "Accept-Language" {
				t.Errorf("for %q to %s", accept, a.header.Get("Location"))
			}
		}
	})
}

func TestAnArticlesLife(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		id := r.recap()
		var link struct{ URL string }
		r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p"}`).into(t, &link)

		r.edit(http.StatusOK, "PATCH", "/v1/articles/"+id+"/fr?wait=searchable", `{"headline": "Registres partagés et communes", "correction": "Titre."}`)
		if got := r.search(key, "registres").Hits; len(got) != 1 || got[0].Headline.Text != "Registres partagés et communes" {
			t.Errorf("after a correction: %+v", got)
		}
		r.edit(http.StatusOK, "PATCH", "/v1/articles/"+id+"/fr?wait=searchable", `{"embargoedUntil": "2999-01-01T00:00:00Z"}`)
		if r.finds(key, "registres", id) {
			t.Error("found under embargo")
		}
		await(t, "the link of an embargoed article to lead nowhere", func() bool { return r.call("GET", link.URL, "").status == http.StatusNotFound })
		soon := time.Now().Add(1500 * time.Millisecond).UTC()
		r.edit(http.StatusOK, "PATCH", "/v1/articles/"+id+"/fr?wait=searchable", fmt.Sprintf(`{"embargoedUntil": %q}`, soon.Format(time.RFC3339Nano)))
		if found := r.finds(key, "registres", id); found && time.Now().Before(soon) {
			t.Error("found before the embargo lifted")
		}
		await(t, "the embargo to lift by itself", func() bool { return r.finds(key, "registres", id) })
		if time.Now().Before(soon) {
			t.Error("the embargo lifted early")
		}
		r.must(http.StatusFound, "GET", link.URL, "")

		r.edit(http.StatusOK, "POST", "/v1/articles/"+id+"/cancel?wait=searchable", `{"reason": "Des propos mal attribués."}`)
		if r.finds(key, "registres", id) {
			t.Error("found after it was canceled")
		}
		await(t, "the link of a canceled article to be gone", func() bool { return r.call("GET", link.URL, "").status == http.StatusGone })
		if page := r.call("GET", link.URL, ""); !strings.Contains(string(page.body), "Des propos mal attribués.") {
			t.Errorf("the page does not give the reason: %s", page.body)
		}
	})
}

func TestKeysAndOrigins(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		r.recap()
		search := "/v1/search?q=blockchain&key="
		a := r.must(http.StatusOK, "GET", search+key, "", "Origin", origin)
		if a.header.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(a.header.Get("Vary"), "Origin") ||
			a.header.Get("Cache-Control") != "public, max-age=30, stale-while-revalidate=300" || a.header.Get("Server-Timing") == "" {
			t.Errorf("header %v", a.header)
		}
		r.must(http.StatusNotModified, "GET", search+key, "", "Origin", origin, "If-None-Match", a.header.Get("ETag"))
		r.must(http.StatusForbidden, "GET", search+key, "", "Origin", "https://ailleurs.example")
		r.must(http.StatusUnauthorized, "GET", search+"pk_nobody-nobody-nobody-nobody", "", "Origin", origin)
		r.must(http.StatusUnauthorized, "GET", "/v1/search?q=x", "")
		r.must(http.StatusForbidden, "GET", search+adminKey, "")
		r.must(http.StatusBadRequest, "GET", search+key+"&limit=-1", "")
		r.must(http.StatusBadRequest, "GET", search+key+"&lang=francais", "")
		r.must(http.StatusBadRequest, "GET", search+key+"&facets=colour", "")
		r.must(http.StatusForbidden, "POST", "/v1/links?key="+key, `{"article": "x"}`, "Content-Type", "application/json", "Origin", "https://ailleurs.example")
		r.edit(http.StatusUnprocessableEntity, "POST", "/v1/links", `{"article": "nothing-of-that-name"}`)
		r.edit(http.StatusBadRequest, "POST", "/v1/links", `{"articel": "x"}`)
		r.must(http.StatusNotFound, "GET", "/s/22222222", "")

		var keys struct{ Keys []struct{ ID string } }
		r.edit(http.StatusOK, "GET", "/v1/partners/p/keys", "").into(t, &keys)
		r.edit(http.StatusNoContent, "DELETE", "/v1/partners/p/keys/"+keys.Keys[0].ID, "")
		await(t, "a revoked key to be refused", func() bool {
			return r.call("GET", search+key, "", "Origin", origin).status == http.StatusUnauthorized
		})
	})
}

func TestNothingIsLostByAKill(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		var mu sync.Mutex
		accepted := map[string]bool{}
		var writers sync.WaitGroup
		stop := make(chan struct{})
		for w := range 4 {
			writers.Go(func() {
				for n := 0; ; n++ {
					id := fmt.Sprintf("a-%d-%d", w, n)
					req, err := http.NewRequestWithContext(t.Context(), "PUT", r.base+"/v1/articles/"+id+"/fr",
						strings.NewReader(`{"headline": "Article `+id+`", "bodyText": "Le mot commun."}`))
					if err != nil {
						return
					}
					req.Header.Set("Authorization", "Bearer "+adminKey)
					req.Header.Set("Content-Type", "application/json")
					resp, err := http.DefaultClient.Do(req)
					if err == nil {
						_ = resp.Body.Close()
						if resp.StatusCode == http.StatusCreated {
							mu.Lock()
							accepted[id] = true
							mu.Unlock()
						}
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		await(t, "some writes", func() bool { mu.Lock(); defer mu.Unlock(); return len(accepted) > 100 })
		for _, p := range r.parts {
			p.kill()
		}
		close(stop)
		writers.Wait()
		r.boot(r)
		r.ready()
		key := r.partner()
		for id := range accepted {
			var e struct{ Version int }
			r.edit(http.StatusOK, "GET", "/v1/articles/"+id+"/fr", "").into(t, &e)
			if e.Version != 1 {
				t.Errorf("%s has version %d", id, e.Version)
			}
		}
		if got := r.search(key, "commun").Total; got < len(accepted) {
			t.Errorf("%d of %d accepted articles are found", got, len(accepted))
		}
	})
}

func TestTheIndexIsDisposable(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		id := r.recap()
		for _, name := range []string{"relais", "relais-search", "relais-share", "relais-ingest", "nats-server"} {
			if p := r.parts[name]; p != nil {
				if took := p.stop(); took > 10*time.Second {
					t.Errorf("%s took %s to stop", name, took)
				}
			}
		}
		for _, dir := range []string{filepath.Join(r.dir, "index"), filepath.Join(r.dir, "relais-search", "index")} {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		r.boot(r)
		r.ready()
		if !r.finds(r.partner(), "collectivites", id) {
			t.Error("not found after the index was deleted")
		}
	})
}

func TestEveryProcessTellsItsState(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		r.must(http.StatusOK, "GET", "/livez", "")
		r.must(http.StatusOK, "GET", "/readyz", "")
		if m := string(r.must(http.StatusOK, "GET", "/metrics", "").body); !strings.Contains(m, "relais_http_request_duration_seconds") || !strings.Contains(m, "go_goroutines") {
			t.Errorf("metrics: %s", m)
		}
		a := r.must(http.StatusOK, "GET", "/widget/v1.js", "")
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/javascript") || len(a.body) < 1000 {
			t.Errorf("widget: %s, %d bytes", a.header.Get("Content-Type"), len(a.body))
		}
	})
}
