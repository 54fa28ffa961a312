// SPDX-License-Identifier: Apache-2.0

package changes

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
)

// mirror is what a partner keeps by the rules of the package.
type mirror struct {
	site   string
	cursor string
	held   map[string]int  // edition → version
	named  map[string]bool // since the listing began; nil: it is complete
}

// drift is how far a clock is ahead at most.
const drift = 2 * time.Second

// A mirror that polls when it likes, whoever answers, has in the end what it may
// show, and was never told of what it could not see.
func TestAMirrorHasWhatItsPartnerMayShow(t *testing.T) {
	for seed := range uint64(40) {
		s := &story{world: newWorld(t, 2), rand: rand.New(rand.NewPCG(seed, 2))}
		s.partners["lyon"] = &partner.Partner{ID: "lyon"}
		s.partners["paris"] = &partner.Partner{ID: "paris", Languages: []string{"fr"}, ArticleURL: "https://paris.example/{lang}/{id}"}
		s.partners["bern"] = &partner.Partner{ID: "bern", Sections: []string{"law"}}
		for id := range s.partners {
			s.mirrors = append(s.mirrors, &mirror{site: id, held: map[string]int{}, named: map[string]bool{}})
		}
		for range 400 {
			s.step()
			if t.Failed() {
				t.Fatalf("with seed %d", seed)
			}
		}
	}
}

