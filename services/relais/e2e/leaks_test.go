// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// leaksSecret is an article that the partner p may not see, or not all of.
type leaksSecret struct {
	reason  string
	id      string
	lang    string   // of the edition that is hidden
	token   string   // a word that all fields of the hidden edition have, and nothing else has
	section string   // of the hidden edition
	writes  []string // method, path and body of each write in turn; {id}, {lang}, {fields} and {token} are filled in
	known   bool     // the partner sees, or saw, the article otherwise: answers about it need not be those about none
}

// leaksControl has nothing behind it: what is answered about it tells nothing.
var leaksControl = leaksSecret{reason: "no such article", id: "hidden-none", lang: "fr", token: "vobufotumika", section: "Culture"}

// leaksFields are all texts of an edition, each with the token.
const leaksFields = `"headline": "{token} titre", "description": "{token} chapeau", "bodyText": "{token} corps.", "authors": [{"name": "{token} plume"}],
	"people": [{"name": "{token} voix", "role": "{token} rang", "affiliation": "{token} maison"}], "organisations": ["{token} entreprise"],
	"places": ["{token} ville"], "keywords": ["{token}"], "edNote": "{token} note", "image": {"url": "https://images.example/{token}.jpg", "alt": "{token} image"},
	"canonicalUrl": "https://newsroom.example/{token}", "copyrightHolder": "{token} droits", "usageTerms": "{token} usage",
	"event": {"name": "{token} colloque", "location": "{token} lieu"}`

// leaksSecrets are all reasons why a partner may not see an edition.
func leaksSecrets() []leaksSecret {
	put := func(more string) string { return "PUT /v1/articles/{id}/{lang} {{fields}" + more + "}" }
	const culture, open = `, "section": "Culture"`, `PUT /v1/articles/{id}/fr {"headline": "Un titre", "bodyText": "Un corps.", "section": "Culture"}`
	const cancel = `POST /v1/articles/{id}/cancel {"reason": "{token} raison"}`
	out := []leaksSecret{
		{reason: "another partner’s", writes: []string{put(culture + `, "audience": {"partners": ["q"]}`)}},
		{reason: "in another language", lang: "de", writes: []string{put(culture + `, "sourceLanguage": "de"`)}},
		{reason: "in another section", section: "Affaires", writes: []string{put(`, "section": "Affaires"`)}},
		{reason: "withheld", writes: []string{put(culture + `, "pubStatus": "withheld"`)}},
		{reason: "under embargo", writes: []string{put(culture + `, "embargoedUntil": "2999-01-01T00:00:00Z"`)}},
		{reason: "expired", writes: []string{put(culture + `, "expires": "2001-01-01T00:00:00Z"`)}},
		{reason: "canceled while it was withheld", writes: []string{put(culture + `, "pubStatus": "withheld"`), cancel}},
		{reason: "canceled under embargo", writes: []string{put(culture + `, "embargoedUntil": "2999-01-01T00:00:00Z"`), cancel}},
		{reason: "withdrawn by law, another partner’s", writes: []string{
			put(culture + `, "audience": {"partners": ["q"]}`), `POST /v1/articles/{id}/cancel {"reason": "{token} raison", "legal": true}`,
		}},
		{reason: "its newer version is another partner’s", known: true, writes: []string{open, put(culture + `, "correction": "{token} correction", "audience": {"partners": ["q"]}`)}},
		{reason: "its older version was another partner’s", known: true, writes: []string{
			put(culture + `, "audience": {"partners": ["q"]}`), put(culture + `, "correction": "{token} correction", "audience": {"partners": ["q"]}`), open,
		}},
		{reason: "its translation is withheld", known: true, lang: "en", writes: []string{open, put(culture + `, "sourceLanguage": "fr", "pubStatus": "withheld"`)}},
		{reason: "its translation is another partner’s", known: true, lang: "en", writes: []string{open, put(culture + `, "sourceLanguage": "fr", "audience": {"partners": ["q"]}`)}},
		{reason: "its original is in another section", known: true, section: "Affaires", writes: []string{
			put(`, "section": "Affaires"`), `PUT /v1/articles/{id}/en {"headline": "A title", "bodyText": "A body.", "section": "Culture", "sourceLanguage": "fr"}`,
		}},
		{reason: "for editors", known: true, writes: []string{`PUT /v1/articles/{id}/fr {"headline": "Un titre", "bodyText": "Un corps.", "section": "Culture", "edNote": "{token} note"}`}},
	}
	for i := range out {
		s := &out[i]
		s.id, s.token = fmt.Sprintf("hidden-%04d", i), leaksWord(i)
		if s.lang == "" {
			s.lang = "fr"
		}
		if s.section == "" {
			s.section = "Culture"
		}
	}
	return out
}

