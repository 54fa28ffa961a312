// SPDX-License-Identifier: Apache-2.0

package visit

import (
	"math/bits"
	"sync"
	"time"

	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

const (
	burstWindow = 10 * time.Second
	burstLinks  = 20 // different links that one network may follow within the window
	burstLimit  = 65_536
)

// burst finds programs dressed as browsers by the shape of their visits:
//
//   - a browser's GET of a link within 10 s of a declared program's visit, or of
//     a browser's HEAD, of the same link from the same network;
//   - a network that follows more than 20 different links within 10 s, for the
//     10 s after each link that was too many.
//
// Many people behind one address who follow one link stay people. Visits that
// came before a burst was seen keep the class they had. Networks and links are
// known by seeded hashes, in memory alone; those older than 20 s go with the next
// visit.
type burst struct {
	mu     sync.Mutex
	armed  recent[time.Duration] // by network and link: when the last program was there
	spread recent[*spread]       // by network
}

func newBurst() *burst {
	return &burst{
		armed:  recent[time.Duration]{limit: burstLimit, life: burstWindow},
		spread: recent[*spread]{limit: burstLimit, life: burstWindow},
	}
}

// seen notes a visit and reports whether it is a scanner's, dressed as a
// browser. now runs from any start; network and link are hashes.
func (b *burst) seen(now time.Duration, network, link uint64, kind agent.Kind, head bool) bool {
	pair := network ^ bits.RotateLeft64(link, 32)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch kind {
	case agent.Preview, agent.Scanner, agent.Bot:
		b.armed.put(now, pair, now)
		return false
	case agent.Browser:
	default: // monitors come from elsewhere, Office goes before its own reader
		return false
	}
	last, ok := b.armed.get(pair)
	if head {
		b.armed.put(now, pair, now)
	}
	s, known := b.spread.get(network)
	if !known {
		s = &spread{}
	}
	b.spread.put(now, network, s)
	return s.follow(now, link) || (ok && now-last <= burstWindow)
}

// spread is the links that a network followed last.
type spread struct {
	until time.Duration // a scanner until then; 0: never was
	n     int
	links [burstLinks]followed
}

type followed struct {
	link uint32 // part of its hash
	at   uint32 // milliseconds, which may wrap
}

// follow notes a link and reports whether it is one of too many.
func (s *spread) follow(now time.Duration, link uint64) bool {
	this := followed{uint32(link >> 32), uint32(now.Milliseconds())} //nolint:gosec // G115: wraps, see followed
	oldest := 0
	for i := range s.links[:s.n] {
		if s.links[i].link == this.link {
			s.links[i].at = this.at
			return now < s.until
		}
		if this.at-s.links[i].at > this.at-s.links[oldest].at {
			oldest = i
		}
	}
	if s.n < burstLinks {
		s.links[s.n] = this
		s.n++
		return now < s.until
	}
	if time.Duration(this.at-s.links[oldest].at)*time.Millisecond <= burstWindow {
		s.until = now + burstWindow
	}
	s.links[oldest] = this
	return now < s.until
}
