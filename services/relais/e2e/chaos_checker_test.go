// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"strings"
	"testing"
	"time"
)

// chaosCalm is a small journal, and the log and the answers that agree with it:
// an edition corrected once, one that is canceled, one under embargo, an import
// of one line, and a link that was followed.
func chaosCalm() (*chaosJournal, *chaosLog, *chaosAnswers) {
	j := newChaosJournal()
	log := &chaosLog{clicks: map[string]int{"C": 3}}
	is := &chaosAnswers{
		histories: map[string][]int{}, newest: map[string]string{}, found: map[string]bool{}, mirror: map[string]string{},
		imports: map[string]chaosImportAnswer{"I": {State: "done", Read: 1, Accepted: 1}}, stats: map[string]int{"C": 3},
		recount: chaosRecount{State: "done", Clicks: 3, Counted: 3}, total: 2,
	}
	write := func(e *chaosEdition, kind string, public bool) *chaosOp {
		op, version := j.send(e, kind, public), len(e.ops)
		j.answer(op, 200, version)
		log.versions = append(log.versions, chaosVersion{e.id, version, op.token, public})
		is.histories[e.id], is.newest[e.id] = append(is.histories[e.id], version), op.token
		delete(is.mirror, e.id)
		if public {
			is.mirror[e.id] = op.token
		}
		return op
	}
	corrected, canceled, held, imported := j.edition("corrected", false), j.edition("canceled", false), j.edition("held", false), j.edition("imported", false)
	write(corrected, "create", true)
	is.found[write(corrected, "correct", true).token] = true
	write(canceled, "create", true)
	write(canceled, "cancel", false)
	write(held, "create", false)
	line := write(imported, "import", true)
	is.found[line.token] = true
	j.promise("I", []*chaosOp{line})
	j.follow("C", 4, 3)
	return j, log, is
}

// TestChaosCheckerComplains gives the checker one wrong thing at a time.
func TestChaosCheckerComplains(t *testing.T) {
	for _, tc := range []struct {
		name, want string
		spoil      func(*chaosJournal, *chaosLog, *chaosAnswers)
	}{
		{"nothing", "", func(*chaosJournal, *chaosLog, *chaosAnswers) {}},
		{"a write without an answer is not there", "", func(j *chaosJournal, _ *chaosLog, _ *chaosAnswers) {
			j.send(j.editions[0], "correct", true)
		}},
		{"a lost write", "lost: corrected/zq2x", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions = append(log.versions[:1], log.versions[2:]...)
		}},
		{"a lost line of an import", "lost: imported/", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions = log.versions[:5]
		}},
		{"a write twice", "twice, as versions 2 and 3", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions = append(log.versions, chaosVersion{"corrected", 3, "zq2x", true})
		}},
		{"a version left out", "has version 4 where 3 is due", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions = append(log.versions, chaosVersion{"corrected", 4, "zq2x", true})
		}},
		{"another version than was told", "was acknowledged as version 1 and is 2", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions[0].token, log.versions[1].token = log.versions[1].token, log.versions[0].token
		}},
		{"what nobody wrote", "which nobody wrote", func(_ *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			log.versions = append(log.versions, chaosVersion{"stranger", 1, "zq99x", true})
		}},
		{"a refused write", "which was refused", func(j *chaosJournal, log *chaosLog, _ *chaosAnswers) {
			op := j.send(j.editions[0], "correct", true)
			j.answer(op, 412, 0)
			log.versions = append(log.versions, chaosVersion{"corrected", 3, op.token, true})
		}},
		{"a history with a gap", "api: corrected has version 3 in the place of 2", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) {
			is.histories["corrected"] = []int{1, 3}
		}},
		{"an edition that is not found", "index: corrected", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { delete(is.found, "zq2x") }},
		{"an older version that is found", "is not the newest", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.found["zq1x"] = true }},
		{"a canceled edition that is found", "is not the newest", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.found["zq3x"] = true }},
		{"an embargoed edition that is found", "index: held", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.found["zq5x"] = true }},
		{"one too many in all", "3 articles are found, and 2 may be shown", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.total = 3 }},
		{"a mirror without an edition", "changes: corrected", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { delete(is.mirror, "corrected") }},
		{"an import that is not done", "import I", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) {
			is.imports["I"] = chaosImportAnswer{State: "running", Read: 1, Accepted: 1}
		}},
		{"a lost click", "clicks on C", func(_ *chaosJournal, log *chaosLog, is *chaosAnswers) { is.stats["C"], log.clicks["C"] = 2, 2 }},
		{"a click counted twice", "clicks on C", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.stats["C"] = 4 }},
		{"a recount that differs", "recount", func(_ *chaosJournal, _ *chaosLog, is *chaosAnswers) { is.recount.Difference = 1 }},
	} {
		j, log, is := chaosCalm()
		tc.spoil(j, log, is)
		chaosWants(t, tc.name, j.check(*log, *is), tc.want)
	}
}

// TestChaosReaderComplains shows the journal one answer at a time.
func TestChaosReaderComplains(t *testing.T) {
	for _, tc := range []struct {
		name, exit, body, want string
		prepare                func(*chaosJournal)
	}{
		{name: "the newest version", exit: "search", body: "zq2x"},
		{name: "an older one that may still be read", exit: "search", body: "zq1x"},
		{name: "a version under embargo", exit: "search", body: "zq5x", want: "may not be shown"},
		{name: "what nobody wrote", exit: "search", body: "zq77x", want: "which nobody wrote"},
		{
			name: "an older one, after the newer was shown", exit: "search", body: "zq1x", want: "goes back to corrected/zq1x",
			prepare: func(j *chaosJournal) { j.showed(j.ask("search", "none"), []byte("zq2x")) },
		},
		{
			name: "a canceled one, after the process was started", exit: "search", body: "zq3x", want: "after it has read past canceled/zk4x",
			prepare: func(j *chaosJournal) { j.raise("index", time.Now()) },
		},
		{
			name: "a canceled one, after a later write was shown", exit: "search", body: "zq3x", want: "after it has read past canceled/zk4x",
			prepare: func(j *chaosJournal) { j.showed(j.ask("latest", "index"), []byte("zq6x")) },
		},
		{
			name: "a canceled one, for longer than a second", exit: "search", body: "zq3x", want: "s after canceled/zk4x",
			prepare: func(j *chaosJournal) {
				j.allowed, j.calm["index"] = 0, time.Now().Add(-time.Hour)
				j.ops["zk4x"].acked = time.Now().Add(-2 * time.Second)
			},
		},
	} {
		j, _, _ := chaosCalm()
		if tc.prepare != nil {
			tc.prepare(j)
		}
		j.showed(j.ask(tc.exit, "index"), []byte(tc.body))
		chaosWants(t, tc.name, j.complaints, tc.want)
	}
	j, _, _ := chaosCalm()
	j.raise("targets", time.Now())
	j.served(j.ask("the card", "targets"), j.editions[1])
	j.served(j.ask("the card", "targets"), j.editions[0])
	chaosWants(t, "the card of a canceled edition", j.complaints, "the card serves canceled")
}

// chaosWants fails unless there is a complaint that holds a text, or none at all when it is empty.
func chaosWants(t *testing.T, name string, complaints []string, want string) {
	t.Helper()
	all := strings.Join(complaints, "\n")
	if want == "" && all != "" || !strings.Contains(all, want) {
		t.Errorf("%s: complaints %q, want %q", name, all, want)
	}
}
