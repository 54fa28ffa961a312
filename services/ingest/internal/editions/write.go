// SPDX-License-Identifier: Apache-2.0

package editions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/record"
)

// Outcome says what a write did.
type Outcome int

// The outcomes of a write.
const (
	Unchanged Outcome = iota // the edition already reads so: no event
	Created                  // version 1
	Updated                  // a later version
)

// Write is a wish to create or replace an edition. Server-made fields of the
// edition are ignored. Nobody publishes by leaving something out: an empty
// PubStatus keeps the present one; an embargo that is still to lift, an expiry
// and an audience stay until the writer speaks of them.
type Write struct {
	Edition article.Edition
	Given   map[string]bool // members the writer speaks of; nil: it could not speak of them
	Whole   bool            // the edition is whole: what it lacks was taken away
	Guessed map[string]bool // members that were read out of the text: see [keepGuesses]
	Resent  bool            // what reads like an older version is that version, sent again: no event
	IfMatch int             // 0: no condition; -1: must exist; else the version it must have
	Absent  bool            // the edition must not exist yet
	New     bool            // the article must not exist yet
	Actor   string          // id of the key
	Attempt string          // the same for every retry of one request
}

// Result is an edition after a write.
type Result struct {
	Stored
	Outcome   Outcome
	Others    []Stored // translations that were changed along with their original
	Languages []string // of the article's editions, the original first
}

// attempts is how often a write is tried when others write to the same article.
const attempts = 25

// Put creates or replaces an edition. Another writer of the same article being
// first has it tried again, on what that one wrote; Conflict when that does not
// end. An original that is held back holds back its translations.
func (s *Store) Put(ctx context.Context, w Write) (Result, error) {
	for n := 1; ; n++ {
		res, err := s.put(ctx, w)
		if !errors.Is(err, errRace) || n == attempts || ctx.Err() != nil {
			return res, err
		}
		pause(ctx, n)
	}
}

// pause lets the other writers of an article come to an end.
func pause(ctx context.Context, n int) {
	t := time.NewTimer(time.Duration(1+rand.IntN(2*min(n, 10))) * time.Millisecond) //nolint:gosec // only keeps writers apart
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Store) put(ctx context.Context, w Write) (Result, error) {
	siblings, err := s.Article(ctx, w.Edition.ID)
	if err != nil {
		return Result{}, err
	}
	current, exists := find(siblings, w.Edition.Language)
	if w.New && len(siblings) > 0 {
		return s.made(ctx, w, siblings)
	}
	if err := condition(w, current, exists); err != nil {
		return Result{}, err
	}
	res := Result{Stored: current, Outcome: outcomeOf(current.Edition.Version), Languages: Languages(siblings)}
	if !exists {
		res.Languages = append(res.Languages, w.Edition.Language)
	}
	if !exists || current.EventID != w.Attempt {
		next, err := s.next(w, current.Edition, siblings)
		if err != nil {
			return Result{}, err
		}
		unchanged := exists && same(next, current.Edition)
		if exists && !unchanged && w.Resent {
			if unchanged, err = s.resent(ctx, w); err != nil {
				return Result{}, err
			}
		}
		if unchanged {
			res.Outcome = Unchanged
			return res, nil
		}
		if res.Stored, err = s.append(ctx, next, current.beyond, lastOf(siblings), w); err != nil {
			return Result{}, err
		}
		res.Outcome = outcomeOf(next.Version)
	}
	if res.Edition.IsOriginal() {
		res.Others, err = s.hold(ctx, res.Stored, siblings, w)
	}
	return res, err
}

