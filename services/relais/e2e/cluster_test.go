// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// clusterNode is one server of a log that runs on three, with the configuration
// of deploy/nats.
type clusterNode struct {
	name string
	env  map[string]string
	p    *process
}

func (n *clusterNode) start(t *testing.T) {
	t.Helper()
	for name, value := range n.env {
		t.Setenv(name, value)
	}
	n.p = start(t, "nats-server", "-c", filepath.Join(usersConf, "cluster.conf"))
}

// clusterPorts are ports of the loopback interface that were free a moment ago:
// servers that know each other by address cannot choose theirs.
func clusterPorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // returns at once
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// clusterStart starts three nats-servers and returns their addresses.
func clusterStart(t *testing.T, dir string) (nodes []*clusterNode, url string) {
	t.Helper()
	ports := clusterPorts(t, 6)
	var routes, urls []string
	for n := range 3 {
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[n]))
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", ports[3+n]))
	}
	for n := range 3 {
		name := fmt.Sprintf("n%d", n+1)
		node := &clusterNode{name: name, env: map[string]string{
			"NATS_NAME": name, "NATS_LISTEN": fmt.Sprintf("127.0.0.1:%d", ports[3+n]), "NATS_MONITOR": "127.0.0.1:-1",
			"NATS_STORE": filepath.Join(dir, name), "NATS_MAX_FILE": "1GB",
			"NATS_CLUSTER_LISTEN": fmt.Sprintf("127.0.0.1:%d", ports[n]), "NATS_ROUTES": "[" + strings.Join(routes, ",") + "]",
		}}
		node.start(t)
		nodes = append(nodes, node)
	}
	for _, n := range nodes {
		n.p.line("Server is ready")
	}
	return nodes, strings.Join(urls, ",")
}

// clusterStreams asks the log which servers lead and follow.
func clusterStreams(t *testing.T, dir, url string) jetstream.JetStream {
	t.Helper()
	conn := usersConnect(t, dir, url, "operator", nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// clusterWhole reports whether every copy of every stream is there and abreast.
func clusterWhole(ctx context.Context, js jetstream.JetStream) bool {
	list := js.ListStreams(ctx)
	n := 0
	for info := range list.Info() {
		n++
		if info.Cluster == nil || info.Cluster.Leader == "" || len(info.Cluster.Replicas) != 2 {
			return false
		}
		for _, copied := range info.Cluster.Replicas {
			if !copied.Current || copied.Offline {
				return false
			}
		}
	}
	return list.Err() == nil && n > 0
}

// clusterLoad is editors who write without a pause: each text until it is accepted.
type clusterLoad struct {
	r    *replicas
	stop func()

	mu       sync.Mutex
	written  map[string]int // accepted texts, by edition
	newest   map[string]string
	accepted int
	last     time.Time // of the last acceptance
	longest  time.Duration
	refused  map[string]int // by what was answered instead
}

// clusterWrite starts editors.
func clusterWrite(r *replicas, editors int) *clusterLoad {
	l := &clusterLoad{r: r, written: map[string]int{}, newest: map[string]string{}, last: time.Now(), refused: map[string]int{}}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for editor := range editors {
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := fmt.Sprintf("edition-%d-%d", editor, n/40) // the log keeps 64 versions of each
				headline := fmt.Sprintf("Texte%dx%d", editor, n)
				l.write(id, headline)
			}
		})
	}
	l.stop = func() { cancel(); all.Wait() }
	return l
}

// write puts a text until it is accepted.
func (l *clusterLoad) write(id, headline string) {
	for {
		a := l.r.call("PUT", "/v1/articles/"+id+"/fr", `{"headline": "`+headline+`", "bodyText": "Un texte."}`,
			"Authorization", "Bearer "+adminKey, "Content-Type", "application/json")
		l.mu.Lock()
		if a.status == http.StatusOK || a.status == http.StatusCreated {
			l.written[id]++
			l.newest[id] = headline
			l.accepted++
			l.longest, l.last = max(l.longest, time.Since(l.last)), time.Now()
			l.mu.Unlock()
			return
		}
		l.refused["PUT "+strconv.Itoa(a.status)]++
		l.mu.Unlock()
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
			l.r.t.Errorf("a write is refused with %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.body)
			return
		}
	}
}

// more waits for a number of further acceptances.
func (l *clusterLoad) more(n int) {
	l.r.t.Helper()
	count := func() int { l.mu.Lock(); defer l.mu.Unlock(); return l.accepted }
	want := count() + n
	await(l.r.t, fmt.Sprintf("%d more writes to be accepted", n), func() bool { return count() >= want })
}

