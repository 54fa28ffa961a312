// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// Limits of a question.
const (
	maxQuery  = 512 // characters
	maxLimit  = 50
	maxOffset = 10_000
	maxValues = 50  // of one filter
	maxValue  = 300 // characters of one
)

// question reads the query parameters of a call. An editor sees everything that
// is out; a partner, what it may.
func (a *API) question(r *http.Request) (engine.Query, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return engine.Query{}, fault.WithFields(fault.Malformed, "the query of the address cannot be read",
			fault.Field{Pointer: "", Detail: "must be percent-encoded name=value pairs"})
	}
	q := engine.Query{Text: strings.TrimSpace(params.Get("q")), Sort: engine.Sort(params.Get("sort")), Now: a.now()}
	q.Viewer.Editor = web.CallerOf(r).Partner == nil
	if site := web.CallerOf(r).Partner; site != nil {
		q.Viewer = engine.Viewer{
			Partner: site.ID, Languages: site.Languages, Sections: site.Sections, DefaultLanguage: site.DefaultLanguage,
		}
	}
	if !utf8.ValidString(q.Text) || utf8.RuneCountInString(q.Text) > maxQuery {
		return q, web.BadParam("q", fmt.Sprintf("must be valid UTF-8 of at most %d characters", maxQuery))
	}
	if !slices.Contains([]engine.Sort{"", engine.ByRelevance, engine.ByDate}, q.Sort) {
		return q, web.BadParam("sort", "must be relevance or date")
	}
	for _, read := range []func(url.Values, *engine.Query) error{facets, languages, names, years, numbers} {
		if err := read(params, &q); err != nil {
			return q, err
		}
	}
	return q, nil
}

func facets(params url.Values, q *engine.Query) error {
	known := []string{
		engine.FacetSection, engine.FacetLanguage, engine.FacetYear, engine.FacetPerson, engine.FacetOrganisation,
	}
	for _, f := range split(params["facets"]) {
		if !slices.Contains(known, f) {
			return web.BadParam("facets", "knows "+strings.Join(known, ", "))
		}
		if !slices.Contains(q.Facets, f) {
			q.Facets = append(q.Facets, f)
		}
	}
	return nil
}

func languages(params url.Values, q *engine.Query) (err error) {
	if q.Language, err = tag("lang", params.Get("lang")); err != nil {
		return err
	}
	if q.Language == "" {
		q.Language = q.Viewer.DefaultLanguage
	}
	list := split(params["languages"])
	if len(list) > maxValues {
		return web.BadParam("languages", fmt.Sprintf("takes at most %d values", maxValues))
	}
	for _, l := range list {
		canonical, err := tag("languages", l)
		if err != nil {
			return err
		}
		q.Languages = append(q.Languages, canonical)
	}
	return nil
}

// names reads the filters whose values are names. A name may hold a comma, so
// that several are given by repeating the parameter.
func names(params url.Values, q *engine.Query) error {
	for _, filter := range []struct {
		name string
		to   *[]string
	}{{"section", &q.Sections}, {"person", &q.People}, {"organisation", &q.Organisations}} {
		values, err := given(params, filter.name)
		if err != nil {
			return err
		}
		*filter.to = values
	}
	return nil
}

func years(params url.Values, q *engine.Query) error {
	values, err := given(params, "year")
	if err != nil {
		return err
	}
	for _, s := range values {
		year, err := strconv.Atoi(s)
		if err != nil || year < 1000 || year > 9999 {
			return web.BadParam("year", "must be from 1000 to 9999")
		}
		q.Years = append(q.Years, year)
	}
	return nil
}

// given are the values of a parameter that are not empty.
func given(params url.Values, name string) ([]string, error) {
	values := slices.DeleteFunc(slices.Clone(params[name]), func(v string) bool { return v == "" })
	if len(values) > maxValues {
		return nil, web.BadParam(name, fmt.Sprintf("takes at most %d values", maxValues))
	}
	for _, v := range values {
		if !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxValue {
			return nil, web.BadParam(name, fmt.Sprintf("must be valid UTF-8 of at most %d characters", maxValue))
		}
	}
	return values, nil
}

// numbers reads the page and the dates.
func numbers(params url.Values, q *engine.Query) (err error) {
	if q.Limit, err = number(params, "limit", 10, maxLimit); err != nil {
		return err
	}
	if q.Offset, err = number(params, "offset", 0, maxOffset); err != nil {
		return err
	}
	if q.From, err = day(params, "from", 0); err != nil {
		return err
	}
	// A day given as the end is part of the range.
	q.To, err = day(params, "to", 24*time.Hour)
	return err
}

func number(params url.Values, name string, def, high int) (int, error) {
	s := params.Get(name)
	if s == "" {
		return def, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > high {
		return 0, web.BadParam(name, fmt.Sprintf("must be a whole number from 0 to %d", high))
	}
	return n, nil
}

// day reads a date or a date and time; plus is added to a bare date.
func day(params url.Values, name string, plus time.Duration) (time.Time, error) {
	s := params.Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return clamp(t.Add(plus)), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, web.BadParam(name, "must be a date such as 2026-01-31, or a date and time as in RFC 3339")
	}
	return clamp(t.UTC()), nil
}

// clamp keeps a moment within the years 1 to 9999, beyond which there are no articles.
func clamp(t time.Time) time.Time {
	first, last := time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

func tag(name, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	canonical, err := language.Canonical(s)
	if err != nil {
		return "", web.BadParam(name, "must be a BCP 47 language tag such as fr")
	}
	return canonical, nil
}

// split takes both repeated parameters and lists separated by commas.
func split(values []string) []string {
	var out []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				out = append(out, item)
			}
		}
	}
	return out
}

// explain reads ?explain=, which is for editors.
func explain(r *http.Request) (bool, error) {
	switch r.URL.Query().Get("explain") {
	case "", "0":
		return false, nil
	case "1":
	default:
		return false, web.BadParam("explain", "must be 1 or 0")
	}
	if web.CallerOf(r).Partner != nil {
		return false, fault.WithFields(fault.Forbidden, "explanations are for editors",
			fault.Field{Pointer: "/explain", Detail: "takes an editor's key, sent as Authorization: Bearer"})
	}
	return true, nil
}
