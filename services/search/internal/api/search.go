// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// Limits of a question.
const (
	maxQuery  = 512 // characters
	maxLimit  = 50
	maxOffset = 10_000
)

// answer is what search and latest return.
type answer struct {
	Query      string                         `json:"query"`
	Language   string                         `json:"language"`
	Total      int                            `json:"total"`
	TookMs     float64                        `json:"tookMs"`
	Hits       []hit                          `json:"hits"`
	Facets     map[string][]engine.FacetValue `json:"facets,omitempty"`
	Correction string                         `json:"correction,omitempty"`
}

// hit is one article, in the edition that suits the reader.
type hit struct {
	ID              string           `json:"id"`
	Language        string           `json:"language"`
	MatchedLanguage string           `json:"matchedLanguage"`
	Headline        marked           `json:"headline"`
	Excerpt         marked           `json:"excerpt"`
	URL             string           `json:"url,omitempty"`
	ShareURL        string           `json:"shareUrl,omitempty"`
	DatePublished   time.Time        `json:"datePublished"`
	ReadingMinutes  int              `json:"readingMinutes"`
	Section         string           `json:"section,omitempty"`
	Authors         []article.Author `json:"authors"`
	People          []article.Person `json:"people"`
	Event           *article.Event   `json:"event,omitempty"`
	Image           *article.Image   `json:"image,omitempty"`
	Translations    []translation    `json:"translations"`
}

// marked is a plain text with the ranges to highlight, in UTF-16 code units.
type marked struct {
	Text  string        `json:"text"`
	Marks []engine.Mark `json:"marks"`
}

type translation struct {
	Language string `json:"language"`
	URL      string `json:"url,omitempty"`
}

func (a *API) search(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	return a.answer(w, r, q)
}

func (a *API) latest(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	q.Text, q.Sort = "", engine.ByDate
	return a.answer(w, r, q)
}

// question reads the query parameters of a partner's call.
func (a *API) question(r *http.Request) (engine.Query, error) {
	params, site := r.URL.Query(), web.CallerOf(r).Partner
	q := engine.Query{
		Text: strings.TrimSpace(params.Get("q")), Sections: given(params["section"]), People: given(params["person"]),
		Organisations: given(params["organisation"]), Sort: engine.Sort(params.Get("sort")), Facets: split(params["facets"]),
		Viewer: engine.Viewer{
			Partner: site.ID, Languages: site.Languages, Sections: site.Sections, DefaultLanguage: site.DefaultLanguage,
		},
		Now: a.now(),
	}
	if !utf8.ValidString(q.Text) || utf8.RuneCountInString(q.Text) > maxQuery {
		return q, web.BadParam("q", fmt.Sprintf("must be valid UTF-8 of at most %d characters", maxQuery))
	}
	if !slices.Contains([]engine.Sort{"", engine.ByRelevance, engine.ByDate}, q.Sort) {
		return q, web.BadParam("sort", "must be relevance or date")
	}
	known := []string{
		engine.FacetSection, engine.FacetLanguage, engine.FacetYear, engine.FacetPerson, engine.FacetOrganisation,
	}
	for _, f := range q.Facets {
		if !slices.Contains(known, f) {
			return q, web.BadParam("facets", "knows "+strings.Join(known, ", "))
		}
	}
	var err error
	if q.Language, err = tag("lang", params.Get("lang")); err != nil {
		return q, err
	}
	if q.Language == "" {
		q.Language = site.DefaultLanguage
	}
	for _, l := range split(params["languages"]) {
		canonical, err := tag("languages", l)
		if err != nil {
			return q, err
		}
		q.Languages = append(q.Languages, canonical)
	}
	return q, numbers(r, &q)
}

// numbers reads the parameters that are numbers and dates.
func numbers(r *http.Request, q *engine.Query) (err error) {
	if q.Limit, err = web.IntParam(r, "limit", 10, 0, maxLimit); err != nil {
		return err
	}
	if q.Offset, err = web.IntParam(r, "offset", 0, 0, maxOffset); err != nil {
		return err
	}
	for _, s := range given(r.URL.Query()["year"]) {
		year, err := strconv.Atoi(s)
		if err != nil || year < 1000 || year > 9999 {
			return web.BadParam("year", "must be from 1000 to 9999")
		}
		q.Years = append(q.Years, year)
	}
	if q.From, err = day(r, "from", 0); err != nil {
		return err
	}
	// A day given as the end is part of the range.
	q.To, err = day(r, "to", 24*time.Hour)
	return err
}

// given are the values of a parameter that are not empty. A name may hold a
// comma, so that several are given by repeating the parameter.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
}

// day reads a date or a date and time; plus is added to a bare date.
func day(r *http.Request, name string, plus time.Duration) (time.Time, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Add(plus), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, web.BadParam(name, "must be a date such as 2026-01-31, or a date and time as in RFC 3339")
	}
	return t, nil
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

// ask puts a question to the engine and dresses the result for the partner.
func (a *API) ask(r *http.Request, q engine.Query) (answer, time.Duration, error) {
	start := time.Now()
	res, err := a.engine.Search(r.Context(), q)
	took := time.Since(start)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, engine.ErrClosed):
		return answer{}, took, fault.Wrap(fault.Unavailable, "the index does not answer", err)
	case err != nil:
		return answer{}, took, fmt.Errorf("search: %w", err)
	}
	out := answer{
		Query: q.Text, Language: q.Language, Total: res.Total, Hits: make([]hit, 0, len(res.Hits)),
		Facets: res.Facets, Correction: res.Correction,
	}
	site := web.CallerOf(r).Partner
	for i := range res.Hits {
		out.Hits = append(out.Hits, a.dress(&res.Hits[i], site))
	}
	return out, took, nil
}

func (a *API) dress(h *engine.Hit, site *partner.Partner) hit {
	out := hit{
		ID: h.ID, Language: h.Language, MatchedLanguage: h.MatchedLanguage,
		Headline: marked{h.Headline, orEmpty(h.HeadlineMarks)}, Excerpt: marked{h.Excerpt, orEmpty(h.ExcerptMarks)},
		URL:           site.URL(&article.Edition{ID: h.ID, Language: h.Language, CanonicalURL: h.CanonicalURL}),
		DatePublished: h.Published, ReadingMinutes: h.ReadingMinutes, Section: h.Section,
		Authors: orEmpty(h.Authors), People: orEmpty(h.People), Event: h.Event, Image: h.Image,
		Translations: make([]translation, 0, len(h.Translations)),
	}
	if share, ok := a.links.URL(a.publicURL, h.ID, site.ID, "widget"); ok {
		out.ShareURL = share
	}
	for _, t := range h.Translations {
		out.Translations = append(out.Translations, translation{
			t.Language, site.URL(&article.Edition{ID: h.ID, Language: t.Language, CanonicalURL: t.CanonicalURL}),
		})
	}
	return out
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (a *API) answer(w http.ResponseWriter, r *http.Request, q engine.Query) error {
	out, took, err := a.ask(r, q)
	if err != nil {
		return err
	}
	// The tag is of the answer without its time: the same hits are the same answer.
	body, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	h := w.Header()
	h.Set("ETag", web.Tag(body))
	h.Set("Cache-Control", "public, max-age=30, stale-while-revalidate=300")
	h.Set("Server-Timing", fmt.Sprintf("engine;dur=%.2f", float64(took.Microseconds())/1000))
	out.TookMs = float64(took.Microseconds()) / 1000
	return web.WriteJSON(w, r, http.StatusOK, out)
}
