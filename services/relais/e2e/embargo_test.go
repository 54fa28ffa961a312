// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// embargoBound is how late an edition may come out on a machine that is busy with
// other things. How late it is, is told; within a second is what is promised.
const embargoBound = 10 * time.Second

// embargoClient asks with many connections, and follows no redirect.
var embargoClient = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 100},
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// TestEmbargoAcrossARestart releases 200 editions in one second, shortly after the
// processes were killed and started again, or while they are down: none is early at
// any exit, and all come out by themselves. RELAIS_CHAOS_ROUNDS repeats it.
func TestEmbargoAcrossARestart(t *testing.T) {
	rounds := 1
	if s := os.Getenv("RELAIS_CHAOS_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for shape, boot := range map[string]func(*relay){"one": bootOne, "apart": bootApart} {
		for when, down := range map[string]bool{"after the start": false, "while down": true} {
			for n := range rounds {
				t.Run(shape+", "+when+", "+strconv.Itoa(n), func(t *testing.T) {
					// On a slow machine the second comes before all is in place: once more, with more time.
					for ahead := 3 * time.Second; !embargoRound(t, boot, down, ahead); ahead *= 2 {
						t.Logf("%s were too short", ahead)
					}
				})
			}
		}
	}
}

// embargoBatch is 200 editions with the same second of release.
type embargoBatch struct {
	r      *relay
	key    string
	cursor string   // of changes, from before
	codes  []string // of links: of the articles under embargo, then of the public ones with a translation
	moment time.Time
}

// embargoRound publishes a batch that is released after a while, kills and starts all
// processes, and watches. It reports whether the second came when it was to come.
func embargoRound(t *testing.T, boot func(*relay), down bool, ahead time.Duration) bool {
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: boot}
	r.boot(r)
	r.ready()
	page := httptest.NewServer(http.HandlerFunc(embargoPage))
	defer page.Close()
	b := &embargoBatch{r: r}
	b.prepare(page.URL)
	b.moment = time.Now().Add(ahead + time.Second).Truncate(time.Second)
	b.publish()

	watch := newEmbargoWatch(t, b.exits(), b.moment)
	stop := watch.run(r.base)
	published := time.Now().Before(b.moment)
	if !down {
		watch.askedAll()
	}
	stop()
	for _, p := range r.parts {
		p.kill()
	}
	if down {
		published = published && time.Now().Before(b.moment)
		<-time.After(time.Until(b.moment))
	}
	r.boot(r)
	stop = watch.run(r.base)
	r.ready()
	ready := time.Now()
	if !down {
		published = published && ready.Before(b.moment)
		b.widget(page.URL)
	}
	watch.from.Store(max(ready.UnixNano(), b.moment.UnixNano()))
	await(t, "all editions to come out at every exit; shut: "+strings.Join(watch.shut(), ", "), func() bool { return len(watch.shut()) == 0 })
	stop()
	watch.verdict(down)
	b.staysShut()
	for _, p := range r.parts {
		p.kill()
	}
	return published
}

// prepare makes the partner and what is public before: articles whose
// translations will be under embargo.
func (b *embargoBatch) prepare(origin string) {
	b.r.t.Helper()
	r := b.r
	r.edit(http.StatusCreated, "PUT", "/v1/partners/embargo", `{"name": "La Gazette", "origins": ["`+origin+`"], "defaultLanguage": "fr",
		"articleUrl": "https://gazette.example/{lang}/{id}"}`)
	var key struct{ Key string }
	r.edit(http.StatusCreated, "POST", "/v1/partners/embargo/keys", `{"name": "site"}`).into(r.t, &key)
	b.key = key.Key
	for n := range embargoTranslations {
		r.edit(http.StatusCreated, "PUT", fmt.Sprintf("/v1/articles/voisin-%d/fr?wait=searchable", n),
			`{"headline": "Une pavane de voisins", "bodyText": "Le texte des voisins.", "section": "Musique", "people": [{"name": "Roland Voisin"}], "keywords": ["bal"]}`)
	}
	var page struct{ Next string }
	await(r.t, "the public articles to be told", func() bool {
		a := r.must(http.StatusOK, "GET", "/v1/changes?key="+b.key, "")
		a.into(r.t, &page)
		return strings.Count(string(a.body), `"usable"`) >= embargoTranslations
	})
	b.cursor = page.Next
}

