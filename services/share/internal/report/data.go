// SPDX-License-Identifier: Apache-2.0

package report

import "time"

// Periods are the numbers of days that the page offers.
func Periods() []int { return []int{7, 30, 90, 365} }

// DefaultPeriod is the number of days shown to a reader who asks for none.
const DefaultPeriod = 30

// Data is what the page shows. Counts are of visits by human readers unless
// said otherwise; nil is a count that is kept back because it is small. What is
// left empty is not shown, or said to be empty.
type Data struct {
	Language string    // of the page, fr or en
	From, To time.Time // the days, UTC, both included
	Days     int       // the choice of Periods that made them; 0: they were asked for

	Site    *Site  // the partner that looks at its own numbers; nil: an editor
	Key     string // the partner's publishable key, kept in the page's links
	Article string // what the numbers are confined to; empty: every article
	Partner string // the same; empty: every partner

	Classes  map[string]*int64 // visits by click.Class
	Uniques  *int64            // the sum of each day's visitors of each link
	ByDay    []Day             // every day of the period, in order
	Channels map[string]*int64 // by channel; "": none
	Partners map[string]*int64 // by partner; "": none
	Names    map[string]string // of partners, by id; also the ones to choose from
	Pairs    []Pair            // languages wanted and served
	Steps    []Step            // what searches led to, in order
	Articles []Article         // the most visited, in order

	// CSV has the address of each table as CSV: day, class, channel, partner,
	// language, funnel, article. What is missing has no link. For an editor the
	// script fetches it with the key.
	CSV map[string]string
}

// Site is a partner.
type Site struct{ ID, Name string }

// Day is what one day brought.
type Day struct {
	Date            time.Time
	Visits, Uniques *int64
}

// Pair is a count of readers who wanted one language and were served another,
// or the same. Tags are BCP 47; an empty Wanted was not said, an empty Served
// was none.
type Pair struct {
	Wanted, Served string
	Count          *int64
}

// Step is a step of the way from a search to an article. The page has words for
// searches, found, visits (of readers who came from a search) and shares; others
// are shown as they are named.
type Step struct {
	Name  string
	Count *int64
}

// Article is what one article brought.
type Article struct {
	ID, Headline, Language string
	Visits, Uniques        *int64
}
