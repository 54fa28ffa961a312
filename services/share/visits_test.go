// SPDX-License-Identifier: Apache-2.0

package share_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/services/share/internal/click"
)

const twitterbot = "Mozilla/5.0 (compatible; Twitterbot/1.0)"

// from is a request's header of a visitor at an address, as the proxy tells it.
func from(address, agent string) []string {
	return []string{"X-Forwarded-For", address, "User-Agent", agent}
}

func TestPreviewsAndScannersAreNotReaders(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1, Headline: "Un titre"})
	link := func(channel string) made {
		return d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "channel": "`+channel+`"}`)
	}
	x, fediverse, ahead := link("x"), link("mastodon"), link("mail")

	// X fetches once by its name, and asks three times dressed as browsers.
	d.call("GET", x.URL, "", from("203.0.113.1", twitterbot)...)
	for _, agent := range []string{firefox, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", ""} {
		d.call("HEAD", x.URL, "", from("203.0.113.1", agent)...)
	}
	// A thousand instances of the fediverse draw the same card.
	for i := range 1000 {
		w := d.call("GET", fediverse.URL, "", from(fmt.Sprintf("198.51.%d.%d", i/250, i%250), fmt.Sprintf("http.rb/5.1.1 (Mastodon/4.2.1; +https://m%d.example/) Bot", i))...)
		if w.Code != http.StatusOK || w.Body.Len() > 10_000 {
			t.Fatalf("card page: %d, %d bytes", w.Code, w.Body.Len())
		}
	}
	// A browser asks ahead of its reader, who then comes.
	d.call("GET", ahead.URL, "", append(from("203.0.113.2", firefox), "Sec-Purpose", "prefetch")...)
	d.call("GET", ahead.URL, "", from("203.0.113.2", firefox)...)
	for _, tc := range []struct {
		code string
		want map[string]int
	}{
		{x.Code, map[string]int{"human": 0, "preview": 1}},
		{fediverse.Code, map[string]int{"human": 0, "preview": 1000}},
		{ahead.Code, map[string]int{"human": 1, "prefetch-refused": 1}},
	} {
		await(t, "the clicks on "+tc.code, func() bool {
			got := d.total(tc.code)
			for class, n := range tc.want {
				if got[class] != n {
					return false
				}
			}
			return true
		})
	}
}

func TestACardFollowsTheArticle(t *testing.T) {
	d := open(t)
	recap := article.Edition{ID: "recap", Language: "fr", Version: 1, Headline: `« L’été » & <b>l’hiver</b>`, Description: "Un chapeau."}
	d.publish(recap)
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	page := d.call("GET", l.URL, "", from("203.0.113.1", twitterbot)...).Body.String()
	for _, want := range []string{`property="og:title" content="« L’été » &amp; `, `content="` + l.URL + `"`, `content="La Gazette"`, `name="twitter:card" content="summary_large_image"`, "application/json+oembed", `"@type":"NewsArticle"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	picture := regexp.MustCompile(`property="og:image" content="([^"]+)"`).FindStringSubmatch(page)[1]
	w := d.call("GET", strings.ReplaceAll(picture, "&amp;", "&"), "")
	if img, err := png.Decode(w.Body); err != nil || w.Code != http.StatusOK || img.Bounds().Dx() != 1200 || img.Bounds().Dy() != 630 {
		t.Errorf("picture %s: %d, %v", picture, w.Code, err)
	}
	embed := "/oembed?url=" + l.URL
	if w := d.call("GET", embed, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"version":"1.0"`) || strings.Contains(w.Body.String(), "<b>l’hiver") {
		t.Errorf("oEmbed: %d %s", w.Code, w.Body)
	}
	for target, status := range map[string]int{
		embed + "&format=xml": 200, embed + "&format=yaml": 501, embed + "&maxwidth=x": 400, "/oembed": 400,
		"/oembed?url=https://elsewhere.example/s/" + l.Code: 404, "/cards/recap/de.png": 404, "/cards/none/fr.png": 404,
		l.URL + "+": 200, l.URL + ".svg": 200, l.URL + ".png?size=1": 400, l.URL + ".png?size=256": 200, "/privacy": 200,
	} {
		if w := d.call("GET", target, ""); w.Code != status {
			t.Errorf("%s: %d, want %d: %s", target, w.Code, status, w.Body)
		}
	}

	share := func() (url string, targets map[string]string) {
		t.Helper()
		var out struct {
			URL     string
			Targets []struct{ Network, Label, Href string }
		}
		if err := json.Unmarshal(d.call("GET", "/v1/share/recap?lang=fr&key="+partnerKey, "").Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		targets = map[string]string{}
		for _, t := range out.Targets {
			targets[t.Network] = t.Href
		}
		return out.URL, targets
	}
	before, targets := share()
	if len(targets) != 13 || !strings.Contains(targets["copy"], ".gazette.copy.") || strings.Contains(before, "~") {
		t.Errorf("share bar: %s %v", before, targets)
	}
	recap.Version, recap.Headline, recap.Correction = 2, "Un titre corrigé", "Le titre était faux."
	d.publish(recap)
	after, _ := share()
	if !strings.Contains(after, "~v2.gazette.share.") {
		t.Errorf("after a correction the share bar has %s", after)
	}
	if w := d.follow(http.StatusFound, after); !strings.HasPrefix(w.Header().Get("Location"), "https://gazette.example/fr/recap") {
		t.Errorf("it leads to %s", w.Header().Get("Location"))
	}
	recap.Version, recap.PubStatus, recap.Cancellation = 3, article.Canceled, &article.Cancellation{Reason: "Erreur."}
	d.publish(recap)
	for target, status := range map[string]int{l.URL: 410, embed: 404, "/cards/recap/fr.png": 410, "/v1/share/recap?key=" + partnerKey: 404, l.URL + "+": 410, l.URL + ".svg": 410} {
		w := d.call("GET", target, "", from("203.0.113.9", twitterbot)...)
		if w.Code != status || strings.Contains(w.Body.String(), "Un titre") {
			t.Errorf("canceled, %s: %d, want %d: %s", target, w.Code, status, w.Body)
		}
	}
}

// TestQRCodesLeadBackInCapitals: which makes them small, and their scans are told from the rest.
func TestQRCodesLeadBackInCapitals(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	svg := d.call("GET", l.URL+".svg", "").Body.String()
	scanned := regexp.MustCompile(`HTTPS://RELAIS\.EXAMPLE/S/[A-Z0-9.]+`).FindString(svg)
	if !strings.HasPrefix(scanned, "HTTPS://RELAIS.EXAMPLE/S/"+l.Code+".GAZETTE.QR.") {
		t.Fatalf("the code leads to %q: %s", scanned, svg)
	}
	d.follow(http.StatusFound, strings.TrimPrefix(scanned, "HTTPS://RELAIS.EXAMPLE"))
	await(t, "the scan", func() bool {
		w := d.call("GET", "/v1/links/"+l.Code+"/stats?groupBy=channel", "", "Authorization", "Bearer "+editorKey)
		return strings.Contains(w.Body.String(), `"channel":"qr","human":1`)
	})
}

func TestWhoGuessesIsHeldBack(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap"}`)
	limited := 0
	for i := range 300 {
		if w := d.call("GET", fmt.Sprintf("/s/guess-%d", i), "", from("203.0.113.66", firefox)...); w.Code == http.StatusTooManyRequests {
			limited++
			if w.Header().Get("Retry-After") == "" {
				t.Fatal("429 without Retry-After")
			}
		}
	}
	if limited < 100 {
		t.Errorf("%d of 300 guesses were held back", limited)
	}
	if w := d.call("GET", l.URL, "", from("203.0.113.66", firefox)...); w.Code != http.StatusTooManyRequests {
		t.Errorf("who guesses is told a right code: %d", w.Code)
	}
	if w := d.call("GET", l.URL, "", from("203.0.113.67", firefox)...); w.Code != http.StatusFound {
		t.Errorf("another is answered %d", w.Code)
	}
}

// TestNothingOfAVisitorIsKept looks for an address, a user agent and a referrer in
// all that share writes: the streams, the buckets, its folder, its log lines.
func TestNothingOfAVisitorIsKept(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`)
	visitor := []string{
		"User-Agent", "Mozilla/5.0 (Privatephone) Gecko/20100101 Firefox/140.0", "Referer", "https://intranet.example/secret?q=1", "X-Forwarded-For", "203.0.113.77",
	}
	for _, target := range []string{l.URL, l.URL + "+", l.URL + ".svg", l.URL + "?ref=newsletter", "/s/unknown-code", "/cards/recap/fr.png", "/privacy"} {
		d.call("GET", target, "", visitor...)
	}
	d.call("GET", l.URL, "", append(visitor, "Sec-GPC", "1")...)
	await(t, "the clicks", func() bool { return d.total(l.Code)["human"] == 3 })
	d.stop()
	needles := []string{"Privatephone", "intranet.example", "secret?q", "203.0.113"}
	look := func(where string, content []byte) {
		for _, needle := range needles {
			if bytes.Contains(content, []byte(needle)) {
				t.Errorf("%s holds %q: %s", where, needle, content)
			}
		}
	}
	type sent struct {
		writer string
		number uint64
	}
	clicks, known := 0, map[sent]bool{} // a batch that was sent twice is one
	last, err := d.bus.LastSequence(t.Context(), bus.Clicks)
	if err != nil {
		t.Fatal(err)
	}
	err = d.bus.Scan(t.Context(), bus.Clicks, 1, last, func(m bus.Message) error {
		for line := range bytes.Lines(m.Data) {
			batch, err := click.Decode(bytes.TrimSpace(line))
			if err != nil {
				return err
			}
			if s := (sent{batch.Writer, batch.Number}); !known[s] {
				known[s], clicks = true, clicks+len(batch.Clicks)
			}
		}
		if n := bytes.Count(m.Data, []byte(`"visitor"`)); n > 0 && bytes.Contains(m.Data, []byte(`"class":"bot"`)) {
			t.Errorf("a program has a token: %s", m.Data)
		}
		look("CLICKS", m.Data)
		return nil
	})
	if err != nil || clicks != 3 {
		t.Errorf("%d clicks in the log, %v", clicks, err)
	}
	for _, name := range []string{bus.Links, bus.Salts, bus.Stages, bus.Idempotency} {
		bucket, err := d.bus.Bucket(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := bucket.List(t.Context(), ">")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			look(name+"/"+e.Key, e.Value)
		}
	}
	err = filepath.WalkDir(d.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		look(path, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if lines := d.printed.String(); !strings.Contains(lines, "redirect") {
		t.Errorf("the logger was told nothing: %s", lines)
	} else {
		look("the log lines", []byte(lines))
	}
}

func TestAGuesserFindsNoWayRound(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	l := d.link(http.StatusCreated, `{"article": "recap"}`)
	guess := from("203.0.113.99", firefox)
	for i := 0; d.call("GET", fmt.Sprintf("/oembed?url=%s/s/guess-%d", public, i), "", guess...).Code == http.StatusNotFound; i++ {
		if i == 10_000 {
			t.Fatal("a guesser is not held back")
		}
	}
	for _, target := range []string{l.URL, l.URL + "+", l.URL + ".svg", "/oembed?url=" + l.URL} {
		if w := d.call("GET", target, "", guess...); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

func TestACancellationIsToldToThoseWhoCouldRead(t *testing.T) {
	d := open(t)
	later := time.Now().Add(48 * time.Hour)
	canceled := &article.Cancellation{Reason: "Elle nomme un témoin.", At: time.Now()}
	d.publish(article.Edition{ID: "held", Language: "fr", Version: 1, EmbargoedUntil: &later})
	d.publish(article.Edition{ID: "reserved", Language: "en", SourceLanguage: "en", Version: 1, Audience: &article.Audience{Partners: []string{"revue"}}})
	held, gazette := d.link(http.StatusCreated, `{"article": "held", "partner": "gazette"}`), d.link(http.StatusCreated, `{"article": "reserved", "partner": "gazette"}`)
	revue := d.link(http.StatusCreated, `{"article": "reserved", "partner": "revue"}`)
	for _, ending := range []string{"", "+", ".svg"} {
		if w := d.call("GET", held.URL+ending, ""); w.Code != http.StatusNotFound {
			t.Errorf("under embargo, %q: %d", ending, w.Code)
		}
	}
	d.publish(article.Edition{ID: "held", Language: "fr", Version: 2, EmbargoedUntil: &later, PubStatus: article.Canceled, Cancellation: canceled})
	d.publish(article.Edition{
		ID: "reserved", Language: "en", SourceLanguage: "en", Version: 2, Audience: &article.Audience{Partners: []string{"revue"}},
		PubStatus: article.Canceled, Cancellation: canceled,
	})
	for target, status := range map[string]int{
		held.URL: 404, gazette.URL: 404, revue.URL: 410, "/cards/held/fr.png": 404,
		"/cards/reserved/en.png?partner=gazette": 404, "/cards/reserved/en.png?partner=revue": 410,
	} {
		w := d.call("GET", target, "")
		if w.Code != status || strings.Contains(w.Body.String(), "témoin") != (target == revue.URL) {
			t.Errorf("%s: %d, want %d: %s", target, w.Code, status, w.Body)
		}
	}
}

func TestPatchesDoNotUndoEachOther(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	for range 20 {
		l := d.link(http.StatusCreated, `{"article": "recap"}`)
		var both sync.WaitGroup
		for _, patch := range []string{`{"disabled": true}`, `{"expires": "2999-01-01T00:00:00Z"}`} {
			both.Go(func() { d.call("PATCH", "/v1/links/"+l.Code, patch, "Authorization", "Bearer "+editorKey) })
		}
		both.Wait()
		if body := d.edit(http.StatusOK, "GET", "/v1/links/"+l.Code, "").Body.String(); !strings.Contains(body, `"disabled":true`) || !strings.Contains(body, "2999") {
			t.Fatalf("one patch undid the other: %s", body)
		}
		if body := d.edit(http.StatusOK, "PATCH", "/v1/links/"+l.Code, `{"disabled": null}`).Body.String(); !strings.Contains(body, `"disabled":false`) {
			t.Fatalf("null does not remove: %s", body)
		}
		d.edit(http.StatusNoContent, "DELETE", "/v1/links/"+l.Code, "")
	}
}

func TestADeletedDefaultLinkIsReplaced(t *testing.T) {
	d := open(t)
	d.publish(article.Edition{ID: "recap", Language: "fr", Version: 1})
	bar := func() string {
		t.Helper()
		var out struct{ URL string }
		if err := json.Unmarshal(d.call("GET", "/v1/share/recap?key="+partnerKey, "").Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
		return out.URL
	}
	first := bar()
	code, _, _ := strings.Cut(strings.TrimPrefix(first, public+"/s/"), ".")
	d.edit(http.StatusNoContent, "DELETE", "/v1/links/"+code, "")
	d.follow(http.StatusGone, first)
	d.follow(http.StatusFound, bar())
}

func TestAFreshArticleCanBeSharedAtOnce(t *testing.T) {
	d := open(t)
	for i := range 30 {
		id := fmt.Sprintf("fresh-%d", i)
		c := article.Change{EventID: id, Edition: article.Edition{ID: id, Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable}}
		header, data, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.bus.Append(t.Context(), bus.Articles, bus.Message{Subject: article.Subject(id, "fr"), ID: c.MessageID(), Header: header, Data: data}, 0); err != nil {
			t.Fatal(err)
		}
		d.link(http.StatusCreated, `{"article": "`+id+`"}`)
	}
}

func TestRegionsFindTheirLanguage(t *testing.T) {
	d := open(t)
	for _, lang := range []string{"fr", "en", "zh-Hant"} {
		d.publish(article.Edition{ID: "recap", Language: lang, Version: 1})
	}
	free, pinned := d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette"}`), d.link(http.StatusCreated, `{"article": "recap", "partner": "gazette", "language": "en-GB"}`)
	for _, tc := range []struct{ url, want string }{
		{free.URL + "?lang=fr-CA", "fr"}, {free.URL + "?lang=zh-HK", "zh-Hant"}, {free.URL + "?lang=sr-Cyrl", "en"}, {pinned.URL, "en"}, {pinned.URL + "?lang=fr", "fr"},
	} {
		if got := d.follow(http.StatusFound, tc.url, "Accept-Language", "en").Header().Get("Location"); !strings.HasPrefix(got, "https://gazette.example/"+tc.want+"/") {
			t.Errorf("%s leads to %s, want %s", tc.url, got, tc.want)
		}
	}
}
