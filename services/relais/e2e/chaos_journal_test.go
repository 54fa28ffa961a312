// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// chaosState is what is known of a write.
type chaosState int

const (
	chaosSent     chaosState = iota // no answer: it may be in the log, once, or not
	chaosAcked                      // 2xx: it is in the log, once
	chaosPromised                   // a line of an import that was acknowledged: it will be
	chaosRefused                    // 4xx: it is not
)

// chaosOp is one write that was sent. It has a token of its own, which stands in
// the headline and the note of the version that it made, or in the reason of a
// cancellation.
type chaosOp struct {
	edition *chaosEdition
	token   string
	order   int  // of several of one edition, the later is the higher
	public  bool // the edition may be shown as this write left it
	kind    string
	state   chaosState
	sent    time.Time
	acked   time.Time // its answer came; zero: none
	version int       // acknowledged
}

// chaosEdition is an edition that was written to, with all that was sent, in order.
type chaosEdition struct {
	id      string
	ops     []*chaosOp
	shared  bool                 // several workers correct it: the order is that of the versions
	seen    map[string]chaosSeen // by exit, the newest that it showed
	preview string               // code of a link that nobody but previews follow
	links   map[string]string    // by channel, codes that readers follow
	version int                  // the newest one that was acknowledged
}

// chaosSeen is a write that an exit has shown.
type chaosSeen struct {
	order int
	at    time.Time
}

// chaosImport is an import that was acknowledged.
type chaosImport struct {
	id  string
	ops []*chaosOp
}

// chaosClicks is how often a link was followed and answered 302.
type chaosClicks struct{ sent, answered int }

// chaosJournal is what the workers know: what they sent, what they were told,
// and what they saw that cannot be. It is safe for concurrent use.
type chaosJournal struct {
	mu         sync.Mutex
	tokens     int
	ops        map[string]*chaosOp
	editions   []*chaosEdition
	imports    []chaosImport
	clicks     map[string]*chaosClicks
	complaints []string
	answered   int // writes, lines and clicks that were acknowledged
	reads      int
	floors     map[string]time.Time // by projection: what was acknowledged before this, it shows
	calm       map[string]time.Time // by projection: since when it and the log have run
	lag        time.Duration        // the longest time that something old was shown
	lagged     string               // where and what that was
	allowed    time.Duration
}

func newChaosJournal() *chaosJournal {
	return &chaosJournal{
		ops: map[string]*chaosOp{}, clicks: map[string]*chaosClicks{},
		floors: map[string]time.Time{}, calm: map[string]time.Time{}, allowed: time.Minute,
	}
}

// complain keeps the first hundred things that are wrong.
func (j *chaosJournal) complain(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.note(format, args...)
}

func (j *chaosJournal) note(format string, args ...any) {
	if len(j.complaints) < 100 {
		j.complaints = append(j.complaints, fmt.Sprintf(format, args...))
	}
}

// edition opens the record of a new edition.
func (j *chaosJournal) edition(id string, shared bool) *chaosEdition {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := &chaosEdition{id: id, shared: shared, seen: map[string]chaosSeen{}, links: map[string]string{}}
	j.editions = append(j.editions, e)
	return e
}

// send records a write before it is sent.
func (j *chaosJournal) send(e *chaosEdition, kind string, public bool) *chaosOp {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tokens++
	mark := "zq"
	if kind == "cancel" {
		mark = "zk" // a reason may be told
	}
	op := &chaosOp{edition: e, token: fmt.Sprintf("%s%dx", mark, j.tokens), kind: kind, public: public, sent: time.Now()}
	if e.ops = append(e.ops, op); !e.shared {
		op.order = len(e.ops)
	}
	j.ops[op.token] = op
	return op
}

// answer records what a write was answered; version is that of a 2xx.
func (j *chaosJournal) answer(op *chaosOp, status, version int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case status >= 200 && status < 300:
		op.state, op.acked, op.version = chaosAcked, time.Now(), version
		if op.edition.shared {
			op.order = version
		}
		op.edition.version = max(op.edition.version, version)
		j.answered++
	case status >= 400 && status < 500:
		op.state = chaosRefused
	}
}

// promise records that an import was acknowledged.
func (j *chaosJournal) promise(id string, ops []*chaosOp) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, op := range ops {
		op.state = chaosPromised
	}
	j.imports = append(j.imports, chaosImport{id, ops})
	j.answered += len(ops)
}

