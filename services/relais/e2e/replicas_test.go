// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// replicas is a relay whose services run several times behind one address.
type replicas struct {
	*relay
	log   []string // flags that lead a service to the log, each {service} its name
	front *replicasFront
	at    map[string]string // address of each instance, by its name in parts
}

// replicasFront sends each path to the instances of its service in turn, and past
// one that cannot be reached to the next, as proxies do.
type replicasFront struct {
	mu    sync.RWMutex
	hosts map[string][]string // by service
	turn  atomic.Uint64
}

func (f *replicasFront) RoundTrip(req *http.Request) (*http.Response, error) {
	f.mu.RLock()
	hosts := slices.Clone(f.hosts[serviceOf(req.URL.Path)])
	f.mu.RUnlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	first := f.turn.Add(1)
	for n := range uint64(len(hosts)) {
		req.URL.Host = hosts[(first+n)%uint64(len(hosts))]
		req.Body = io.NopCloser(bytes.NewReader(body))
		var resp *http.Response
		resp, err = http.DefaultTransport.RoundTrip(req)
		if dial, ok := errors.AsType[*net.OpError](err); err == nil || !ok || dial.Op != "dial" {
			return resp, err
		}
	}
	return nil, err
}

// replicasOf starts the three services under each of the names, on the log that
// flags lead to.
func replicasOf(t *testing.T, dir string, log []string, names ...string) *replicas {
	t.Helper()
	f := &replicasFront{hosts: map[string][]string{}}
	proxy := &httputil.ReverseProxy{Transport: f, ErrorLog: nil, Rewrite: func(pr *httputil.ProxyRequest) {
		pr.Out.URL.Scheme = "http"
		if pr.Out.Body == nil {
			pr.Out.Body = http.NoBody
		}
	}}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	r := &replicas{
		relay: &relay{t: t, dir: dir, base: front.URL, parts: map[string]*process{}},
		log:   log, front: f, at: map[string]string{},
	}
	for _, name := range names {
		for _, service := range []string{"relais-ingest", "relais-search", "relais-share"} {
			r.start(service, name)
		}
	}
	for part := range r.at {
		r.readyAt(part)
	}
	return r
}

// start starts an instance, again after it was killed.
func (r *replicas) start(service, name string) {
	r.t.Helper()
	part := service + "-" + name
	args := []string{"--listen", "127.0.0.1:0", "--public-url", r.base, "--data", filepath.Join(r.dir, part)}
	for _, flag := range r.log {
		args = append(args, strings.ReplaceAll(flag, "{service}", service))
	}
	if kind := strings.TrimPrefix(service, "relais-"); kind != "ingest" {
		args = append(args, "--"+kind+"-instance", name)
	}
	p := start(r.t, service, args...)
	r.parts[part] = p
	r.front.mu.Lock()
	defer r.front.mu.Unlock()
	if old, ok := r.at[part]; ok {
		r.front.hosts[service] = slices.DeleteFunc(r.front.hosts[service], func(h string) bool { return "http://"+h == old })
	}
	host := p.address()
	r.at[part] = "http://" + host
	r.front.hosts[service] = append(r.front.hosts[service], host)
}