type story struct {
	*world
	rand    *rand.Rand
	mirrors []*mirror
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (s *story) step() {
	r := s.rand
	switch r.IntN(12) {
	case 0, 1, 2, 3:
		s.write()
	case 4, 5:
		s.clock = s.clock.Add(time.Duration(r.IntN(400)) * time.Second)
	case 6, 7, 8, 9, 10:
		s.instances[0].follow(1 + r.IntN(20))
		s.instances[1].follow(r.IntN(4))
		s.poll(pick(r, s.mirrors...))
	case 11:
		switch r.IntN(20) {
		case 0:
			s.partners["paris"].Languages = pick(r, nil, []string{"fr"}, []string{"en", "fr"})
		case 1:
			s.partners["bern"].Sections = pick(r, nil, []string{"law"}, []string{"tech"})
		case 2, 3, 4, 5, 6:
			s.drain()
		}
	}
}

// write appends a version of a random edition. Embargoes fall on round moments, so
// that many lift at once; nobody writes while clocks may disagree whether the
// edition is public.
func (s *story) write() {
	r := s.rand
	e := article.Edition{ID: fmt.Sprintf("a%d", r.IntN(25)), Language: pick(r, "fr", "fr", "en"), Section: pick(r, "", "law", "tech")}
	if all := s.editions[e.ID+" "+e.Language]; len(all) > 0 {
		last := all[len(all)-1]
		for _, at := range []*time.Time{last.EmbargoedUntil, last.Expires} {
			if at != nil && s.clock.Sub(*at).Abs() <= 2*drift {
				s.clock = s.clock.Add(6 * drift)
			}
		}
		if r.IntN(4) > 0 {
			e.Section, e.Audience = last.Section, last.Audience
		}
	}
	if r.IntN(5) == 0 {
		e.Audience = pick(r, nil, &article.Audience{Partners: []string{"lyon"}}, &article.Audience{Partners: []string{"paris", "bern"}})
	}
	round := s.clock.Truncate(10 * time.Minute)
	if r.IntN(3) == 0 {
		e.EmbargoedUntil = new(round.Add(time.Duration(r.IntN(5)-1) * 10 * time.Minute))
	} else if r.IntN(4) == 0 { // to come by a clock that is behind
		e.EmbargoedUntil = new(s.clock.Add(time.Duration(r.IntN(62)-60) * time.Second))
	}
	if r.IntN(4) == 0 {
		e.Expires = new(s.clock.Add(time.Duration(r.IntN(40)+1) * time.Minute))
	} else if r.IntN(10) == 0 {
		e.Expires = new(s.clock.Add(-time.Hour))
	}
	switch r.IntN(9) {
	case 0:
		e.PubStatus = article.Withheld
	case 1:
		e.PubStatus, e.Cancellation = article.Canceled, &article.Cancellation{ReplacedBy: fmt.Sprintf("a%d", r.IntN(25))}
	case 2:
		e.Correction = "It was otherwise."
	}
	s.append(e)
}

// poll takes one page from an instance, whose clock is a little off, or was set
// back by a minute.
func (s *story) poll(m *mirror) {
	i := pick(s.rand, s.instances...)
	i.skew = time.Duration(s.rand.Int64N(int64(2*drift))) - drift
	if s.rand.IntN(20) == 0 {
		i.skew = -time.Minute
	}
	s.take(m, i, 1+s.rand.IntN(6))
}

// take applies a page, and reports whether there is nothing more.
func (s *story) take(m *mirror, i *instance, limit int) bool {
	s.t.Helper()
	page, err := i.ask(m.site, m.cursor, limit)
	switch {
	case fault.Is(err, fault.Gone):
		m.cursor, m.named = "", map[string]bool{}
		return false
	case fault.Is(err, fault.Unavailable) && i.read < len(s.messages):
		return false
	case err != nil:
		s.t.Fatalf("%s after %q: %v", m.site, m.cursor, err)
	}
	if len(page.Changes) > limit {
		s.t.Errorf("%d changes, the limit is %d", len(page.Changes), limit)
	}
	for n := range page.Changes {
		c := &page.Changes[n]
		k := c.ID + " " + c.Language
		if !s.couldSee(m.site, k, i) {
			s.t.Errorf("%s was told of %s: %+v", m.site, k, c)
		}
		if delete(m.held, k); c.Edition != nil {
			m.held[k] = c.Version
			if m.named != nil {
				m.named[k] = true
			}
		}
	}
	m.cursor = page.Next
	if !page.More && m.named != nil {
		for k := range m.held {
			if !m.named[k] {
				delete(m.held, k)
			}
		}
		m.named = nil
	}
	return !page.More
}

// couldSee reports whether an edition was ever public to a partner.
func (s *story) couldSee(site, k string, i *instance) bool {
	p, all, now := s.partners[site], s.editions[k], s.clock.Add(i.skew)
	for n := range all {
		v := &all[n]
		if p.Sees(&v.Edition, now) && n == len(all)-1 {
			return true
		}
		from := v.at
		if v.EmbargoedUntil != nil && v.EmbargoedUntil.After(from) {
			from = *v.EmbargoedUntil
		}
		overtaken := n+1 < len(all) && from.After(v.at) && !all[n+1].at.After(from)
		expired := v.Expires != nil && !v.Expires.After(from)
		if v.PubStatus == article.Usable && p.Carries(&v.Edition) && !overtaken && !expired && !from.After(s.clock.Add(drift)) {
			return true
		}
	}
	return false
}

// drain lets the clocks agree and every mirror read to the end.
func (s *story) drain() {
	s.t.Helper()
	s.clock = s.clock.Add(6 * drift)
	for _, i := range s.instances {
		i.skew = 0
		i.follow(len(s.messages))
	}
	for _, m := range s.mirrors {
		for n := 0; !s.take(m, pick(s.rand, s.instances...), 1+s.rand.IntN(6)); n++ {
			if n > 1000 {
				s.t.Fatalf("%s never comes to an end", m.site)
			}
		}
		want := map[string]int{}
		for k, all := range s.editions {
			if last := &all[len(all)-1]; s.partners[m.site].Sees(&last.Edition, s.clock) {
				want[k] = last.Version
			}
		}
		if diff := cmp.Diff(want, m.held); diff != "" {
			s.t.Errorf("the mirror of %s (-want +got):\n%s", m.site, diff)
		}
	}
}
