// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// feeds are the formats that a partner's articles can be read in.
var feeds = []string{"rss", "atom", "json", "ninjs", "sitemap"}

// change is one line of /v1/changes.
type change struct {
	ID, Language, PubStatus string
	Version                 int
	Edition                 *struct{ Headline, URL, BodyHTML, EdNote string }
	Corrections             []struct{ Note string }
	Cancellation            *struct{ Reason string }
}

// mirror is a partner's copy of what it may show, kept by /v1/changes alone.
type mirror struct {
	r     *relay
	key   string
	after string
	held  map[string]change // by id.language
	told  []change
}

// poll reads what is new, a page at a time.
func (m *mirror) poll() {
	m.r.t.Helper()
	for {
		v := url.Values{"key": {m.key}, "limit": {"2"}}
		if m.after != "" {
			v.Set("after", m.after)
		}
		var page struct {
			Changes []change
			Next    string
			More    bool
		}
		m.r.must(http.StatusOK, "GET", "/v1/changes?"+v.Encode(), "").into(m.r.t, &page)
		for _, c := range page.Changes {
			m.told = append(m.told, c)
			if delete(m.held, c.ID+"."+c.Language); c.PubStatus == "usable" {
				m.held[c.ID+"."+c.Language] = c
			}
		}
		m.after = page.Next
		if !page.More {
			return
		}
	}
}

// exits are the ways of syndication that lead to the article secret, and whether they show a text.
func (r *relay) exits(key, text string) map[string]bool {
	r.t.Helper()
	shown := map[string]bool{}
	for _, f := range feeds {
		a := r.must(http.StatusOK, "GET", "/v1/feeds/fr."+f+"?key="+key, "")
		shown[f] = strings.Contains(string(a.body), text)
	}
	for _, format := range []string{"json", "ninjs", "html"} {
		a := r.call("GET", "/v1/content/secret?key="+key+"&format="+format, "")
		shown["content "+format] = a.status == http.StatusOK && strings.Contains(string(a.body), text)
	}
	fresh := mirror{r: r, key: key, held: map[string]change{}}
	fresh.poll()
	c, ok := fresh.held["secret.fr"]
	shown["changes"] = ok && strings.Contains(c.Edition.Headline, text)
	return shown
}

func every(shown map[string]bool, want bool) bool {
	for _, is := range shown {
		if is != want {
			return false
		}
	}
	return true
}

func TestWhatAPartnerMaySyndicate(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		m := &mirror{r: r, key: key, held: map[string]change{}}
		m.poll()
		if len(m.held) != 0 {
			t.Fatalf("a mirror of nothing holds %v", m.held)
		}
		soon := time.Now().Add(2 * time.Second).UTC()
		r.edit(http.StatusCreated, "PUT", "/v1/articles/secret/fr", fmt.Sprintf(
			`{"headline": "Registres secrets", "bodyText": "Le texte.", "edNote": "Pas un mot.", "embargoedUntil": %q}`, soon.Format(time.RFC3339Nano)))
		r.edit(http.StatusCreated, "PUT", "/v1/articles/other/fr?wait=searchable", `{"headline": "Pour d’autres", "bodyText": "Le texte.", "audience": {"partners": ["q"]}}`)
		if shown := r.exits(key, "Registres"); !every(shown, false) && time.Now().Before(soon) {
			t.Errorf("shown before the embargo lifted: %v", shown)
		}
		m.poll()
		await(t, "the embargo to lift at every exit", func() bool { return every(r.exits(key, "Registres"), true) })
		if late := time.Since(soon); late < 0 {
			t.Errorf("the embargo lifted %s early", -late)
		}
		m.poll()
		if c := m.held["secret.fr"]; c.Edition == nil || c.Edition.URL != "https://partenaire.example/fr/secret" || c.Edition.BodyHTML == "" || c.Edition.EdNote != "" {
			t.Errorf("the mirror holds %+v", c)
		}

		r.edit(http.StatusOK, "PATCH", "/v1/articles/secret/fr", `{"headline": "Registres ouverts", "correction": "Le titre était faux."}`)
		r.edit(http.StatusOK, "PATCH", "/v1/articles/secret/fr?wait=searchable", `{"section": "Droit"}`)
		await(t, "the correction at every exit", func() bool { return every(r.exits(key, "ouverts"), true) })
		m.poll()
		if c := m.held["secret.fr"]; c.Version != 3 || len(c.Corrections) != 1 || c.Corrections[0].Note != "Le titre était faux." {
			t.Errorf("after a correction and an update the mirror holds %+v", c)
		}

		r.withdraws(m, key)
	})
}