func (r *replicas) readyAt(part string) {
	r.t.Helper()
	await(r.t, part+" to be ready", func() bool {
		resp, err := http.Get(r.at[part] + "/readyz") //nolint:noctx // bounded by await
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// to is the relay as one instance alone answers it.
func (r *replicas) to(part string) *relay {
	return &relay{t: r.t, base: r.at[part], parts: r.parts, dir: r.dir}
}

// replicasRace lets editors change one edition, each through its own instance and
// each on the version it has read, and returns the versions that were acknowledged.
func replicasRace(r *replicas, path string, each int, instances ...string) []int {
	r.t.Helper()
	var mu sync.Mutex
	var acknowledged []int
	var all sync.WaitGroup
	for n, part := range instances {
		at := r.to(part)
		all.Go(func() {
			for i := 0; i < each; {
				version := strings.Trim(at.call("GET", path, "", "Authorization", "Bearer "+adminKey).header.Get("ETag"), `"`)
				a := at.call("PATCH", path, fmt.Sprintf(`{"headline": "Éditeur %d, %d"}`, n, i),
					"Authorization", "Bearer "+adminKey, "Content-Type", "application/merge-patch+json", "If-Match", `"`+version+`"`)
				switch a.status {
				case http.StatusOK:
					var e struct{ Version int }
					a.into(at.t, &e)
					if fmt.Sprint(e.Version-1) != version {
						at.t.Errorf("a write on version %s made version %d", version, e.Version)
					}
					mu.Lock()
					acknowledged = append(acknowledged, e.Version)
					mu.Unlock()
					i++
				case http.StatusPreconditionFailed, http.StatusConflict, http.StatusServiceUnavailable: // another was first, or there is no leader
				default:
					at.t.Errorf("an editor is answered %d: %s", a.status, a.body)
					return
				}
			}
		})
	}
	all.Wait()
	slices.Sort(acknowledged)
	return acknowledged
}

// versions are those of an edition's history, oldest first.
func (r *replicas) versions(path string) (out []int) {
	r.t.Helper()
	var history struct{ Versions []struct{ Version int } }
	a := r.edit(http.StatusOK, "GET", path+"/versions", "")
	a.into(r.t, &history)
	for _, v := range history.Versions {
		out = append(out, v.Version)
	}
	slices.Sort(out)
	return out
}

// TestTwoOfEach runs every service twice on one log, behind one address.
func TestTwoOfEach(t *testing.T) {
	dir := t.TempDir()
	lone := &relay{t: t, dir: dir}
	ports := t.TempDir()
	log := start(t, "nats-server", "-js", "-sd", filepath.Join(dir, "nats"), "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports)
	log.line("Server is ready")
	r := replicasOf(t, dir, []string{"--nats-url", lone.natsURL(ports)}, "a", "b")
	key := r.partner()
	for part := range r.at { // a key reaches every instance; one it does not know it looks up
		if strings.HasPrefix(part, "relais-search") {
			r.to(part).search(key, "x")
		}
	}
	replicasWrite(t, r)
	replicasSearch(t, r, key)
	replicasShare(t, r, key)
	replicasOnce(t, r, key)
	replicasTwins(t, r)
	replicasLoseOne(t, r, key)
}

// replicasWrite has two editors race through two instances.
func replicasWrite(t *testing.T, r *replicas) {
	t.Helper()
	const path, each = "/v1/articles/course/fr", 12
	r.edit(http.StatusCreated, "PUT", path, `{"headline": "Avant la course", "bodyText": "Le texte."}`)
	won := replicasRace(r, path, each, "relais-ingest-a", "relais-ingest-b")
	want := make([]int, 0, 2*each)
	for v := 2; v <= 2*each+1; v++ {
		want = append(want, v)
	}
	if !slices.Equal(won, want) {
		t.Errorf("acknowledged versions %v, want each of 2 to %d once", won, 2*each+1)
	}
	if got := r.versions(path); !slices.Equal(got, append([]int{1}, want...)) {
		t.Errorf("the log has versions %v", got)
	}
}

// replicasSearch looks for an article in either index as soon as it is said to be
// searchable, and carries the cursor of the changes from one to the other.
func replicasSearch(t *testing.T, r *replicas, key string) {
	t.Helper()
	for n := range 6 {
		id := fmt.Sprintf("partout-%d", n)
		a := r.edit(http.StatusCreated, "PUT", "/v1/articles/"+id+"/fr?wait=searchable", fmt.Sprintf(`{"headline": "Partout%d", "bodyText": "Un texte."}`, n))
		if a.status == http.StatusCreated {
			for _, part := range []string{"relais-search-a", "relais-search-b"} {
				if !r.to(part).finds(key, fmt.Sprintf("partout%d", n), id) {
					t.Errorf("%s does not find %s, which was said to be searchable", part, id)
				}
			}
		}
	}
	type page struct {
		Next    string
		Changes []struct{ ID string }
	}
	read := func(part, after string) (out page) {
		v := url.Values{"key": {key}}
		if after != "" {
			v.Set("after", after)
		}
		r.to(part).must(http.StatusOK, "GET", "/v1/changes?"+v.Encode(), "").into(t, &out)
		return out
	}
	first := read("relais-search-a", "")
	if len(first.Changes) != 7 || first.Next == "" {
		t.Fatalf("the first page has %d changes, next %q", len(first.Changes), first.Next)
	}
	r.edit(http.StatusCreated, "PUT", "/v1/articles/apres/fr?wait=searchable", `{"headline": "Après", "bodyText": "Un texte."}`)
	var second page
	await(t, "the change at the other instance", func() bool { second = read("relais-search-b", first.Next); return len(second.Changes) > 0 })
	if len(second.Changes) != 1 || second.Changes[0].ID != "apres" {
		t.Errorf("the other instance goes on with %+v", second.Changes)
	}
	if third := read("relais-search-a", second.Next); len(third.Changes) != 0 {
		t.Errorf("back at the first instance: %+v", third.Changes)
	}
}

// replicasShare follows a link through both instances and asks both for numbers.
func replicasShare(t *testing.T, r *replicas, key string) {
	t.Helper()
	const clicks = 60
	var link struct{ Code string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "apres", "partner": "p", "channel": "mail"}`).into(t, &link)
	for range clicks {
		r.must(http.StatusFound, "GET", "/s/"+link.Code, "", "User-Agent", firefox)
	}
	for _, part := range []string{"relais-share-a", "relais-share-b"} {
		await(t, "every click to be counted at "+part, func() bool { return r.to(part).humans(link.Code) >= clicks })
		if n := r.to(part).humans(link.Code); n != clicks {
			t.Errorf("%s counts %d clicks of %d", part, n, clicks)
		}
		if out, errs, code := r.to(part).run("", "recount"); code != 0 { // each has its own book
			t.Errorf("recount at %s: %d\n%s%s", part, code, out, errs)
		}
	}
	for _, command := range []string{"recount", "reindex"} { // the other instance knows nothing of it
		if out, errs, code := r.run("", command); code != 0 {
			t.Errorf("%s through one address: %d\n%s%s", command, code, out, errs)
		}
	}
	var urls []string
	for _, part := range []string{"relais-share-a", "relais-share-b"} {
		var bar struct{ URL string }
		r.to(part).must(http.StatusOK, "GET", "/v1/share/apres?lang=fr&key="+key, "", "Origin", origin).into(t, &bar)
		urls = append(urls, bar.URL)
	}
	for _, part := range []string{"relais-search-a", "relais-search-b"} {
		var shared string
		await(t, "the share link of a hit at "+part, func() bool {
			hits := r.to(part).search(key, "apres").Hits
			if len(hits) > 0 {
				shared = hits[0].ShareURL
			}
			return shared != ""
		})
		urls = append(urls, shared)
	}
	if urls[0] != urls[1] || urls[2] != urls[3] {
		t.Errorf("an article's default link is made once: %v", urls)
	}
}

// replicasOnce asks one instance for what another was told.
func replicasOnce(t *testing.T, r *replicas, key string) {
	t.Helper()
	auth := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json", "Idempotency-Key", "une-fois"}
	body := `{"headline": "Une fois", "bodyText": "Un texte."}`
	first := r.to("relais-ingest-a").must(http.StatusCreated, "POST", "/v1/articles", body, auth...)
	again := r.to("relais-ingest-b").must(http.StatusCreated, "POST", "/v1/articles", body, auth...)
	if again.header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(first.body, again.body) {
		t.Errorf("replayed at the other instance: %v\n%s\n%s", again.header, first.body, again.body)
	}
	r.to("relais-ingest-b").must(http.StatusUnprocessableEntity, "POST", "/v1/articles", `{"headline": "Autre", "bodyText": "Un texte."}`, auth...)
	links := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json", "Idempotency-Key", "un-lien"}
	one := r.to("relais-share-a").must(http.StatusCreated, "POST", "/v1/links", `{"article": "apres", "channel": "x"}`, links...)
	two := r.to("relais-share-b").must(http.StatusCreated, "POST", "/v1/links", `{"article": "apres", "channel": "x"}`, links...)
	if two.header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(one.body, two.body) {
		t.Errorf("a link replayed at the other instance: %s, %s", one.body, two.body)
	}

	var lines strings.Builder
	for n := range 50 {
		fmt.Fprintf(&lines, `{"id": "lot-%d", "language": "fr", "headline": "Lot %d", "bodyText": "Un texte."}`+"\n", n, n)
	}
	var job struct{ ID, State string }
	r.to("relais-ingest-a").must(http.StatusAccepted, "POST", "/v1/imports", lines.String(), "Authorization", "Bearer "+adminKey, "Content-Type", "application/x-ndjson").into(t, &job)
	await(t, "the import at the other instance", func() bool {
		var i struct {
			State    string
			Accepted int
		}
		r.to("relais-ingest-b").edit(http.StatusOK, "GET", "/v1/imports/"+job.ID, "").into(t, &i)
		return i.State == "done" && i.Accepted == 50
	})

	until := time.Now().Add(1500 * time.Millisecond).UTC()
	r.edit(http.StatusCreated, "PUT", "/v1/articles/embargo/fr?wait=searchable", fmt.Sprintf(`{"headline": "Sous embargo", "bodyText": "Un texte.", "embargoedUntil": %q}`, until.Format(time.RFC3339Nano)))
	for _, part := range []string{"relais-search-a", "relais-search-b"} {
		await(t, "the embargo to lift at "+part, func() bool { return r.to(part).finds(key, "embargo", "embargo") })
		if time.Now().Before(until) {
			t.Error("the embargo lifted early")
		}
	}
	released := func() (n int) {
		for _, part := range []string{"relais-ingest-a", "relais-ingest-b"} {
			n += strings.Count(string(r.to(part).call("GET", "/metrics", "").body), `relais_releases_total{stage="released"} 1`)
		}
		return n
	}
	await(t, "the release to be told", func() bool { return released() > 0 })
	if n := released(); n != 1 {
		t.Errorf("%d instances told of one release", n)
	}

	begin := time.Now()
	r.edit(http.StatusOK, "POST", "/v1/articles/apres/cancel?wait=searchable", `{"reason": "Une erreur."}`)
	for _, part := range []string{"relais-search-a", "relais-search-b"} {
		if r.to(part).finds(key, "apres", "apres") {
			t.Errorf("%s finds what is canceled", part)
		}
	}
	code := struct{ Code string }{}
	one.into(t, &code)
	for _, part := range []string{"relais-share-a", "relais-share-b"} {
		await(t, "the link to be gone at "+part, func() bool { return r.to(part).call("GET", "/s/"+code.Code, "").status == http.StatusGone })
	}
	t.Logf("canceled and gone from two of each after %v", time.Since(begin).Round(time.Millisecond))
}

// replicasTwins starts what is there already under the same name: it ends, and
// says why, and the one that was there goes on.
func replicasTwins(t *testing.T, r *replicas) {
	t.Helper()
	var twins []*process
	for _, service := range []string{"relais-search", "relais-share"} {
		args := []string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--" + strings.TrimPrefix(service, "relais-") + "-instance", "a"}
		twins = append(twins, start(t, service, append(args, r.log...)...))
	}
	for _, twin := range twins {
		<-twin.done
		await(t, twin.name+" to say why it ends", func() bool { return twin.said("each instance needs one of its own") > 0 })
		if twin.err == nil {
			t.Errorf("a second %s a ends well", twin.name)
		}
	}
}

// replicasLoseOne kills one instance of each service: the address goes on
// answering, and those started again have all of it.
func replicasLoseOne(t *testing.T, r *replicas, key string) {
	t.Helper()
	r.edit(http.StatusCreated, "PUT", "/v1/articles/reste/fr?wait=searchable", `{"headline": "Ce qui reste", "bodyText": "Un texte."}`)
	var link struct{ Code string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "reste", "channel": "mail", "partner": "p"}`).into(t, &link)
	clicks := 0
	follow := func() {
		r.must(http.StatusFound, "GET", "/s/"+link.Code, "", "User-Agent", firefox)
		clicks++
	}
	for range 10 {
		follow()
	}
	services := []string{"relais-ingest", "relais-search", "relais-share"}
	for n, service := range services {
		r.parts[service+"-a"].kill()
		id := fmt.Sprintf("apres-%d", n)
		r.edit(http.StatusCreated, "PUT", "/v1/articles/"+id+"/fr", `{"headline": "Écrit depuis `+id+`", "bodyText": "Un texte."}`)
		await(t, "what was written since to be found", func() bool { return r.finds(key, "ecrit depuis "+id, id) })
		for range 5 {
			follow()
		}
	}
	await(t, "the clicks at the share that is left", func() bool { return r.to("relais-share-b").humans(link.Code) == clicks })
	for _, service := range services {
		r.start(service, "a")
	}
	for _, service := range services {
		r.readyAt(service + "-a")
	}
	for n := range services {
		id := fmt.Sprintf("apres-%d", n)
		await(t, id+" at the search that was killed", func() bool { return r.to("relais-search-a").finds(key, "ecrit depuis "+id, id) })
	}
	follow()
	for _, part := range []string{"relais-share-a", "relais-share-b"} {
		await(t, "every click at "+part, func() bool { return r.to(part).humans(link.Code) == clicks })
	}
}
