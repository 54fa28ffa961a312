// SPDX-License-Identifier: Apache-2.0

// Package editions writes and reads editions in the log: it numbers versions,
// guards them against lost updates, and keeps an article's editions together.
package editions

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
)

// Log is the part of the bus that editions live on.
type Log interface {
	// Append writes after an expected sequence, or returns Conflict.
	Append(ctx context.Context, stream string, m bus.Message, expected uint64) (uint64, error)
	// Last returns the newest message of a subject, or NotFound.
	Last(ctx context.Context, stream, subject string) (bus.Message, error)
	// History returns the messages of a subject, oldest first.
	History(ctx context.Context, stream, subject string) ([]bus.Message, error)
	// Subjects lists the subjects that match a filter.
	Subjects(ctx context.Context, stream, filter string) ([]string, error)
}

// Store reads and writes editions. It is safe for concurrent use, by several
// processes too.
type Store struct {
	log Log
	now func() time.Time
}

// New returns a store on a log; now is its clock.
func New(log Log, now func() time.Time) *Store { return &Store{log, now} }

// Stored is a version of an edition as the log has it.
type Stored struct {
	article.Change
	Sequence uint64 // in the log
}

// Outcome says what a write did.
type Outcome int

// The outcomes of a write.
const (
	Unchanged Outcome = iota // the edition already reads so: no event
	Created                  // version 1
	Updated                  // a later version
)

// Write is a wish to create or replace an edition.
type Write struct {
	Edition article.Edition // an empty PubStatus keeps the present one; server-made fields are ignored
	IfMatch int             // 0: no condition; -1: must exist; else the version it must have
	New     bool            // the article must not exist yet
	Actor   string          // id of the key
	Attempt string          // the same for every retry of one request

	done bool // New, and an earlier attempt of this request made the article
}