// leaksWord is the word number n: as long as the control's, and like no other.
func leaksWord(n int) string {
	const consonants, vowels = "bdfgklmnprtv", "aeiou"
	var b strings.Builder
	for i := range 6 {
		b.WriteByte(consonants[(n*5+i*7+n*i)%len(consonants)])
		b.WriteByte(vowels[(n+i*3+n*n*i)%len(vowels)])
	}
	return b.String()
}

// fill puts an article's names into a text.
func (s *leaksSecret) fill(text string) string {
	text = strings.ReplaceAll(text, "{fields}", leaksFields)
	return strings.NewReplacer("{id}", s.id, "{lang}", s.lang, "{token}", s.token, "{prefix}", s.token[:7], "{typo}", s.token[:10]+"x"+s.token[11:],
		"{section}", s.section, "{ID}", strings.ToUpper(s.id), "{LANG}", strings.ToUpper(s.lang), "{code}", "c-"+s.id, "{other}", "o-"+s.id).Replace(text)
}

// leaksHouse is a newsroom with something to hide.
type leaksHouse struct {
	*relay
	key, disabled string // of p, and of a partner that is disabled
	secrets       []leaksSecret
	controls      map[string]string // answers about nothing, by call
	asked         int
}

// TestAPartnerSeesNoMoreThanItMay asks for what partner p may not see by every route
// and trick: no answer has a word of it, and what is hidden is answered as what is
// not there.
func TestAPartnerSeesNoMoreThanItMay(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		h := &leaksHouse{relay: r, secrets: leaksSecrets(), controls: map[string]string{}}
		h.furnish()
		for i := range h.secrets {
			h.compare(&h.secrets[i], leaksTricks)
		}
		if r.nats == "" {
			h.walk()
		}
		h.disabledPartner()
		t.Logf("%d requests about %d hidden editions", h.asked, len(h.secrets))
	})
}