// withdraws cancels the article secret, which leaves every exit and the mirror.
func (r *relay) withdraws(m *mirror, key string) {
	r.t.Helper()
	r.edit(http.StatusOK, "POST", "/v1/articles/secret/cancel", `{"reason": "Des propos mal attribués."}`)
	canceled := time.Now()
	await(r.t, "every exit to be shut", func() bool { return every(r.exits(key, "ouverts"), false) })
	r.t.Logf("shut within %s", time.Since(canceled).Round(time.Millisecond))
	if a := r.must(http.StatusGone, "GET", "/v1/content/secret/fr?key="+key, ""); !strings.Contains(string(a.body), "Des propos mal attribués.") {
		r.t.Errorf("content does not give the reason: %s", a.body)
	}
	if a := r.must(http.StatusOK, "GET", "/v1/feeds/fr.atom?key="+key, ""); !strings.Contains(string(a.body), "deleted-entry") {
		r.t.Errorf("no tombstone in %s", a.body)
	}
	m.poll()
	if len(m.held) != 0 {
		r.t.Errorf("the mirror still holds %v", m.held)
	}
	for _, c := range m.told {
		if c.ID != "secret" {
			r.t.Errorf("told of what it may not see: %+v", c)
		}
	}
	if last := m.told[len(m.told)-1]; last.PubStatus != "canceled" || last.Cancellation == nil || last.Cancellation.Reason == "" {
		r.t.Errorf("told of the cancellation as %+v", last)
	}
}

// TestAMirrorGoesOnAfterARestart takes a cursor across a kill.
func TestAMirrorGoesOnAfterARestart(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		for i := range 5 {
			r.edit(http.StatusCreated, "PUT", fmt.Sprintf("/v1/articles/a-%d/fr?wait=searchable", i), fmt.Sprintf(`{"headline": "Article %d", "bodyText": "Le texte."}`, i))
		}
		m := &mirror{r: r, key: key, held: map[string]change{}}
		await(t, "five editions to be told", func() bool { m.poll(); return len(m.held) == 5 })
		told := len(m.told)
		for _, p := range r.parts {
			p.kill()
		}
		r.boot(r)
		r.ready()
		m.r = r
		m.poll()
		if len(m.told) != told {
			t.Errorf("told again of %d editions", len(m.told)-told)
		}
		r.edit(http.StatusOK, "PATCH", "/v1/articles/a-3/fr?wait=searchable", `{"headline": "Article trois"}`)
		await(t, "the change to be told", func() bool { m.poll(); return m.held["a-3.fr"].Version == 2 })
		if len(m.told) != told+1 {
			t.Errorf("told of %d changes for one", len(m.told)-told)
		}
	})
}

// TestFeedsComeBackIn publishes a relay's own feeds to it again, under another name.
func TestFeedsComeBackIn(t *testing.T) {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootOne}
	r.boot(r)
	r.ready()
	key := r.partner()
	id := r.recap()
	for format, mediaType := range map[string]string{"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"} {
		var body []byte
		await(t, "the recap in the feed "+format, func() bool {
			body = r.must(http.StatusOK, "GET", "/v1/feeds/fr."+format+"?key="+key, "").body
			return strings.Contains(string(body), id)
		})
		var job struct {
			ID                 string
			State              string
			Accepted, Rejected int
			Unchanged          int
			Errors             json.RawMessage
		}
		r.edit(http.StatusAccepted, "POST", "/v1/imports", string(body), "Content-Type", mediaType).into(t, &job)
		await(t, "the import of "+format, func() bool {
			r.edit(http.StatusOK, "GET", "/v1/imports/"+job.ID, "").into(t, &job)
			return job.State == "done" || job.State == "failed"
		})
		if job.Rejected != 0 || job.Accepted+job.Unchanged == 0 {
			t.Errorf("%s: %+v %s", format, job, job.Errors)
		}
	}
}