// TestClusterLosesAServer runs the log on three servers and kills, under load,
// the one that leads the articles, then lets it come back. With
// RELAIS_CHAOS_ROUNDS each server is killed in turn, that many times.
func TestClusterLosesAServer(t *testing.T) {
	dir := t.TempDir()
	usersMake(t, dir)
	nodes, url := clusterStart(t, dir)
	js := clusterStreams(t, dir, url)
	await(t, "the servers to have chosen a leader", func() bool {
		_, err := js.AccountInfo(t.Context())
		return err == nil
	})
	usersDeclare(t, dir, url, "--nats-replicas", "3")
	r := replicasOf(t, dir, []string{"--nats-url", url, "--nats-seed", filepath.Join(dir, "{service}.seed")}, "a")
	key := r.partner()
	r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr?wait=searchable", `{"headline": "Registres partagés", "bodyText": "Le texte."}`)
	var link struct{ Code string }
	r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "recap", "partner": "p", "channel": "mail"}`).into(t, &link)
	load, visits := clusterWrite(r, 4), follow(t, r.base+"/s/"+link.Code, 2)
	load.more(40)
	rounds, _ := strconv.Atoi(os.Getenv("RELAIS_CHAOS_ROUNDS"))
	victims := []func() *clusterNode{func() *clusterNode { return clusterLeader(t, js, nodes) }}
	for range rounds {
		for _, n := range nodes {
			victims = append(victims, func() *clusterNode { return n })
		}
	}
	for _, victim := range victims {
		clusterKill(t, js, victim(), load, r, key)
	}
	load.stop()
	visits.stop()
	clusterAgrees(t, r, load, key, link.Code, visits.answered.Load())
}

// clusterLeader is the server that leads the articles.
func clusterLeader(t *testing.T, js jetstream.JetStream, nodes []*clusterNode) *clusterNode {
	t.Helper()
	s, err := js.Stream(t.Context(), "ARTICLES")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.name == s.CachedInfo().Cluster.Leader {
			return n
		}
	}
	t.Fatalf("nobody leads: %+v", s.CachedInfo().Cluster)
	return nil
}

// clusterKill takes a server away, waits until writes are accepted without it,
// and lets it come back.
func clusterKill(t *testing.T, js jetstream.JetStream, victim *clusterNode, load *clusterLoad, r *replicas, key string) {
	t.Helper()
	load.mu.Lock()
	load.longest, load.last, load.refused = 0, time.Now(), map[string]int{}
	load.mu.Unlock()
	victim.p.kill()
	if !r.finds(key, "registres", "recap") {
		t.Error("search forgot what it knew")
	}
	load.more(40)
	load.mu.Lock()
	t.Logf("%s killed: no write accepted for %v; refused meanwhile %v", victim.name, load.longest.Round(time.Millisecond), load.refused)
	load.mu.Unlock()
	begin := time.Now()
	victim.start(t)
	victim.p.line("Server is ready")
	await(t, "every copy to be abreast", func() bool { return clusterWhole(t.Context(), js) })
	t.Logf("%s back and abreast after %v", victim.name, time.Since(begin).Round(time.Millisecond))
	load.more(20)
}

// clusterAgrees compares what was accepted with the log, the index and the counts.
func clusterAgrees(t *testing.T, r *replicas, load *clusterLoad, key, code string, answered int64) {
	t.Helper()
	for id, n := range load.written {
		versions := r.versions("/v1/articles/" + id + "/fr")
		if len(versions) != n || versions[0] != 1 || versions[n-1] != n {
			t.Errorf("%d texts of %s were accepted, the log has versions %v", n, id, versions)
		}
	}
	for id, headline := range load.newest {
		await(t, "the newest text of "+id+" in the index", func() bool {
			for _, h := range r.search(key, headline).Hits {
				if h.ID == id && h.Headline.Text == headline {
					return true
				}
			}
			return false
		})
	}
	if total := r.search(key, "").Total; total != len(load.written)+1 {
		t.Errorf("the index has %d articles, the log %d", total, len(load.written)+1)
	}
	await(t, "the answered clicks to be counted", func() bool { return int64(r.humans(code)) >= answered })
	if n := int64(r.humans(code)); n != answered {
		t.Errorf("%d clicks are counted of %d", n, answered)
	}
	if out, errs, exit := r.run("", "recount"); exit != 0 {
		t.Errorf("recount: %d\n%s%s", exit, out, errs)
	}
	t.Logf("%d writes of %d editions and %d clicks agree", load.accepted, len(load.written), answered)
}
