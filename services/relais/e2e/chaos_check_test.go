// SPDX-License-Identifier: Apache-2.0

package e2e_test

import "fmt"

// chaosVersion is one message of the log.
type chaosVersion struct {
	id      string
	version int
	token   string // of the write that made it
	shown   bool   // by what it says, it may be shown now
}

// chaosLog is what the log holds at the end.
type chaosLog struct {
	versions []chaosVersion // in the order of the log
	clicks   map[string]int // by code; a batch that was sent twice counts once
}

// chaosAnswers are what the public API says at the end.
type chaosAnswers struct {
	histories map[string][]int // versions, by edition
	newest    map[string]string
	found     map[string]bool // by token: search finds it
	total     int             // of a search for all
	mirror    map[string]string
	imports   map[string]chaosImportAnswer
	stats     map[string]int // by code, clicks of every class
	recount   chaosRecount
}

type chaosImportAnswer struct {
	State                               string
	Read, Accepted, Unchanged, Rejected int
}

type chaosRecount struct {
	State                       string
	Clicks, Counted, Difference int
}

// check compares what was acknowledged, what the log holds and what the API
// says, and names all that does not agree.
func (j *chaosJournal) check(log chaosLog, is chaosAnswers) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := chaosCheck{journal: j, log: log, is: is, at: map[string]chaosVersion{}, last: map[string]chaosVersion{}}
	c.complaints = append(c.complaints, j.complaints...)
	c.written()
	c.acknowledged()
	c.projected()
	c.imported()
	c.counted()
	return c.complaints
}

type chaosCheck struct {
	journal    *chaosJournal
	log        chaosLog
	is         chaosAnswers
	at         map[string]chaosVersion // by token
	last       map[string]chaosVersion // by edition
	complaints []string
}

func (c *chaosCheck) complain(format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf(format, args...))
}

// written: each version in the log is the one after that before, and is one
// write that was sent and not refused.
func (c *chaosCheck) written() {
	for _, v := range c.log.versions {
		if want := c.last[v.id].version + 1; v.version != want {
			c.complain("log: %s has version %d where %d is due", v.id, v.version, want)
		}
		if op := c.journal.ops[v.token]; op == nil || op.edition.id != v.id {
			c.complain("log: %s version %d holds %q, which nobody wrote", v.id, v.version, v.token)
		} else if op.state == chaosRefused {
			c.complain("log: %s holds %s, which was refused", v.id, c.journal.name(op))
		}
		if twice, ok := c.at[v.token]; ok {
			c.complain("log: %s is in %s twice, as versions %d and %d", v.token, v.id, twice.version, v.version)
		}
		c.at[v.token], c.last[v.id] = v, v
	}
}

// acknowledged: what was acknowledged is in the log, as the version that was
// told, in the order in which it was sent; and the API tells the same history.
func (c *chaosCheck) acknowledged() {
	for _, e := range c.journal.editions {
		before := 0
		for _, op := range e.ops {
			v, there := c.at[op.token]
			switch kept := op.state == chaosAcked || op.state == chaosPromised; {
			case kept && !there:
				c.complain("lost: %s was acknowledged as version %d", c.journal.name(op), op.version)
			case op.state == chaosAcked && v.version != op.version:
				c.complain("%s was acknowledged as version %d and is %d", c.journal.name(op), op.version, v.version)
			case there && !e.shared && v.version <= before:
				c.complain("%s is version %d, after %d", c.journal.name(op), v.version, before)
			}
			before = max(before, v.version)
		}
		history := c.is.histories[e.id]
		for n, version := range history {
			if version != n+1 {
				c.complain("api: %s has version %d in the place of %d", e.id, version, n+1)
			}
		}
		if len(history) != c.last[e.id].version || c.is.newest[e.id] != c.last[e.id].token {
			c.complain("api: %s has %d versions, the newest %q; the log has %+v", e.id, len(history), c.is.newest[e.id], c.last[e.id])
		}
	}
}

// projected: the index and the changes hold what the log says may be shown, in
// its newest version, and nothing else.
func (c *chaosCheck) projected() {
	usable := 0
	for id, v := range c.last {
		if v.shown {
			usable++
		}
		if c.is.found[v.token] != v.shown {
			c.complain("index: %s %s found: %t, to be shown: %t", id, v.token, c.is.found[v.token], v.shown)
		}
		if told, ok := c.is.mirror[id]; ok != v.shown || ok && told != v.token {
			c.complain("changes: %s is told as %q, the log has %+v", id, told, v)
		}
	}
	for token, found := range c.is.found {
		if v, ok := c.at[token]; found && (!ok || c.last[v.id].token != token) {
			c.complain("index: %s is found, and is not the newest of %q", token, v.id)
		}
	}
	for id := range c.is.mirror {
		if _, ok := c.last[id]; !ok {
			c.complain("changes: %s is told, and is not in the log", id)
		}
	}
	if c.is.total != usable {
		c.complain("index: %d articles are found, and %d may be shown", c.is.total, usable)
	}
}

// imported: what was acknowledged is done, each line once.
func (c *chaosCheck) imported() {
	for _, i := range c.journal.imports {
		is := c.is.imports[i.id]
		if n := len(i.ops); is.State != "done" || is.Read != n || is.Accepted+is.Unchanged != n || is.Rejected != 0 {
			c.complain("import %s of %d lines is %+v", i.id, n, is)
		}
	}
}

// counted: each visit that was answered is counted, none twice, as the log has it.
func (c *chaosCheck) counted() {
	for code, n := range c.journal.clicks {
		if is := c.is.stats[code]; is < n.answered || is > n.sent || is != c.log.clicks[code] {
			c.complain("clicks on %s: %d sent, %d answered, %d counted, %d in the log", code, n.sent, n.answered, is, c.log.clicks[code])
		}
	}
	if r := c.is.recount; r.State != "done" || r.Difference != 0 || r.Clicks != r.Counted {
		c.complain("recount: %+v", r)
	}
}
