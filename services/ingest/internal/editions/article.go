// SPDX-License-Identifier: Apache-2.0

package editions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
)

// place fits an edition into its article: which language is the original,
// which version of it a translation was made from, and that no translation is
// public before its original.
func place(e *article.Edition, current article.Edition, siblings []Stored, now time.Time) error {
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
	original := siblings[0].Edition
	if e.SourceLanguage == "" {
		e.SourceLanguage = original.SourceLanguage
	}
	if e.SourceLanguage != original.SourceLanguage {
		return fault.WithFields(fault.Invalid, "an article has one original", fault.Field{
			Pointer: "/sourceLanguage", Detail: "the original of this article is in " + original.SourceLanguage,
		})
	}
	if e.IsOriginal() {
		e.SourceVersion = 0
		return nil
	}
	if err := source(e, current, original); err != nil {
		return err
	}
	return after(e, original, now)
}

// source says which version of the original a translation was made from: the
// present one, unless the translation says so itself or has not changed.
func source(e *article.Edition, current, original article.Edition) error {
	if e.SourceVersion > original.Version {
		return fault.WithFields(fault.Invalid, "a translation is made from a version that exists", fault.Field{
			Pointer: "/sourceVersion", Detail: fmt.Sprintf("the original has %d versions", original.Version),
		})
	}
	if e.SourceVersion != 0 {
		return nil
	}
	e.SourceVersion = original.Version
	if current.Version > 0 && reads(current) == reads(*e) {
		e.SourceVersion = current.SourceVersion
	}
	return nil
}

// after keeps a translation from being public before its original: what it
// does not say it takes from the original, what it says must not contradict it.
func after(e *article.Edition, original article.Edition, now time.Time) error {
	switch {
	case e.PubStatus == article.Canceled:
	case original.PubStatus == article.Canceled:
		return fault.WithFields(fault.Conflict, "the original is canceled: restore it first", fault.Field{
			Pointer: "/pubStatus", Detail: "must be canceled as long as the original is",
		})
	case original.PubStatus == article.Withheld && e.PubStatus == "":
		e.PubStatus = article.Withheld
	case original.PubStatus == article.Withheld && e.PubStatus == article.Usable:
		return fault.WithFields(fault.Conflict, "a translation cannot be published before its original", fault.Field{
			Pointer: "/pubStatus", Detail: "must be withheld as long as the original is",
		})
	case embargoed(original, now) && e.EmbargoedUntil == nil:
		e.EmbargoedUntil = original.EmbargoedUntil
	case embargoed(original, now) && e.EmbargoedUntil.Before(*original.EmbargoedUntil):
		return fault.WithFields(fault.Invalid, "a translation cannot be published before its original", fault.Field{
			Pointer: "/embargoedUntil", Detail: "the original is under embargo until " + original.EmbargoedUntil.Format(time.RFC3339),
		})
	}
	return nil
}

func embargoed(e article.Edition, now time.Time) bool {
	return e.PubStatus == article.Usable && e.EmbargoedUntil != nil && now.Before(*e.EmbargoedUntil)
}

// hold brings the translations of an original under what holds the original
// back: withheld, under an embargo, or canceled. It returns those it changed.
// The original is the newest version of its article.
func (s *Store) hold(ctx context.Context, original Stored, siblings []Stored, w Write) ([]Stored, error) {
	var changed []Stored
	last := original.Sequence
	for _, st := range siblings {
		if st.Edition.IsOriginal() {
			continue
		}
		next, wrote, err := s.modify(ctx, st, &last, w, func(e *article.Edition, siblings []Stored) bool {
			if len(siblings) > 0 { // written to meanwhile
				return held(e, siblings[0].Edition, s.now())
			}
			return held(e, original.Edition, s.now())
		})
		if err != nil {
			return changed, err
		}
		if wrote {
			changed = append(changed, next)
		}
	}
	return changed, nil
}

// held changes a translation that would be public while its original is not.
func held(e *article.Edition, original article.Edition, now time.Time) bool {
	switch {
	case e.PubStatus == article.Canceled:
		return false
	case original.PubStatus == article.Canceled:
		e.PubStatus, e.Cancellation = article.Canceled, original.Cancellation
		return true
	case e.PubStatus == article.Withheld:
		return false
	case original.PubStatus == article.Withheld:
		e.PubStatus = article.Withheld
		return true
	case !embargoed(original, now) || e.EmbargoedUntil != nil && !e.EmbargoedUntil.Before(*original.EmbargoedUntil):
		return false
	}
	if e.Expires != nil && !original.EmbargoedUntil.Before(*e.Expires) {
		e.PubStatus = article.Withheld // its time is over before it begins
	} else {
		e.EmbargoedUntil = original.EmbargoedUntil
	}
	return true
}

// Exposed reports whether a translation would be public while its original is
// not, so that [Store.Reconcile] has something to do.
func Exposed(translation, original article.Edition, now time.Time) bool {
	return !translation.IsOriginal() && held(&translation, original, now)
}

// Reconcile finishes what a write of an article's original began: a process
// that is killed between the original and its translations leaves it undone.
func (s *Store) Reconcile(ctx context.Context, id, actor, attempt string) ([]Stored, error) {
	siblings, err := s.Article(ctx, id)
	if err != nil || len(siblings) == 0 {
		return nil, err
	}
	original := siblings[0]
	original.Sequence = lastOf(siblings)
	return s.hold(ctx, original, siblings, Write{Actor: actor, Attempt: attempt})
}

// modify changes an edition as it stands; last is the sequence of its article's
// newest version, before and after. When somebody else writes to the article
// meanwhile, all of it is read anew and given to change, which otherwise gets
// none. It reports whether it wrote.
func (s *Store) modify(ctx context.Context, st Stored, last *uint64, w Write, change func(e *article.Edition, anew []Stored) bool) (Stored, bool, error) {
	var anew []Stored
	for n := 1; ; n++ {
		next := st.Edition
		if st.EventID == w.Attempt || !change(&next, anew) {
			return st, st.EventID == w.Attempt, nil
		}
		next.Correction = "" // says what was wrong before one version only
		number(&next, st.Edition, s.now().UTC().Truncate(time.Millisecond))
		changed, err := s.append(ctx, next, st.beyond, *last, w)
		if err == nil {
			*last = changed.Sequence
		}
		if !errors.Is(err, errRace) || n == attempts {
			return changed, err == nil, err
		}
		pause(ctx, n)
		if anew, err = s.Article(ctx, st.Edition.ID); err != nil {
			return Stored{}, false, err
		}
		st, _ = find(anew, st.Edition.Language)
		*last = lastOf(anew)
	}
}

// reads is what a translator translates.
func reads(e article.Edition) [3]string { return [3]string{e.Headline, e.Description, e.BodyHTML} }