// Get returns the newest version of an edition, or NotFound.
func (s *Store) Get(ctx context.Context, id, language string) (Stored, error) {
	m, err := s.log.Last(ctx, bus.Articles, article.Subject(id, language))
	if fault.Is(err, fault.NotFound) {
		return Stored{}, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	if err != nil {
		return Stored{}, err
	}
	return decode(m)
}

// History returns the versions kept of an edition, oldest first, or NotFound.
func (s *Store) History(ctx context.Context, id, language string) ([]Stored, error) {
	messages, err := s.log.History(ctx, bus.Articles, article.Subject(id, language))
	if err != nil {
		return nil, err
	}
	if len(messages) == 0 {
		return nil, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	out := make([]Stored, 0, len(messages))
	for _, m := range messages {
		st, err := decode(m)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// Version returns one version of an edition, or NotFound.
func (s *Store) Version(ctx context.Context, id, language string, version int) (Stored, error) {
	history, err := s.History(ctx, id, language)
	if err != nil {
		return Stored{}, err
	}
	for _, st := range history {
		if st.Edition.Version == version {
			return st, nil
		}
	}
	return Stored{}, fault.Newf(fault.NotFound, "edition %s/%s has no version %d", id, language, version)
}

// Article returns the newest version of every edition of an article, the
// original first, then by language; none when there is no such article. A
// translation's Stale is set when the original has moved on.
func (s *Store) Article(ctx context.Context, id string) ([]Stored, error) {
	subjects, err := s.log.Subjects(ctx, bus.Articles, article.Subject(id, "*"))
	if err != nil {
		return nil, err
	}
	out := make([]Stored, 0, len(subjects))
	for _, subject := range subjects {
		_, language, ok := article.SplitSubject(subject)
		if !ok {
			continue
		}
		st, err := s.Get(ctx, id, language)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b Stored) int {
		if a.Edition.IsOriginal() != b.Edition.IsOriginal() {
			if a.Edition.IsOriginal() {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Edition.Language, b.Edition.Language)
	})
	if len(out) > 0 && out[0].Edition.IsOriginal() {
		for i := range out[1:] {
			e := &out[i+1].Edition
			e.Stale = e.SourceVersion < out[0].Edition.Version
		}
	}
	return out, nil
}

// Put creates or replaces an edition. Losing a race against another writer is
// PreconditionFailed when the write has a condition, and tried again when it
// has none.
func (s *Store) Put(ctx context.Context, w Write) (Stored, Outcome, error) {
	if err := s.place(ctx, &w); err != nil {
		return Stored{}, Unchanged, err
	}
	const attempts = 5
	for n := 1; ; n++ {
		st, outcome, err := s.put(ctx, w)
		if !fault.Is(err, fault.Conflict) || w.New {
			return st, outcome, err
		}
		if w.IfMatch > 0 {
			return st, outcome, fault.New(fault.PreconditionFailed, "the edition was changed by somebody else meanwhile")
		}
		if n == attempts {
			return st, outcome, err
		}
	}
}

// place fits the edition into its article: which language is the original, and
// which version of it a translation was made from.
func (s *Store) place(ctx context.Context, w *Write) error {
	e := &w.Edition
	siblings, err := s.Article(ctx, e.ID)
	if err != nil {
		return err
	}
	if len(siblings) == 0 {
		if e.SourceLanguage == "" {
			e.SourceLanguage = e.Language
		}
		if !e.IsOriginal() {
			return fault.WithFields(fault.Invalid, "a translation cannot come before its original", fault.Field{
				Pointer: "/sourceLanguage", Detail: "publish the edition in " + e.SourceLanguage + " first",
			})
		}
		e.SourceVersion = 0
		return nil
	}
	if w.New {
		history, err := s.History(ctx, e.ID, siblings[0].Edition.Language)
		if err != nil {
			return err
		}
		if w.done = history[0].EventID == w.Attempt; !w.done {
			return fault.Newf(fault.Conflict, "there is already an article %s", e.ID)
		}
	}
	original := siblings[0].Edition
	if e.SourceLanguage == "" {
		e.SourceLanguage = original.SourceLanguage
	}
	if e.SourceLanguage != original.SourceLanguage {
		return fault.WithFields(fault.Invalid, "an article has one original", fault.Field{
			Pointer: "/sourceLanguage", Detail: "the original of this article is in " + original.SourceLanguage,
		})
	}
	switch {
	case e.IsOriginal():
		e.SourceVersion = 0
	case e.SourceVersion == 0:
		e.SourceVersion = original.Version
	case e.SourceVersion > original.Version:
		return fault.WithFields(fault.Invalid, "a translation is made from a version that exists", fault.Field{
			Pointer: "/sourceVersion", Detail: fmt.Sprintf("the original has %d versions", original.Version),
		})
	}
	return nil
}

func (s *Store) put(ctx context.Context, w Write) (Stored, Outcome, error) {
	current, err := s.Get(ctx, w.Edition.ID, w.Edition.Language)
	exists := err == nil
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Stored{}, Unchanged, err
	}
	if err := condition(w, current, exists); err != nil {
		return Stored{}, Unchanged, err
	}
	if exists && w.done {
		return current, Created, nil
	}
	if exists && current.EventID == w.Attempt {
		return current, outcomeOf(current.Edition.Version), nil
	}
	next := s.next(w.Edition, current.Edition, exists)
	if exists && same(next, current.Edition) {
		return current, Unchanged, nil
	}
	if violations := next.Validate(); len(violations) > 0 {
		return Stored{}, Unchanged, Invalid(violations)
	}
	st := Stored{Change: article.Change{EventID: w.Attempt, Actor: w.Actor, Edition: next}}
	header, data, err := st.Encode()
	if err != nil {
		return Stored{}, Unchanged, err
	}
	st.Sequence, err = s.log.Append(ctx, bus.Articles, bus.Message{
		Subject: article.Subject(next.ID, next.Language), ID: st.MessageID(), Header: header, Data: data,
	}, current.Sequence)
	if err != nil {
		return Stored{}, Unchanged, err
	}
	return st, outcomeOf(next.Version), nil
}

func condition(w Write, current Stored, exists bool) error {
	switch {
	case w.IfMatch != 0 && !exists:
		return fault.New(fault.PreconditionFailed, "If-Match names a version, and there is no such edition yet")
	case w.IfMatch > 0 && current.Edition.Version != w.IfMatch && current.EventID != w.Attempt:
		return fault.WithFields(fault.PreconditionFailed,
			fmt.Sprintf("the edition is at version %d, not %d", current.Edition.Version, w.IfMatch),
			fault.Field{Pointer: "/If-Match", Detail: fmt.Sprintf("the present version is %d", current.Edition.Version)})
	case w.New && exists && !w.done:
		return fault.Newf(fault.Conflict, "there is already an article %s", w.Edition.ID)
	}
	return nil
}

// next is the version to write: what the server makes is made here.
func (s *Store) next(e, current article.Edition, exists bool) article.Edition {
	now := s.now().UTC().Truncate(time.Millisecond)
	e.Stale, e.VersionCreated, e.FirstCreated, e.Version = false, now, now, 1
	if exists {
		e.FirstCreated, e.Version = current.FirstCreated, current.Version+1
		if e.PubStatus == "" {
			e.PubStatus = current.PubStatus
		}
		if e.DatePublished.IsZero() {
			e.DatePublished = current.DatePublished
		}
	}
	if e.PubStatus == "" {
		e.PubStatus = article.Usable
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
	utc(&e)
	return e
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
// what the server makes for each version.
func same(a, b article.Edition) bool {
	for _, e := range []*article.Edition{&a, &b} {
		e.Version, e.VersionCreated, e.FirstCreated, e.Stale = 0, time.Time{}, time.Time{}, false
	}
	return reflect.DeepEqual(a, b)
}

// Cancel kills an edition, and with an original every translation of it. It
// returns the canceled edition. Canceling again with the same words changes nothing.
func (s *Store) Cancel(ctx context.Context, id, language string, c article.Cancellation, w Write) (Stored, error) {
	editions, err := s.Article(ctx, id)
	if err != nil {
		return Stored{}, err
	}
	i := slices.IndexFunc(editions, func(st Stored) bool { return st.Edition.Language == language })
	if i < 0 {
		return Stored{}, fault.Newf(fault.NotFound, "there is no edition %s/%s", id, language)
	}
	targets := editions[i : i+1]
	if editions[i].Edition.IsOriginal() {
		targets = editions
	}
	var first Stored
	for n, st := range targets {
		condition := 0
		if n == 0 {
			condition = w.IfMatch
		}
		canceled, err := s.cancel(ctx, st, c, Write{IfMatch: condition, Actor: w.Actor, Attempt: w.Attempt})
		if err != nil {
			return Stored{}, err
		}
		if n == 0 {
			first = canceled
		}
	}
	return first, nil
}

func (s *Store) cancel(ctx context.Context, st Stored, c article.Cancellation, w Write) (Stored, error) {
	w.Edition = st.Edition
	if old := st.Edition.Cancellation; st.Edition.PubStatus == article.Canceled && old != nil &&
		old.Reason == c.Reason && old.Legal == c.Legal && old.ReplacedBy == c.ReplacedBy {
		c.At = old.At
	} else {
		c.At = s.now().UTC().Truncate(time.Millisecond)
		w.Edition.Correction = ""
	}
	w.Edition.PubStatus, w.Edition.Cancellation = article.Canceled, &c
	canceled, _, err := s.Put(ctx, w)
	return canceled, err
}

// Invalid is the error of an edition that breaks rules.
func Invalid(violations []article.Violation) error {
	fields := make([]fault.Field, 0, len(violations))
	for _, v := range violations {
		fields = append(fields, fault.Field(v))
	}
	return fault.WithFields(fault.Invalid, "the input breaks a rule", fields...)
}

func outcomeOf(version int) Outcome {
	if version == 1 {
		return Created
	}
	return Updated
}

func decode(m bus.Message) (Stored, error) {
	c, err := article.Decode(m.Header, m.Data)
	if errors.Is(err, article.ErrNotAnEdition) {
		return Stored{}, fmt.Errorf("message %d of the log: %w", m.Sequence, err)
	}
	return Stored{Change: c, Sequence: m.Sequence}, err
}
