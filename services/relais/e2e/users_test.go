// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/relais-press/relais/pkg/bus"
)

// usersConf is the folder of the configuration that operators copy.
const usersConf = "../../../deploy/nats"

// usersMake makes a pair for each user of users.conf: the public halves go into
// the environment, where the server finds them, the seeds into files.
func usersMake(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"operator", "ingest", "search", "share", "system"} {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		public, err := pair.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		seed, err := pair.Seed()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("RELAIS_NKEY_"+strings.ToUpper(name), public)
		if err := os.WriteFile(filepath.Join(dir, "relais-"+name+".seed"), seed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// usersConnect connects to the log as one of its users.
func usersConnect(t *testing.T, dir, url, name string, opts ...nats.Option) *nats.Conn {
	t.Helper()
	seed, err := nats.NkeyOptionFromSeed(filepath.Join(dir, "relais-"+name+".seed"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(url, append(opts, seed, nats.CustomInboxPrefix("_INBOX.relais-"+name))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// usersDeclare runs relais declare.
func usersDeclare(t *testing.T, dir, url string, more ...string) {
	t.Helper()
	r := &relay{t: t}
	for range 2 { // the second time it changes nothing
		out, errs, code := r.run("", append([]string{"declare", "--nats-url", url, "--nats-seed", filepath.Join(dir, "relais-operator.seed")}, more...)...)
		if code != 0 || !strings.Contains(out, "flux sont comme il faut") {
			t.Fatalf("declare: %d\n%s%s", code, out, errs)
		}
	}
}

// TestEachServiceHasAUserOfItsOwn does the whole job on a nats-server with the
// configuration of deploy/nats: each service may do what it does, and no more.
func TestEachServiceHasAUserOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	usersMake(t, dir)
	server, url := usersServer(t, filepath.Join(dir, "nats"))
	flags := []string{"--nats-url", url, "--nats-seed", filepath.Join(dir, "{service}.seed")}

	early := start(t, "relais-share", "--listen", "127.0.0.1:0", "--nats-url", url, "--nats-seed", filepath.Join(dir, "relais-share.seed"), "--data", t.TempDir())
	early.line("run relais declare")
	<-early.done
	wrong := start(t, "relais-ingest", "--listen", "127.0.0.1:0", "--nats-url", url, "--nats-seed", filepath.Join(dir, "relais-search.seed"), "--data", t.TempDir())
	<-wrong.done
	tried := server.said("Violation") // those two
	usersDeclare(t, dir, url)

	r := replicasOf(t, dir, flags, "a")
	usersDoTheJob(t, r)
	js := clusterStreams(t, dir, url)
	usersShareRates(t, r, js, "before")
	usersMeasure(t, r)
	usersLook(t, r, dir, url, "1")
	refused := server.said("Violation") - tried
	server.kill()
	server = usersStart(t)
	await(t, "writes to be accepted again", func() bool {
		return r.call("PUT", "/v1/partners/retour", `{"name": "Retour"}`, "Authorization", "Bearer "+adminKey, "Content-Type", "application/json").status < 300
	})
	usersShareRates(t, r, js, "after")
	await(t, "the salt of the day to be back", func() bool {
		s, err := js.Stream(t.Context(), "KV_SALTS")
		return err == nil && s.CachedInfo().State.Msgs == 1
	})
	usersMeasure(t, r)
	for _, p := range r.parts {
		p.stop() // and let go of what is not written yet
		if n := p.said("the log complains"); n != 0 {
			t.Errorf("%s was refused something %d times", p.name, n)
		}
	}
	if n := refused + server.said("Violation"); n != 0 {
		t.Errorf("the log refused the services %d times", n)
	}
	usersAreRefused(t, dir, url)
}

// usersServer starts a server with single.conf, which finds its settings in the environment.
func usersServer(t *testing.T, store string) (server *process, url string) {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", clusterPorts(t, 1)[0])
	for name, value := range map[string]string{
		"NATS_NAME": "n1", "NATS_LISTEN": address, "NATS_MONITOR": "127.0.0.1:-1", "NATS_STORE": store, "NATS_MAX_FILE": "1GB",
	} {
		t.Setenv(name, value)
	}
	return usersStart(t), "nats://" + address
}

func usersStart(t *testing.T) *process {
	t.Helper()
	server := start(t, "nats-server", "-c", filepath.Join(usersConf, "single.conf"))
	server.line("Server is ready")
	return server
}

// usersShareRates has a partner who was slowed down by search be refused by share,
// whom that partner never asked before: it was told through the bucket of the log.
func usersShareRates(t *testing.T, r *replicas, js jetstream.JetStream, when string) {
	t.Helper()
	said := func() uint64 {
		s, err := js.Stream(t.Context(), "KV_RATES")
		if err != nil {
			return 0
		}
		return s.CachedInfo().State.LastSeq
	}
	n := 0
	await(t, "share to count what search gave, "+when, func() bool {
		n++
		id := fmt.Sprintf("lent-%s-%d", when, n)
		r.edit(http.StatusCreated, "PUT", "/v1/partners/"+id, `{"name": "Lent", "rateLimit": 0.01}`)
		var slow struct{ Key string }
		r.edit(http.StatusCreated, "POST", "/v1/partners/"+id+"/keys", `{"name": "e2e"}`).into(t, &slow)
		asks := func(path string) int { return r.call("GET", path+"?key="+slow.Key, "").status }
		heard := said()
		await(t, "search to refuse", func() bool { return asks("/v1/latest") == http.StatusTooManyRequests })
		await(t, "search to tell", func() bool { return said() > heard })
		return asks("/v1/share/aucun") == http.StatusTooManyRequests
	})
}

// usersMeasure reads what each service tells of the log: a question that it may
// not ask would be missing.
func usersMeasure(t *testing.T, r *replicas) {
	t.Helper()
	consumers := map[string]string{"relais-ingest-a": "releases", "relais-search-a": "search-a", "relais-share-a": "share-counts-a"}
	for part, consumer := range consumers {
		await(t, "the figures of "+part, func() bool {
			a := r.to(part).call("GET", "/metrics", "", "Authorization", "Bearer "+adminKey)
			text := string(a.body)
			return strings.Count(text, "relais_log_stream_messages{") == len(bus.Declared(1)) &&
				strings.Contains(text, `relais_log_consumer_pending{consumer="`+consumer+`"}`)
		})
	}
}

// usersLook has the doctor look as the operator.
func usersLook(t *testing.T, r *replicas, dir, url, copies string) {
	t.Helper()
	var out, errs string
	defer func() {
		if t.Failed() {
			t.Logf("the doctor:\n%s%s", out, errs)
		}
	}()
	await(t, "the doctor to find a log that is well", func() (well bool) {
		var code int
		out, errs, code = r.run("", "doctor", "--nats-url", url, "--nats-seed", filepath.Join(dir, "relais-operator.seed"), "--nats-replicas", copies)
		return code == 0
	})
}

// said is how many lines of the output so far hold a text.
func (p *process) said(text string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Count(p.output.String(), text)
}

// usersDoTheJob does everything that writes to the log or reads from it.
func usersDoTheJob(t *testing.T, r *replicas) {
	t.Helper()
	key, id := r.partner(), r.recap()
	if !r.finds(key, "collectivite", id) {
		t.Error("the recap is not found")
	}
	var link struct{ Code string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "`+id+`", "partner": "p", "channel": "mail"}`, "Idempotency-Key", "un").into(t, &link)
	r.must(http.StatusFound, "GET", "/s/"+link.Code, "", "User-Agent", firefox)
	await(t, "the click", func() bool { return r.humans(link.Code) == 1 })
	r.edit(http.StatusOK, "PATCH", "/v1/articles/"+id+"/fr?wait=searchable", `{"headline": "Registres partagés", "correction": "Titre."}`)
	lines := `{"id": "lot", "language": "fr", "headline": "Le lot", "bodyText": "Un texte."}` + "\n"
	if out, errs, code := r.run(lines, "import", "-"); code != 0 {
		t.Errorf("import: %d\n%s%s", code, out, errs)
	}
	until := time.Now().Add(1200 * time.Millisecond).UTC().Format(time.RFC3339Nano)
	r.edit(http.StatusCreated, "PUT", "/v1/articles/embargo/fr", fmt.Sprintf(`{"headline": "Sous embargo", "bodyText": "Un texte.", "embargoedUntil": %q}`, until))
	await(t, "the embargo to lift", func() bool { return r.finds(key, "embargo", "embargo") })
	await(t, "the release to be told", func() bool {
		return strings.Contains(string(r.edit(http.StatusOK, "GET", "/v1/articles/embargo/fr/status", "").body), `"released"`)
	})
	words := r.edit(http.StatusOK, "GET", "/v1/glossary", "")
	r.edit(http.StatusOK, "PUT", "/v1/glossary", string(words.body), "If-Match", words.header.Get("ETag"))
	for _, command := range []string{"reindex", "recount"} {
		if out, errs, code := r.run("", command); code != 0 {
			t.Errorf("%s: %d\n%s%s", command, code, out, errs)
		}
	}
	r.must(http.StatusOK, "GET", "/v1/content/"+id+"?key="+key, "")
	r.must(http.StatusOK, "GET", "/v1/changes?key="+key, "")
	r.edit(http.StatusOK, "GET", "/v1/articles/"+id+"/fr/versions", "")
	r.edit(http.StatusNoContent, "DELETE", "/v1/links/"+link.Code, "")
	r.edit(http.StatusOK, "POST", "/v1/articles/"+id+"/cancel?wait=searchable", `{"reason": "Une erreur."}`)
	if r.finds(key, "registres", id) {
		t.Error("found after it was canceled")
	}
	await(t, "the day of use of the partner's key", func() bool {
		return strings.Contains(string(r.edit(http.StatusOK, "GET", "/v1/partners/p/keys", "").body), `"lastUsedAt"`)
	})
	r.edit(http.StatusNoContent, "DELETE", "/v1/partners/p", "")
}

// usersAreRefused tries, as each service, what belongs to the others.
func usersAreRefused(t *testing.T, dir, url string) {
	t.Helper()
	for user, forbidden := range map[string][]string{
		"ingest": {"relais.click.x", "relais.searched.x", "$KV.LINKS.x", "$KV.GLOSSARY.x", "$JS.API.DIRECT.GET.CLICKS", "$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.DELETE.ARTICLES", "$JS.API.STREAM.PURGE.ARTICLES", "$JS.API.CONSUMER.CREATE.CLICKS.x"},
		"search": {"relais.article.x.fr", "relais.click.x", "$KV.KEYS.x", "$KV.PARTNERS.x", "$KV.LINKS.x", "$JS.API.STREAM.UPDATE.ARTICLES", "$JS.API.STREAM.MSG.DELETE.ARTICLES", "$JS.API.DIRECT.GET.KV_IDEMPOTENCY.>", "$JS.API.CONSUMER.CREATE.CLICKS.x", "$JS.API.DIRECT.GET.KV_SALTS.>"},
		"share":  {"relais.article.x.fr", "relais.searched.x", "relais.release.at.x.fr.released", "$KV.KEYS.x", "$KV.PARTNERS.x", "$KV.GLOSSARY.x", "$KV.STAGES.x.fr.searchable.main", "$JS.API.STREAM.PURGE.ARTICLES", "$JS.API.STREAM.DELETE.CLICKS", "$JS.API.DIRECT.GET.KV_IMPORTS.>"},
	} {
		refused := make(chan error, 100)
		conn := usersConnect(t, dir, url, user, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
		for _, subject := range forbidden {
			if err := conn.Publish(subject, nil); err != nil {
				t.Fatal(err)
			}
			usersRefusal(t, user+" publishes to "+subject, subject, refused)
		}
		for _, subject := range []string{"relais.>", "$KV.>", "_INBOX.>", "_INBOX.relais-operator.>", ">"} {
			if _, err := conn.SubscribeSync(subject); err != nil {
				t.Fatal(err)
			}
			usersRefusal(t, user+" listens to "+subject, subject, refused)
		}
	}
}

func usersRefusal(t *testing.T, what, subject string, refused <-chan error) {
	t.Helper()
	select {
	case err := <-refused:
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `"`+subject+`"`) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(time.Minute):
		t.Errorf("%s, and is not refused", what)
	}
}
