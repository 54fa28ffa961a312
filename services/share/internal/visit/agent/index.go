// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// rule takes a user agent that holds a literal, and that an expression matches
// where there is one, for a kind. Of several the lowest rank wins.
type rule struct {
	literal string
	exact   *regexp.Regexp // nil: the literal says it all
	kind    Kind
	rank    uint8
	next    uint16 // rule whose literal begins alike, plus one
}

const headBits = 14

// index finds literals by their first three bytes, so that one pass over a user
// agent compares it with a handful of rules instead of all.
type index struct {
	rules []rule
	heads [1 << headBits]uint16 // first rule by hash, plus one
}

func head(a, b, c byte) uint32 {
	return (uint32(a)<<16 | uint32(b)<<8 | uint32(c)) * 2_654_435_761 >> (32 - headBits)
}

func (x *index) add(r rule) error {
	if len(r.literal) < 3 || len(x.rules) >= math.MaxUint16 {
		return fmt.Errorf("agent: %q is too short to be looked for, or one rule too many", r.literal)
	}
	h := head(r.literal[0], r.literal[1], r.literal[2])
	r.next = x.heads[h]
	x.rules = append(x.rules, r)
	x.heads[h] = uint16(len(x.rules)) //nolint:gosec // G115: bounded above
	return nil
}

// find returns the rule that takes a user agent, or nil.
func (x *index) find(userAgent string) *rule {
	var best *rule
	for i := 0; i+2 < len(userAgent); i++ {
		for n := x.heads[head(userAgent[i], userAgent[i+1], userAgent[i+2])]; n != 0; n = x.rules[n-1].next {
			r := &x.rules[n-1]
			if best != nil && best.rank <= r.rank || !strings.HasPrefix(userAgent[i:], r.literal) {
				continue
			}
			if r.exact == nil || r.exact.MatchString(userAgent) {
				best = r
			}
		}
	}
	return best
}

// addCrawlers adds the patterns of crawler-user-agents.json. What is tagged as
// drawing previews, watching or scanning comes first, in this order. One pattern
// is left out: it is a release of Android that millions of telephones run.
func (x *index) addCrawlers(data []byte, rank uint8) error {
	var listed []struct {
		Pattern string   `json:"pattern"`
		Tags    []string `json:"tags"`
	}
	if err := json.Unmarshal(data, &listed); err != nil {
		return fmt.Errorf("agent: read list of crawlers: %w", err)
	}
	tags := []string{"social-preview", "monitoring", "scanner"}
	kinds := []Kind{Preview, Monitor, Scanner, Bot}
	for _, l := range listed {
		if l.Pattern == `AP3A\.240617\.008` {
			continue
		}
		order := slices.IndexFunc(tags, func(tag string) bool { return slices.Contains(l.Tags, tag) })
		if order < 0 {
			order = len(tags)
		}
		if err := x.addPattern(l.Pattern, kinds[order], rank+uint8(order)); err != nil { //nolint:gosec // G115: at most 3
			return err
		}
	}
	return nil
}

// addPattern adds an expression: as a literal where it is one, else behind the
// longest literal that all it matches must hold.
func (x *index) addPattern(pattern string, kind Kind, rank uint8) error {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return fmt.Errorf("agent: pattern %q: %w", pattern, err)
	}
	alternatives := []*syntax.Regexp{parsed}
	if parsed.Op == syntax.OpAlternate {
		alternatives = parsed.Sub
	}
	for _, p := range alternatives {
		r := rule{literal: literal(p), kind: kind, rank: rank}
		if p.Op != syntax.OpLiteral {
			if r.exact, err = regexp.Compile(p.String()); err != nil {
				return fmt.Errorf("agent: pattern %q: %w", pattern, err)
			}
		}
		if err := x.add(r); err != nil {
			return fmt.Errorf("%w: pattern %q", err, pattern)
		}
	}
	return nil
}

func literal(p *syntax.Regexp) string {
	switch {
	case p.Op == syntax.OpLiteral && p.Flags&syntax.FoldCase == 0:
		return string(p.Rune)
	case p.Op == syntax.OpConcat:
		longest := ""
		for _, sub := range p.Sub {
			if l := literal(sub); len(l) > len(longest) {
				longest = l
			}
		}
		return longest
	}
	return ""
}