// resent reports whether a write reads like an older version of its edition.
func (s *Store) resent(ctx context.Context, w Write) (bool, error) {
	history, err := s.History(ctx, w.Edition.ID, w.Edition.Language)
	if err != nil {
		return false, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	return slices.ContainsFunc(history, func(old Stored) bool {
		e := w.Edition
		keep(&e, old.Edition, w, now)
		e.SourceLanguage = old.Edition.SourceLanguage
		if e.SourceVersion == 0 {
			e.SourceVersion = old.Edition.SourceVersion
		}
		if e.EmbargoedUntil == nil {
			e.EmbargoedUntil = old.Edition.EmbargoedUntil
		}
		if reads(e) == reads(old.Edition) {
			keepGuesses(&e, old.Edition, w.Guessed)
		}
		number(&e, old.Edition, now)
		utc(&e)
		return same(e, old.Edition)
	}), nil
}

// lastOf is the sequence of an article's newest version in any language; 0 when
// there is no article.
func lastOf(siblings []Stored) uint64 {
	last := uint64(0)
	for _, st := range siblings {
		last = max(last, st.Sequence)
	}
	return last
}

// made is the answer to a New article that exists: made by an earlier attempt
// of the same request, or a Conflict.
func (s *Store) made(ctx context.Context, w Write, siblings []Stored) (Result, error) {
	history, err := s.History(ctx, w.Edition.ID, siblings[0].Edition.Language)
	if err != nil {
		return Result{}, err
	}
	if history[0].EventID != w.Attempt {
		return Result{}, fault.Newf(fault.Conflict, "there is already an article %s", w.Edition.ID)
	}
	return Result{Stored: siblings[0], Outcome: Created, Languages: Languages(siblings)}, nil
}

func condition(w Write, current Stored, exists bool) error {
	switch {
	case w.Absent && exists && current.EventID != w.Attempt:
		return fault.WithFields(fault.PreconditionFailed, "there is already such an edition",
			fault.Field{Pointer: "/If-None-Match", Detail: fmt.Sprintf("the present version is %d", current.Edition.Version)})
	case w.IfMatch != 0 && !exists:
		return fault.New(fault.PreconditionFailed, "If-Match names a version, and there is no such edition yet")
	case w.IfMatch > 0 && current.Edition.Version != w.IfMatch && current.EventID != w.Attempt:
		return fault.WithFields(fault.PreconditionFailed,
			fmt.Sprintf("the edition is at version %d, not %d", current.Edition.Version, w.IfMatch),
			fault.Field{Pointer: "/If-Match", Detail: fmt.Sprintf("the present version is %d", current.Edition.Version)})
	}
	return nil
}

// errRace marks a Conflict with another writer, which a retry may settle.
var errRace = errors.New("another writer was first")

// append writes a version on condition that nothing was written to its article,
// in any language, since the sequence last: what was decided by the other
// editions holds. beyond are members that the version before has and this program
// does not know: they stay.
func (s *Store) append(ctx context.Context, next article.Edition, beyond map[string]json.RawMessage, last uint64, w Write) (Stored, error) {
	if violations := next.Validate(); len(violations) > 0 {
		return Stored{}, Invalid(violations)
	}
	st := Stored{Change: article.Change{EventID: w.Attempt, Actor: w.Actor, Edition: next}, beyond: beyond}
	header, data, err := st.Encode()
	if err == nil && len(beyond) > 0 {
		data, err = record.With(data, beyond)
	}
	if err != nil {
		return Stored{}, err
	}
	st.Sequence, err = s.log.Append(ctx, bus.Articles, bus.Message{
		Subject: article.Subject(next.ID, next.Language), Scope: article.Subject(next.ID, "*"), ID: st.MessageID(), Header: header, Data: data,
	}, last)
	if fault.Is(err, fault.Conflict) {
		return Stored{}, fault.Wrap(fault.Conflict, "somebody else wrote first", errRace)
	}
	return st, err
}

// next is the version to write: it is fitted into its article, and what the
// server makes is made here.
func (s *Store) next(w Write, current article.Edition, siblings []Stored) (article.Edition, error) {
	e, now := w.Edition, s.now().UTC().Truncate(time.Millisecond)
	keep(&e, current, w, now)
	if err := place(&e, current, siblings, now); err != nil {
		return e, err
	}
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
	}
	if current.Version > 0 && reads(e) == reads(current) {
		keepGuesses(&e, current, w.Guessed)
	}
	number(&e, current, now)
	utc(&e)
	return e, nil
}

// keep leaves as it is what the writer does not speak of and must not change by
// silence.
func keep(e *article.Edition, current article.Edition, w Write, now time.Time) {
	if current.Version > 0 {
		silent := func(member string) bool { return !w.Whole && !w.Given[member] }
		if e.EmbargoedUntil == nil && current.EmbargoedUntil != nil {
			// An embargo that has lifted is history and changes nothing.
			if lifted := !now.Before(*current.EmbargoedUntil); lifted || silent("embargoedUntil") {
				e.EmbargoedUntil = current.EmbargoedUntil
			}
		}
		if e.Expires == nil && silent("expires") {
			e.Expires = current.Expires
		}
		if e.Audience == nil && silent("audience") {
			e.Audience = current.Audience
		}
		if w.Given == nil && !w.Whole {
			keepTexts(e, current)
		}
		if e.PubStatus == "" {
			e.PubStatus = current.PubStatus
		}
	}
	if e.PubStatus == article.Withheld && waits(*e, current, now) {
		e.PubStatus = article.Usable
	}
}

