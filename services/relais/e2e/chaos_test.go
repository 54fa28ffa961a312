// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// chaosRounds is how often parts are killed in each shape.
func chaosRounds(t *testing.T) int {
	t.Helper()
	return int(chaosNumber(t, "RELAIS_CHAOS_ROUNDS", 3))
}

func chaosNumber(t *testing.T, name string, usual uint64) uint64 {
	t.Helper()
	said := os.Getenv(name)
	if said == "" {
		return usual
	}
	n, err := strconv.ParseUint(said, 10, 63)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestChaos kills parts of a relay with SIGKILL at random instants, while it is
// written to, read and followed, and holds all that was acknowledged against
// the log and the API in the end. RELAIS_CHAOS_ROUNDS is the number of kills in
// a shape, RELAIS_CHAOS_SEED has the same ones made again, and an edition may be
// shown for RELAIS_CHAOS_SLACK milliseconds longer than the second it has.
func TestChaos(t *testing.T) {
	seed := chaosNumber(t, "RELAIS_CHAOS_SEED", uint64(time.Now().UnixNano()))
	for _, shape := range []string{"one", "apart"} {
		t.Run(shape, func(t *testing.T) {
			t.Logf("RELAIS_CHAOS_SEED=%d", seed)
			j := newChaosJournal()
			j.allowed = time.Duration(chaosNumber(t, "RELAIS_CHAOS_SLACK", 20_000)) * time.Millisecond
			w := newChaosWorld(t, shape == "apart")
			load := w.load(j, w.partner(), seed)
			w.rounds(j, rand.New(rand.NewPCG(seed, 0)), chaosRounds(t))
			load.stop()
			is := w.answers(j, load.key)
			for _, complaint := range j.check(w.log(), is) {
				t.Error(complaint)
			}
			t.Logf("%d writes, lines and clicks acknowledged in %d editions; %d reads; %d clicks recounted; an old version shown for at most %s: %s",
				j.answered, len(j.editions), j.reads, is.recount.Clicks, j.lag.Round(time.Millisecond), j.lagged)
		})
	}
}

// rounds kills, and starts again, and waits until all is ready.
func (w *chaosWorld) rounds(j *chaosJournal, r *rand.Rand, n int) {
	w.t.Helper()
	var ready []time.Duration
	w.calm(j, time.Now())
	for round := range n {
		before, calls := j.count()
		chaosPause(w.t.Context(), time.Duration(300+r.IntN(1500))*time.Millisecond)
		await(w.t, "writes and reads", func() bool { a, c := j.count(); return a > before+20 && c > calls+20 })
		victims := w.victims(r)
		w.calm(j, time.Time{})
		for _, name := range victims {
			w.kill(name)
		}
		chaosPause(w.t.Context(), time.Duration(r.IntN(600))*time.Millisecond)
		begin := time.Now()
		for _, name := range victims {
			for _, projection := range chaosProjections(name) {
				j.raise(projection, time.Now())
			}
			w.start(name)
		}
		for _, name := range w.names() {
			w.await(name)
		}
		ready = append(ready, time.Since(begin))
		w.calm(j, time.Now())
		after, _ := j.count()
		w.t.Logf("round %d: killed %s; %d acknowledged; ready after %s", round+1, strings.Join(victims, ", "), after-before, ready[round].Round(time.Millisecond))
	}
	slices.Sort(ready)
	w.t.Logf("%d rounds: ready after p50 %s, p99 %s", n, ready[n/2].Round(time.Millisecond), ready[n*99/100].Round(time.Millisecond))
}

// chaosProjections are made from the log anew when a part starts: what was
// acknowledged before that, they show.
func chaosProjections(part string) []string {
	switch part {
	case "relais":
		return []string{"index", "catalog", "targets"}
	case "relais-search":
		return []string{"index", "catalog"}
	case "relais-share":
		return []string{"targets"}
	}
	return nil
}

// victims draws the parts to kill: one, and now and then more.
func (w *chaosWorld) victims(r *rand.Rand) []string {
	all := w.names()
	order := r.Perm(len(all))
	n := 1
	if r.IntN(3) == 0 {
		n += r.IntN(len(all))
	}
	order = order[:min(n, len(order))]
	slices.Sort(order) // the log starts first
	out := make([]string, 0, len(order))
	for _, i := range order {
		out = append(out, all[i])
	}
	return out
}

// calm says since when all parts run.
func (w *chaosWorld) calm(j *chaosJournal, since time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, projection := range []string{"index", "catalog", "targets"} {
		j.calm[projection] = since
	}
}

func (j *chaosJournal) count() (answered, reads int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.answered, j.reads
}

func chaosPause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// chaosLoad are the workers.
type chaosLoad struct {
	key  string
	stop func()
}

// load starts the workers: editors, an importer, readers, visitors and an operator.
func (w *chaosWorld) load(j *chaosJournal, key string, seed uint64) *chaosLoad {
	w.t.Helper()
	desk := &chaosDesk{base: w.base, key: key, journal: j, client: &http.Client{
		CheckRedirect: browser.CheckRedirect, Transport: &http.Transport{MaxIdleConnsPerHost: 32},
	}}
	shared := w.shared(desk)
	ctx, cancel := context.WithCancel(w.t.Context())
	var all sync.WaitGroup
	var workers uint64
	work := func(pause time.Duration, step func(r *rand.Rand) func(context.Context)) {
		workers++
		do := step(rand.New(rand.NewPCG(seed, workers)))
		all.Go(func() {
			for ctx.Err() == nil {
				do(ctx)
				chaosPause(ctx, pause)
			}
		})
	}
	for _, name := range []string{"ada", "berthe", "cleo"} {
		work(4*time.Millisecond, func(r *rand.Rand) func(context.Context) {
			return (&chaosEditor{chaosDesk: desk, rand: r, name: name, shared: shared}).step
		})
	}
	work(250*time.Millisecond, func(r *rand.Rand) func(context.Context) {
		return (&chaosEditor{chaosDesk: desk, rand: r, name: "import"}).importer
	})
	for range 3 {
		work(time.Millisecond, func(r *rand.Rand) func(context.Context) {
			return (&chaosReader{chaosDesk: desk, rand: r}).step
		})
	}
	for range 2 {
		work(5*time.Millisecond, func(r *rand.Rand) func(context.Context) {
			c := &chaosReader{chaosDesk: desk, rand: r}
			return func(ctx context.Context) { c.visit(ctx, shared) }
		})
	}
	work(700*time.Millisecond, func(r *rand.Rand) func(context.Context) {
		return func(ctx context.Context) { desk.operate(ctx, r) }
	})
	stop := func() { cancel(); all.Wait(); desk.client.CloseIdleConnections() }
	w.t.Cleanup(stop)
	return &chaosLoad{key: key, stop: stop}
}

// shared makes the editions that all editors correct, and readers follow.
func (w *chaosWorld) shared(desk *chaosDesk) []*chaosEdition {
	w.t.Helper()
	var out []*chaosEdition
	for _, id := range []string{"commun-1", "commun-2", "commun-3"} {
		e := &chaosEditor{chaosDesk: desk, rand: rand.New(rand.NewPCG(0, 0))}
		edition := desk.journal.edition(id, true)
		op := desk.journal.send(edition, "create", true)
		status, _ := e.write(w.t.Context(), op, "PUT", "/v1/articles/"+id+"/fr",
			`{"headline": "Compte rendu `+op.token+`", "bodyText": "Le texte.", "edNote": "`+op.token+`"}`)
		if status >= 300 {
			w.t.Fatalf("%s: %d", id, status)
		}
		for _, channel := range []string{"mail", "x"} {
			await(w.t, "a link of "+id, func() bool { return desk.link(w.t.Context(), edition, channel) != "" })
		}
		out = append(out, edition)
	}
	return out
}
