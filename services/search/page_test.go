// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestThePageForReadersWithoutJavaScript(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain <script>alert(1)</script>"))
	w := d.get("/search?lang=fr&key=" + siteKey + "&q=" + url.QueryEscape(`blockchain "><script>`))
	page := w.Body.String()
	if w.Code != http.StatusOK || strings.Contains(page, "<script>") || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, policy %q: %s", w.Code, w.Header().Get("Content-Security-Policy"), page)
	}
	page = d.get("/search?lang=fr&key=" + siteKey + "&q=blockchain").Body.String()
	for _, want := range []string{`<html lang="fr">`, "1\u00a0résultat<", "<mark>blockchain</mark>", `href="https://gazette.example/fr/recap"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
}

func TestThePageSaysWhatIsWrong(t *testing.T) {
	d := open(t)
	for _, tc := range []struct {
		name, target, accept string
		status               int
		lang, want           string
	}{
		{"no key", "/search?q=x", "", 401, "fr", "Clé absente ou inconnue"},
		{"no key, in English", "/search?q=x", "en-GB,en;q=0.9,fr;q=0.5", 401, "en", "Missing or unknown key"},
		{"no key, the language asked for", "/search?q=x&lang=fr", "en", 401, "fr", "Revenez sur ce site"},
		{"no key, a third language", "/search?q=x&lang=de", "de", 401, "en", "Missing or unknown key"},
		{"an unknown key", "/search?key=pk_unknown-unknown-unknown-unknown", "fr", 401, "fr", "Cette page s’ouvre"},
		{"a secret key", "/search?key=" + editKey, "fr", 403, "fr", "Recherche non autorisée"},
		{"a bad parameter", "/search?offset=x&key=" + siteKey, "fr", 400, "fr", "Le paramètre «\u00a0offset\u00a0» n’a pas la forme attendue."},
		{"a bad parameter, in English", "/search?year=abc&key=" + siteKey, "en", 400, "en", "The parameter “year” does not have the form it should."},
		{"a bad language", "/search?lang=x_y&key=" + siteKey, "en", 400, "en", "“lang”"},
		{"a bad text", "/search?q=%ff&key=" + siteKey, "", 400, "fr", "«\u00a0q\u00a0»"},
		{"a bad address", "/search?q=%zz&key=" + siteKey, "", 400, "fr", "mal formée"},
	} {
		w := d.get(tc.target, "Accept-Language", tc.accept)
		page := w.Body.String()
		if w.Code != tc.status || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || w.Header().Get("Content-Language") != tc.lang ||
			w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: status %d, header %v", tc.name, w.Code, w.Header())
		}
		if !strings.Contains(page, tc.want) || !strings.Contains(page, `<html lang="`+tc.lang+`">`) || strings.Contains(page, "<form") {
			t.Errorf("%s: the page lacks %q: %s", tc.name, tc.want, page)
		}
		if tc.status == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: 401 without WWW-Authenticate", tc.name)
		}
	}
}

func TestThePageCorrectsAndNarrows(t *testing.T) {
	d := open(t)
	newsroom(d)
	shows := func(target string, wanted ...string) string {
		t.Helper()
		w := d.get(target)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: status %d: %s", target, w.Code, w.Body)
		}
		for _, want := range wanted {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s: the page lacks %q: %s", target, want, w.Body)
			}
		}
		return w.Body.String()
	}
	shows("/search?lang=fr&q=tribunla&key="+siteKey,
		"Aucun résultat pour «\u00a0tribunla\u00a0». Résultats pour «\u00a0tribunal\u00a0»", "1\u00a0résultat", "4\u00a0mars\u00a02026", "1\u00a0min de lecture")
	shows("/search?lang=en&q=tribunla&key="+siteKey, "No results for “tribunla”. Results for “tribunal”", "1\u00a0result", "1\u00a0min read")
	shows("/search?lang=fr&q=xylophone&key="+siteKey, "Aucun résultat")
	shows("/search?lang=fr&q=&key="+siteKey, "Affiner la recherche", "Rubriques", "Personnes", "section=Justice", "person=Claire&#43;Balva", "lang=fr")
	page := shows("/search?lang=fr&q=&section=Justice&key="+siteKey, `aria-current="true">Justice</a>`, `name="lang" value="fr"`)
	if strings.Contains(page, "ratatouille") {
		t.Error("the filter is not applied")
	}
}