// keepTexts leaves notes and terms as they are that the text of a page or a feed
// cannot hold.
func keepTexts(e *article.Edition, current article.Edition) {
	for _, f := range []struct{ next, present *string }{
		{&e.EdNote, &current.EdNote}, {&e.UsageTerms, &current.UsageTerms}, {&e.Copyright, &current.Copyright},
	} {
		if *f.next == "" {
			*f.next = *f.present
		}
	}
}

// The members that may be guessed from a text.
const (
	People        = "people"
	Organisations = "organisations"
	Places        = "places"
	Event         = "event"
	Section       = "section"
	Keywords      = "keywords"
)

// keepGuesses leaves members as they are that the editor said nothing of: the
// same text is not read twice, with other rules or on another day, and what an
// editor took out of it stays out.
func keepGuesses(e *article.Edition, current article.Edition, guessed map[string]bool) {
	if guessed[People] {
		e.People = current.People
	}
	if guessed[Organisations] {
		e.Organisations = current.Organisations
	}
	if guessed[Places] {
		e.Places = current.Places
	}
	if guessed[Event] {
		e.Event = current.Event
	}
	if guessed[Section] {
		e.Section = current.Section
	}
	if guessed[Keywords] {
		e.Keywords = current.Keywords
	}
}

// waits reports whether an edition that is called withheld is so only for its
// time: its embargo will lift by itself, or it is read back after it expired.
func waits(e, current article.Edition, now time.Time) bool {
	if e.EmbargoedUntil != nil && now.Before(*e.EmbargoedUntil) {
		return true
	}
	return current.PubStatus == article.Usable && e.Expires != nil && !now.Before(*e.Expires)
}

func number(e *article.Edition, current article.Edition, now time.Time) {
	e.Stale, e.VersionCreated, e.FirstCreated, e.Version = false, now, now, current.Version+1
	if current.Version > 0 {
		e.FirstCreated = current.FirstCreated
		if e.DatePublished.IsZero() {
			e.DatePublished = current.DatePublished
		}
	}
	if e.DatePublished.IsZero() {
		e.DatePublished = now
		if e.EmbargoedUntil != nil {
			e.DatePublished = *e.EmbargoedUntil
		}
	}
	switch {
	case e.PubStatus != article.Canceled:
		e.Cancellation = nil
	case e.Cancellation == nil && current.Cancellation != nil:
		e.Cancellation = current.Cancellation
	case e.Cancellation == nil:
		e.Cancellation = &article.Cancellation{At: now}
	}
}

func utc(e *article.Edition) {
	e.DatePublished = e.DatePublished.UTC()
	times := []**time.Time{&e.EmbargoedUntil, &e.Expires}
	if e.Event != nil {
		event := *e.Event
		e.Event = &event
		times = append(times, &event.StartDate, &event.EndDate)
	}
	for _, t := range times {
		if *t != nil {
			u := (*t).UTC()
			*t = &u
		}
	}
}

// same reports whether two versions read the same: they differ in nothing but
// what the server makes for each version, and a has no new note.
func same(a, b article.Edition) bool {
	if a.Correction == "" {
		a.Correction = b.Correction // nothing new was wrong
	}
	for _, e := range []*article.Edition{&a, &b} {
		withoutEmpty(e)
		e.Version, e.VersionCreated, e.FirstCreated, e.Stale = 0, time.Time{}, time.Time{}, false
	}
	return reflect.DeepEqual(a, b)
}

// withoutEmpty makes an empty list an absent one, as the log keeps it.
func withoutEmpty(e *article.Edition) {
	for _, list := range []*[]string{&e.Organisations, &e.Places, &e.Keywords} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if len(e.Authors) == 0 {
		e.Authors = nil
	}
	if len(e.People) == 0 {
		e.People = nil
	}
	if e.Audience != nil && len(e.Audience.Partners) == 0 {
		e.Audience = nil
	}
}

// Invalid is the error of an edition that breaks rules.
func Invalid(violations []article.Violation) error {
	fields := make([]fault.Field, 0, len(violations))
	for _, v := range violations {
		fields = append(fields, fault.Field(v))
	}
	return fault.WithFields(fault.Invalid, "the edition breaks a rule", fields...)
}

func outcomeOf(version int) Outcome {
	if version == 1 {
		return Created
	}
	return Updated
}

// Languages are those of an article's editions, in their order.
func Languages(siblings []Stored) []string {
	out := make([]string, 0, len(siblings))
	for _, st := range siblings {
		out = append(out, st.Edition.Language)
	}
	return out
}

func find(siblings []Stored, language string) (Stored, bool) {
	i := slices.IndexFunc(siblings, func(st Stored) bool { return st.Edition.Language == language })
	if i < 0 {
		return Stored{}, false
	}
	return siblings[i], true
}