// follow records a visit before it is sent, and what came of it after.
func (j *chaosJournal) follow(code string, sent, answered int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.clicks[code] == nil {
		j.clicks[code] = &chaosClicks{}
	}
	j.clicks[code].sent += sent
	j.clicks[code].answered += answered
	j.answered += answered
}

// raise says that a projection has applied all that was acknowledged before a moment.
func (j *chaosJournal) raise(projection string, to time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if to.After(j.floors[projection]) {
		j.floors[projection] = to
	}
}

// pick draws an edition that was written to, every other time one that was taken back.
func (j *chaosJournal) pick(r *rand.Rand) (*chaosEdition, *chaosOp) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.editions) == 0 {
		return nil, nil
	}
	back := r.IntN(2) == 0
	var e *chaosEdition
	for range 30 {
		recent := min(len(j.editions), 200)
		e = j.editions[len(j.editions)-1-r.IntN(recent)]
		if n := len(e.ops); n > 0 && back == !e.ops[n-1].public {
			break
		}
	}
	if len(e.ops) == 0 {
		return nil, nil
	}
	return e, e.ops[max(0, len(e.ops)-1-r.IntN(3))]
}

var chaosToken = regexp.MustCompile(`zq[0-9]+x`)

// chaosRead is one answer of an exit: what it was allowed not to know yet was
// fixed when it was asked.
type chaosRead struct {
	exit, projection string
	began            time.Time
	floor, calm      time.Time
}

// ask opens a read.
func (j *chaosJournal) ask(exit, projection string) chaosRead {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reads++
	return chaosRead{exit, projection, time.Now(), j.floors[projection], j.calm[projection]}
}

// showed judges what an exit showed: the tokens of its body.
func (j *chaosJournal) showed(r chaosRead, body []byte) {
	told := map[string]bool{}
	for _, token := range chaosToken.FindAllString(string(body), -1) {
		told[token] = true
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for token := range told {
		op := j.ops[token]
		switch {
		case op == nil:
			j.note("%s shows %s, which nobody wrote", r.exit, token)
			continue
		case op.state == chaosRefused:
			j.note("%s shows %s, which was refused", r.exit, j.name(op))
		case !op.public:
			j.note("%s shows %s, which may not be shown", r.exit, j.name(op))
		}
		j.old(r, op)
		if r.projection != "catalog" && op.sent.After(j.floors[r.projection]) {
			j.floors[r.projection] = op.sent // the log is applied in its order
		}
		if op.order > op.edition.seen[r.exit].order {
			op.edition.seen[r.exit] = chaosSeen{op.order, time.Now()}
		}
	}
}

// old complains when what is shown is older than what the exit must know.
func (j *chaosJournal) old(r chaosRead, op *chaosOp) {
	if op.order == 0 {
		return
	}
	if seen := op.edition.seen[r.exit]; seen.order > op.order && seen.at.Before(r.began) {
		j.note("%s goes back to %s after %d", r.exit, j.name(op), seen.order)
	}
	for _, later := range op.edition.ops {
		if later.order <= op.order || later.state != chaosAcked {
			continue
		}
		j.late(r, later, "shows "+j.name(op))
	}
}

// late complains when an exit does not know of a write that it must know.
func (j *chaosJournal) late(r chaosRead, op *chaosOp, what string) {
	if op.acked.Before(r.floor) {
		j.note("%s %s after it has read past %s", r.exit, what, j.name(op))
		return
	}
	since := op.acked
	if r.calm.After(since) {
		since = r.calm
	}
	if r.calm.IsZero() {
		return // the log or the service is away
	}
	lag := r.began.Sub(since)
	if lag > j.lag {
		j.lag, j.lagged = lag, r.exit+" "+what
	}
	if lag > time.Second+j.allowed {
		j.note("%s %s %s after %s", r.exit, what, lag.Round(time.Millisecond), j.name(op))
	}
}

// served judges an exit that was open for an edition without showing a version.
func (j *chaosJournal) served(r chaosRead, e *chaosEdition) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, op := range slices.Backward(e.ops) {
		if op.public {
			return // it may be this one
		}
		if op.state == chaosAcked {
			j.late(r, op, "serves "+e.id)
		}
	}
}

func (j *chaosJournal) name(op *chaosOp) string {
	return op.edition.id + "/" + op.token + " (" + op.kind + ", order " + strconv.Itoa(op.order) + ")"
}
