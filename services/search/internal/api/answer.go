// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/cache"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// answer is what search, latest and related return.
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
	Explanation     any              `json:"explanation,omitempty"`
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

// ask puts a question to the engine.
func (a *API) ask(ctx context.Context, q engine.Query) (engine.Result, error) {
	res, err := a.Engine.Search(ctx, q)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, engine.ErrClosed):
		return res, fault.Wrap(fault.Unavailable, "the index does not answer", err)
	case err != nil:
		return res, fmt.Errorf("search: %w", err)
	}
	return res, nil
}

// find puts a question to the engine and dresses the result for the partner, or
// for an editor when there is none.
func (a *API) find(ctx context.Context, q engine.Query, site *partner.Partner) (answer, error) {
	start := time.Now()
	res, err := a.ask(ctx, q)
	if err != nil {
		return answer{}, err
	}
	out := answer{
		Query: q.Text, Language: q.Language, Total: res.Total, Hits: make([]hit, 0, len(res.Hits)),
		TookMs: float64(time.Since(start).Microseconds()) / 1000, Facets: res.Facets, Correction: res.Correction,
	}
	for i := range res.Hits {
		out.Hits = append(out.Hits, a.dress(&res.Hits[i], site))
	}
	return out, nil
}

func (a *API) dress(h *engine.Hit, site *partner.Partner) hit {
	out := hit{
		ID: h.ID, Language: h.Language, MatchedLanguage: h.MatchedLanguage,
		Headline: marked{h.Headline, orEmpty(h.HeadlineMarks)}, Excerpt: marked{h.Excerpt, orEmpty(h.ExcerptMarks)},
		DatePublished: h.Published, ReadingMinutes: h.ReadingMinutes, Section: h.Section,
		Authors: orEmpty(h.Authors), People: orEmpty(h.People), Event: h.Event, Image: h.Image,
		Translations: make([]translation, 0, len(h.Translations)), Explanation: h.Explanation,
	}
	out.URL, out.ShareURL = a.addresses(h, site)
	for _, t := range h.Translations {
		out.Translations = append(out.Translations, translation{t.Language, address(site, h.ID, t.Language, t.CanonicalURL)})
	}
	return out
}

// addresses are where a reader finds a hit, and its short link when it has one.
func (a *API) addresses(h *engine.Hit, site *partner.Partner) (at, share string) {
	id, channel := "", ""
	if site != nil {
		id, channel = site.ID, "widget"
	}
	share, _ = a.Links.URL(a.PublicURL, h.ID, id, channel)
	return address(site, h.ID, h.Language, h.CanonicalURL), share
}

// address is where a reader finds an edition: at the partner, else its canonical URL.
func address(site *partner.Partner, id, language, canonical string) string {
	if site == nil {
		return canonical
	}
	return site.URL(&article.Edition{ID: id, Language: language, CanonicalURL: canonical})
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// finished is the answer as it is sent. Its tag is of the answer without its
// time: the same hits are the same answer.
func finished(out answer) (cache.Answer, error) {
	took := out.TookMs
	out.TookMs = 0
	timeless, err := encode(out)
	if err != nil {
		return cache.Answer{}, err
	}
	out.TookMs = took
	body, err := encode(out)
	return cache.Answer{Body: body, ETag: web.Tag(timeless)}, err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return b.Bytes(), nil
}

// identity is whatever of a question and its caller an answer depends on, but
// for the moment: the route, the question with the partner's rights, how the
// partner wants its links, and the glossary.
func (a *API) identity(route string, q engine.Query, site *partner.Partner) (string, error) {
	_, glossary := a.Glossary.Current()
	q.Now = time.Time{}
	key, err := json.Marshal([]any{route, glossary, q, site})
	if err != nil {
		return "", fmt.Errorf("name a question: %w", err)
	}
	return string(key), nil
}

// kept sends the answer that recall finds or makes.
func (a *API) kept(w http.ResponseWriter, r *http.Request, route string, q engine.Query, produce func(context.Context) (cache.Answer, error)) error {
	out, timing, err := a.recall(r, route, q, produce)
	if err != nil {
		return err
	}
	return send(w, r, out, timing)
}

// recall takes the answer from the cache, or makes it and keeps it for the
// second; timing says which.
func (a *API) recall(r *http.Request, route string, q engine.Query, produce func(context.Context) (cache.Answer, error)) (_ cache.Answer, timing string, _ error) {
	key, err := a.identity(route, q, web.CallerOf(r).Partner)
	if err != nil {
		return cache.Answer{}, "", err
	}
	start := time.Now()
	epoch, position := a.Seen()
	out, result, err := a.answers.Do(r.Context(), key, cache.Stamp{Epoch: epoch, Position: position, Second: q.Now.Unix()}, produce)
	if err != nil {
		if r.Context().Err() != nil {
			err = fault.Wrap(fault.Unavailable, "the index does not answer", err)
		}
		return cache.Answer{}, "", err
	}
	if result == cache.Hit {
		return out, "cache;desc=hit", nil
	}
	return out, fmt.Sprintf("cache;desc=%s, engine;dur=%.2f", result, milliseconds(time.Since(start))), nil
}

// send writes an answer. A partner's key is part of the address, so that its
// answer may be kept by whoever passes it on; an editor's is not.
func send(w http.ResponseWriter, r *http.Request, out cache.Answer, timing string) error {
	h := w.Header()
	h.Set("ETag", out.ETag)
	h.Set("Cache-Control", "public, max-age=30, stale-while-revalidate=300")
	if web.CallerOf(r).Partner == nil {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Vary", "Authorization, Origin")
	}
	h.Set("Server-Timing", timing)
	return web.WriteBytes(w, r, http.StatusOK, "application/json", out.Body)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