// furnish writes the articles, and the links that editors made for them.
func (h *leaksHouse) furnish() {
	h.t.Helper()
	partner := func(id, more string) string {
		h.edit(http.StatusCreated, "PUT", "/v1/partners/"+id, `{"name": "`+id+`", "origins": ["`+origin+`"], "articleUrl": "https://`+id+`.example/{lang}/{id}"`+more+`}`)
		var key struct{ Key string }
		h.edit(http.StatusCreated, "POST", "/v1/partners/"+id+"/keys", `{"name": "site"}`).into(h.t, &key)
		return key.Key
	}
	h.key = partner("p", `, "languages": ["fr", "en"], "sections": ["Culture"], "defaultLanguage": "fr"`)
	partner("q", "")
	h.disabled = partner("closed", "")
	h.edit(http.StatusOK, "PUT", "/v1/partners/closed", `{"name": "closed", "disabled": true}`)
	for i := range h.secrets {
		s := &h.secrets[i]
		for _, w := range s.writes {
			call := strings.SplitN(w, " ", 3)
			a := h.call(call[0], s.fill(call[1])+"?wait=searchable", s.fill(call[2]), "Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
			if a.status >= http.StatusBadRequest {
				h.t.Fatalf("%s: %s: %d %s", s.reason, w, a.status, a.body)
			}
		}
		h.edit(http.StatusCreated, "POST", "/v1/links", s.fill(`{"article": "{id}", "partner": "p", "code": "{code}"}`))
		h.edit(http.StatusCreated, "POST", "/v1/links", s.fill(`{"article": "{id}", "partner": "q", "code": "{other}"}`))
	}
	// A link out of service is answered as one that leads to nothing.
	h.edit(http.StatusCreated, "PUT", "/v1/articles/public/fr?wait=searchable", `{"headline": "Le public", "bodyText": "Un corps.", "section": "Culture"}`)
	h.edit(http.StatusCreated, "POST", "/v1/links", leaksControl.fill(`{"article": "public", "partner": "p", "code": "{code}"}`))
	h.edit(http.StatusOK, "PATCH", leaksControl.fill("/v1/links/{code}"), `{"disabled": true}`)
	await(h.t, "the link to be out of service", func() bool {
		return h.call("GET", leaksControl.fill("/s/{code}"), "", "User-Agent", firefox).status == http.StatusNotFound
	})
	await(h.t, "all articles to be linked", func() bool {
		s := h.secrets[len(h.secrets)-1]
		return strings.Contains(string(h.edit(http.StatusOK, "GET", s.fill("/v1/articles/{id}/{lang}/status"), "").body), `"linked"`)
	})
}

// ask sends a request as it stands, path and all.
func (h *leaksHouse) ask(method, path, body string, header []string) answer {
	h.t.Helper()
	h.asked++
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.base+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	req.Header.Set("X-Request-Id", "leaks") // which pages and problems repeat
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

// compare makes each call about a secret and about nothing: without the names that
// were in the calls themselves, the answers have to be the same.
func (h *leaksHouse) compare(s *leaksSecret, calls []leaksCall) {
	h.t.Helper()
	for _, c := range calls {
		got := h.make(c, s)
		text := leaksPlain(got, s, c)
		for i := range h.secrets {
			if strings.Contains(strings.ToLower(text), h.secrets[i].token) {
				h.t.Errorf("%s, asked for as %s: %s %s tells of it: %.600s", s.reason, h.secrets[i].reason, c.method, s.fill(c.path), text)
			}
		}
		if s.known || c.known {
			continue
		}
		if want := h.nothing(c, s); text != want {
			h.t.Errorf("%s: %s %s %v tells it from one that is not there:\n%s", s.reason, c.method, s.fill(c.path), c.header, leaksDifference(text, want))
		}
	}
}

// nothing is the answer to a call about an article that is not there, in the
// language and section of another. It is asked for once.
func (h *leaksHouse) nothing(c leaksCall, s *leaksSecret) string {
	h.t.Helper()
	control := leaksControl
	control.lang, control.section = s.lang, s.section
	name := fmt.Sprint(c, s.lang, s.section)
	text, ok := h.controls[name]
	if !ok {
		text = leaksPlain(h.make(c, &control), &control, c)
		h.controls[name] = text
	}
	return text
}

func (h *leaksHouse) make(c leaksCall, s *leaksSecret) answer {
	h.t.Helper()
	fill := func(text string) string {
		return s.fill(strings.NewReplacer("{key}", h.key, "{base}", h.base, "{host}", strings.TrimPrefix(h.base, "http://")).Replace(text))
	}
	header := make([]string, len(c.header))
	for i := range c.header {
		header[i] = fill(c.header[i])
	}
	return h.ask(c.method, fill(c.path), fill(c.body), header)
}

// leaksDifference shows two texts from shortly before where they part.
func leaksDifference(a, b string) string {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	from := max(0, at-60)
	return fmt.Sprintf("%.12s … %.200q\n%.12s … %.200q", a, a[min(from, len(a)):], b, b[min(from, len(b)):])
}

// leaksOwn are the parts of an answer that differ from one to the next.
var leaksOwn = regexp.MustCompile(`"tookMs":[0-9.e-]+|"at":"[^"]*"|"next":"[^"]*"|after=[\w-]+`)

// leaksPlain is an answer without what differs from one to the next, and without
// what was asked for.
func leaksPlain(a answer, s *leaksSecret, c leaksCall) string {
	header := a.header.Clone()
	for _, name := range []string{"Date", "Server-Timing"} {
		header.Del(name)
	}
	if leaksOwn.Match(a.body) || c.sized { // the answer repeats what was asked for, or has a number of its own
		header.Del("Content-Length")
		header.Del("ETag")
	}
	text := fmt.Sprintf("%d %v %s", a.status, header, string(a.body))
	text = leaksOwn.ReplaceAllString(text, "")
	asked := c.path + c.body + fmt.Sprint(c.header)
	for _, name := range []string{"{id}", "{code}", "{other}", "{ID}", "{token}", "{typo}", "{prefix}"} {
		if strings.Contains(asked, name) || name == "{id}" {
			text = strings.ReplaceAll(text, s.fill(name), name)
		}
	}
	return text
}

// walk calls every GET and POST of the contract, with the secret's names in every
// parameter, and the key in both places.
func (h *leaksHouse) walk() {
	h.t.Helper()
	source, err := os.ReadFile("../internal/docs/openapi.yaml")
	if err != nil {
		h.t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		h.t.Fatal(err)
	}
	var calls []leaksCall
	for path, item := range doc.Paths.Map() {
		if path == "/readyz" || path == "/livez" || path == "/metrics" || path == "/privacy" {
			continue // of the process, not of articles; looked at below
		}
		for method, op := range item.Operations() {
			if method == http.MethodGet || method == http.MethodPost {
				calls = append(calls, leaksOperation(method, path, append(item.Parameters, op.Parameters...))...)
			}
		}
	}
	if len(calls) < 100 {
		h.t.Fatalf("the contract has %d calls", len(calls))
	}
	for i := range h.secrets {
		h.compare(&h.secrets[i], calls)
	}
	for i := range h.secrets {
		h.compare(&h.secrets[i], []leaksCall{{method: "GET", path: "/metrics", known: true}, {method: "GET", path: "/readyz", known: true}, {method: "GET", path: "/privacy", known: true}})
	}
}

// leaksOperation are the calls of an operation: as it is, and with each parameter.
func leaksOperation(method, path string, parameters openapi3.Parameters) []leaksCall {
	path = strings.NewReplacer("{feed}", "{lang}.atom", "{asset}", "{id}", "{file}", "{id}", "{kind}", "{id}", "{keyId}", "{id}").Replace(path)
	body := ""
	if method == http.MethodPost {
		body = `{"article": "{id}", "reason": "{token}", "headline": "{token}", "bodyText": "{token}", "links": [{"article": "{id}"}]}`
	}
	var out []leaksCall
	for _, key := range []string{"?key={key}", "?"} {
		header := []string{"Content-Type", "application/json"}
		if key == "?" {
			header = append(header, "Authorization", "Bearer {key}")
		}
		add := func(query string) {
			out = append(out, leaksCall{method: method, path: path + key + query, body: body, header: header, known: leaksApart(path), sized: true})
		}
		add("")
		for _, ref := range parameters {
			p := ref.Value
			if p.In != openapi3.ParameterInQuery || key == "?" {
				continue
			}
			for _, value := range []string{"{id}", "{token}"} {
				add("&" + p.Name + "=" + value)
			}
		}
	}
	return out
}

// leaksApart names the paths whose answers are about links, which editors made, or
// about an address that only those have who were given it; a card without a
// partner is of what is for every partner, and numbers grow with each question.
func leaksApart(path string) bool {
	return strings.HasPrefix(path, "/v1/links/{code}") || path == "/oembed" || path == "/stats" || strings.HasPrefix(path, "/cards/")
}

// disabledPartner asks with the key of a partner that is out of service.
func (h *leaksHouse) disabledPartner() {
	h.t.Helper()
	for _, path := range []string{
		"/v1/search?q=titre", "/v1/suggest?q=ti", "/v1/latest?lang=fr", "/v1/related/public?lang=fr", "/v1/feeds/fr.atom?", "/v1/content/public?", "/v1/content/public/fr?",
		"/v1/changes?", "/v1/share/public?", "/v1/stats?", "/v1/links/c-hidden-0000?",
	} {
		if a := h.ask("GET", path+"&key="+h.disabled, "", nil); a.status != http.StatusForbidden || strings.Contains(string(a.body), "Le public") {
			h.t.Errorf("%s with the key of a disabled partner: %d %s", path, a.status, a.body)
		}
	}
	var problem struct{ Status int }
	a := h.ask("GET", "/cards/public/fr.png?partner=closed", "", nil)
	if err := json.Unmarshal(a.body, &problem); err != nil || problem.Status != http.StatusNotFound {
		h.t.Errorf("a card of a disabled partner: %d", a.status)
	}
}
