// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/record"
	"github.com/relais-press/relais/pkg/shortlink"
)

const (
	maxAttempts = 1_000 // codes that are tried for one link: each deletion uses one up
	maxAtOnce   = 16    // links of one list that are made at the same time
)

// FindOrCreate returns the link that is for the same thing, or makes it. A link
// with a custom code is found only by that code, which is a Conflict at /code when
// it leads elsewhere or is that of a deleted link. Created is now where it is zero.
func (s *Store) FindOrCreate(ctx context.Context, l Link) (_ Link, created bool, err error) {
	if l.Created.IsZero() {
		l.Created = time.Now().Truncate(time.Second)
	}
	l.normalize()
	var kept Link
	if l.Code != "" {
		l.Code, _ = Fold(l.Code)
		kept, created, err = s.claim(ctx, l)
		if err == nil && !kept.serves(&l) {
			err = fault.WithFields(fault.Conflict, "the code is taken", fault.Field{Pointer: "/code", Detail: "is taken"})
		}
	} else {
		kept, created, err = s.derive(ctx, l)
	}
	if err != nil {
		return Link{}, false, err
	}
	if kept.Default {
		err = s.point(ctx, kept)
	}
	return kept, created, err
}

// serves reports whether a link may be handed out for another that is asked for.
func (l *Link) serves(asked *Link) bool { return !l.Deleted && l.purpose() == asked.purpose() }

// derive goes through the codes that follow from what a link is for, to the
// first that is free or has the link already.
func (s *Store) derive(ctx context.Context, l Link) (Link, bool, error) {
	purpose := l.purpose()
	for attempt := range maxAttempts {
		l.Code = shortlink.Derive(s.secret, purpose, attempt)
		if shortlink.Offensive(l.Code) {
			continue
		}
		kept, created, err := s.claim(ctx, l)
		if err != nil || kept.serves(&l) {
			return kept, created, err
		}
	}
	return Link{}, false, fault.New(fault.Conflict, "links for this have been deleted too often")
}

// claim creates the record of a link unless its code has one, and returns what
// the code stands for then.
func (s *Store) claim(ctx context.Context, l Link) (_ Link, created bool, err error) {
	if p, found, _ := s.links.get(l.Code); found {
		return p.link(l.Code), false, nil
	}
	value, err := json.Marshal(l)
	if err != nil {
		return Link{}, false, fmt.Errorf("create link: %w", err)
	}
	revision, err := s.bucket.Create(ctx, shortlink.PrefixLink+l.Code, value)
	switch {
	case err == nil:
		s.links.put(l.Code, pack(&l), revision)
		return l, true, nil
	case !fault.Is(err, fault.Conflict):
		return Link{}, false, err
	}
	s.links.expect(l.Code)
	p, err := s.links.through(ctx, l.Code, callWait, s.read)
	if err != nil {
		return Link{}, false, err
	}
	return p.link(l.Code), false, nil
}

// point tells other services which link is for an article alone.
func (s *Store) point(ctx context.Context, l Link) error {
	if code, err := s.Default(ctx, l.Article); err == nil && code == l.Code {
		return nil
	}
	revision, err := s.bucket.Put(ctx, shortlink.PrefixArticle+l.Article, []byte(l.Code))
	if err != nil {
		return err
	}
	s.defaults.put(l.Article, l.Code, revision)
	return nil
}

// Result is what became of one link of a list.
type Result struct {
	Link    Link
	Created bool
	Err     error
}

// FindOrCreateAll is FindOrCreate for each link of a list, several at a time, but
// those that want the same code in turn; the results are in the order of the list.
func (s *Store) FindOrCreateAll(ctx context.Context, list []Link) []Result {
	results := make([]Result, len(list))
	slots := make(chan struct{}, maxAtOnce)
	begun := map[string]bool{}
	var group sync.WaitGroup
	for i := range list {
		what, _ := Fold(list[i].Code)
		if what == "" {
			what = list[i].purpose()
		}
		if begun[what] {
			group.Wait()
		}
		begun[what] = true
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			r := &results[i]
			r.Link, r.Created, r.Err = s.FindOrCreate(ctx, list[i])
		})
	}
	group.Wait()
	return results
}

// Change applies a change to the link of a folded code, again when somebody else
// wrote first.
func (s *Store) Change(ctx context.Context, code string, change func(*Link)) (Link, error) {
	for {
		e, err := s.bucket.Get(ctx, shortlink.PrefixLink+code)
		if err != nil {
			return Link{}, err
		}
		l, err := decode(e)
		if err != nil {
			return Link{}, err
		}
		change(&l)
		l.normalize()
		value, err := record.Keep(e.Value, l)
		if err != nil {
			return Link{}, fmt.Errorf("change link: %w", err)
		}
		revision, err := s.bucket.Update(ctx, shortlink.PrefixLink+code, value, e.Revision)
		switch {
		case err == nil:
			s.links.put(code, pack(&l), revision)
			return l, nil
		case !fault.Is(err, fault.Conflict):
			return Link{}, err
		}
	}
}