// publish writes the batch as one import, and makes a link for each article.
func (b *embargoBatch) publish() {
	b.r.t.Helper()
	r := b.r
	var lines strings.Builder
	for n := range embargoed {
		id, lang := embargoAddress(n)
		line, err := json.Marshal(map[string]any{
			"id": id, "language": lang, "sourceLanguage": "fr", "headline": "Sarabande " + strconv.Itoa(n), "description": "Une sarabande.",
			"bodyText": "On y danse la chaconne.", "section": "Danse", "people": []any{map[string]string{"name": "Orlandine Sarabande"}},
			"organisations": []string{"Bal des sarabandes"}, "keywords": []string{"bal"}, "embargoedUntil": b.moment.UTC().Format(time.RFC3339),
		})
		if err != nil {
			r.t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	var job struct{ ID, State string }
	r.edit(http.StatusAccepted, "POST", "/v1/imports", lines.String(), "Content-Type", "application/x-ndjson").into(r.t, &job)
	var got struct {
		State              string
		Accepted, Rejected int
		Errors             json.RawMessage
	}
	await(r.t, "the import", func() bool {
		r.edit(http.StatusOK, "GET", "/v1/imports/"+job.ID, "").into(r.t, &got)
		return got.State == "done" || got.State == "failed"
	})
	if got.Accepted != embargoed {
		r.t.Fatalf("imported %+v: %s", got, got.Errors)
	}
	type wish struct {
		Article string `json:"article"`
		Partner string `json:"partner"`
	}
	var wishes struct {
		Links []wish `json:"links"`
	}
	for n := range embargoed {
		id, _ := embargoAddress(n)
		wishes.Links = append(wishes.Links, wish{id, "embargo"})
	}
	body, err := json.Marshal(wishes)
	if err != nil {
		r.t.Fatal(err)
	}
	var made struct {
		Results []struct{ Link struct{ Code string } }
	}
	r.edit(http.StatusOK, "POST", "/v1/links/bulk", string(body)).into(r.t, &made)
	b.codes = nil
	for _, m := range made.Results {
		b.codes = append(b.codes, m.Link.Code)
	}
	if len(b.codes) != embargoed || slices.Contains(b.codes, "") {
		r.t.Fatalf("links %q", b.codes)
	}
}

// staysShut asks the editors' API with the partner's key, which opens at no hour.
func (b *embargoBatch) staysShut() {
	b.r.t.Helper()
	for _, path := range []string{"/v1/articles/enclave-0", "/v1/articles/enclave-0/fr", "/v1/articles/enclave-0/fr/versions", "/v1/articles?q=sarabande", "/v1/audit"} {
		b.r.must(http.StatusForbidden, "GET", path, "", "Authorization", "Bearer "+b.key)
		b.r.must(http.StatusUnauthorized, "GET", path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"key="+b.key, "")
	}
}

// embargoWatch asks every exit again and again, and notes when each address was
// asked and answered.
type embargoWatch struct {
	t      *testing.T
	exits  []embargoExit
	moment time.Time
	from   atomic.Int64 // when all has to be open: the moment, or when the processes were ready; 0: not known yet

	mu    sync.Mutex
	tags  map[string]string // by exit and address
	asked map[string]bool
	open  map[string]time.Time
	late  map[string]time.Time // the last time that a shut answer was asked for
}

func newEmbargoWatch(t *testing.T, exits []embargoExit, moment time.Time) *embargoWatch {
	return &embargoWatch{
		t: t, exits: exits, moment: moment, tags: map[string]string{}, asked: map[string]bool{}, open: map[string]time.Time{}, late: map[string]time.Time{},
	}
}

// run asks at an address until the function it returns is called.
func (w *embargoWatch) run(base string) (stop func()) {
	end := make(chan struct{})
	var group sync.WaitGroup
	for i := range w.exits {
		group.Go(func() { w.poll(base, &w.exits[i], end) })
	}
	return func() {
		close(end)
		group.Wait()
	}
}

// poll asks one exit. Before the moment comes near, it leaves the machine time to
// start the processes.
func (w *embargoWatch) poll(base string, exit *embargoExit, end <-chan struct{}) {
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for n := 0; ; n = (n + 1) % exit.targets {
		if time.Until(w.moment) > 300*time.Millisecond || n == 0 {
			select {
			case <-end:
				return
			case <-pace.C:
			}
		}
		key := exit.name + " " + strconv.Itoa(n)
		w.mu.Lock()
		tag, done := w.tags[key], !w.open[key].IsZero()
		w.mu.Unlock()
		if done {
			continue
		}
		req := exit.request(base, n)
		if exit.tagged && tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		sent := time.Now()
		a, err := embargoAsk(req)
		if err != nil || a.status == http.StatusServiceUnavailable || a.status == http.StatusBadGateway || a.status == http.StatusTooManyRequests {
			if from := w.from.Load(); from == 0 || a.status == http.StatusTooManyRequests || sent.UnixNano() < from {
				continue // it is down, or starts
			}
		}
		w.note(exit, n, key, a, sent, time.Now())
	}
}

func embargoAsk(req *http.Request) (answer, error) {
	resp, err := embargoClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, body}, err
}

// note judges one answer.
func (w *embargoWatch) note(exit *embargoExit, n int, key string, a answer, sent, arrived time.Time) {
	open := exit.open(a, n)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[key] = true
	if arrived.Before(w.moment) {
		text := strings.ToLower(string(a.body) + fmt.Sprint(a.header))
		if open || strings.Contains(text, "arabande") || (exit.targets == 1 && embargoNames.MatchString(text)) {
			w.t.Errorf("%s %d, %s early: %d %v %.300s", exit.name, n, w.moment.Sub(arrived), a.status, a.header, a.body)
		}
	}
	kept := a.header.Get("Cache-Control")
	lasting := strings.Contains(kept, "max-age") || (!strings.Contains(kept, "no-cache") && !strings.Contains(kept, "no-store"))
	if (a.status == http.StatusOK && exit.cached != "" && kept != exit.cached) || (lasting && (exit.cached == "" || a.status >= http.StatusBadRequest) && a.status != 0) ||
		a.header.Get("Age")+a.header.Get("Expires") != "" {
		w.t.Errorf("%s %d: %d may be kept: %v", exit.name, n, a.status, a.header)
	}
	switch {
	case open:
		w.open[key] = sent
	case sent.Before(w.moment):
		w.tags[key] = a.header.Get("ETag")
	default:
		w.late[key] = sent
	}
}

// askedAll waits until every exit was asked once.
func (w *embargoWatch) askedAll() {
	w.t.Helper()
	await(w.t, "every exit to be asked", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, e := range w.exits {
			if !w.asked[e.name+" 0"] {
				return false
			}
		}
		return true
	})
}

// shut names the exits at which an edition has not come out yet.
func (w *embargoWatch) shut() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, e := range w.exits {
		for n := range e.targets {
			if w.open[e.name+" "+strconv.Itoa(n)].IsZero() {
				out = append(out, e.name)
				break
			}
		}
	}
	return out
}

// verdict tells how late the editions came out: of each address, the time from when
// it had to be open to the last time that it was asked in vain.
func (w *embargoWatch) verdict(down bool) {
	w.t.Helper()
	from := time.Unix(0, w.from.Load())
	var all []time.Duration
	worst, at := time.Duration(0), "no exit"
	for key := range w.open {
		late := time.Duration(0)
		if last, ok := w.late[key]; ok && last.After(from) {
			late = last.Sub(from)
		}
		if all = append(all, late); late > worst {
			worst, at = late, key
		}
	}
	slices.Sort(all)
	w.t.Logf("%d addresses: none early; late p50 %s, max %s (%s), after the %s", len(all), all[len(all)/2].Round(time.Millisecond),
		worst.Round(time.Millisecond), at, map[bool]string{true: "processes were ready", false: "second"}[down])
	if worst > embargoBound {
		w.t.Errorf("%s was %s late", at, worst)
	}
}
