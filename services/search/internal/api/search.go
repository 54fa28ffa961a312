// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/cache"
	"github.com/relais-press/relais/services/search/internal/engine"
)

func (a *API) search(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	if q.Explain, err = explain(r); err != nil {
		return err
	}
	site := web.CallerOf(r).Partner
	produce := func(ctx context.Context) (cache.Answer, error) {
		out, err := a.find(ctx, a.widened(ctx, q), site)
		if err != nil {
			return cache.Answer{}, err
		}
		return finished(out)
	}
	if q.Explain {
		out, err := produce(r.Context())
		if err != nil {
			return err
		}
		return send(w, r, out, "cache;desc=off")
	}
	out, timing, err := a.recall(r, "search", q, produce)
	if err != nil {
		return err
	}
	a.count(r, &q, foundAny(out.Body))
	return send(w, r, out, timing)
}

// widened is the question with the words of the glossary for its own, in the
// languages that it may be answered in, and with its vector.
func (a *API) widened(ctx context.Context, q engine.Query) engine.Query {
	languages := q.Languages
	if len(languages) == 0 {
		languages = q.Viewer.Languages
	}
	q.Also = a.Glossary.Expand(q.Text, q.Language, languages)
	if q.Text != "" {
		q.Vector, q.Nearness = a.Vectors.Query(ctx, q.Text), a.Vectors.Nearness()
	}
	return q
}

func (a *API) latest(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	q.Text, q.Sort = "", engine.ByDate
	site := web.CallerOf(r).Partner
	return a.kept(w, r, "latest", q, func(ctx context.Context) (cache.Answer, error) {
		out, err := a.find(ctx, q, site)
		if err != nil {
			return cache.Answer{}, err
		}
		return finished(out)
	})
}

// related are the articles nearest to one, by the words of its headline and the
// names it is filed under.
func (a *API) related(w http.ResponseWriter, r *http.Request) error {
	id := web.Var(r, "id")
	q, err := a.question(r)
	if err != nil {
		return err
	}
	if !article.ValidID(id) {
		return noSuchArticle()
	}
	// The text is made of the article, not of what was typed.
	q.Text, q.NotIDs, q.AnyWord, q.Sort = "", []string{id}, true, engine.ByRelevance
	site := web.CallerOf(r).Partner
	return a.kept(w, r, "related", q, func(ctx context.Context) (cache.Answer, error) {
		text, err := a.telling(ctx, &q, id)
		if err != nil {
			return cache.Answer{}, err
		}
		nearest := q
		nearest.Text = text
		out, err := a.find(ctx, nearest, site)
		if err != nil {
			return cache.Answer{}, err
		}
		out.Query, out.Correction = "", ""
		for i := range out.Hits { // nobody typed the words that found them
			out.Hits[i].Headline.Marks, out.Hits[i].Excerpt.Marks = []engine.Mark{}, []engine.Mark{}
		}
		return finished(out)
	})
}

// telling is a text that tells what an article is about; NotFound when the
// caller may not see it.
func (a *API) telling(ctx context.Context, q *engine.Query, id string) (string, error) {
	res, err := a.ask(ctx, engine.Query{IDs: []string{id}, Language: q.Language, Limit: 1, Viewer: q.Viewer, Now: q.Now})
	if err != nil {
		return "", err
	}
	if len(res.Hits) == 0 {
		return "", noSuchArticle()
	}
	h := &res.Hits[0]
	words := append([]string{h.Headline}, h.Keywords...)
	for _, p := range h.People {
		words = append(words, p.Name)
	}
	words = append(words, h.Organisations...)
	return plain(strings.Join(append(words, h.Section), " ")), nil
}

// plain is a text in which nothing is read as an operator: no quotes, no hyphen
// at the start of a word.
func plain(text string) string {
	words := strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"«»“”„", r) {
			return ' '
		}
		return r
	}, text))
	for i, w := range words {
		words[i] = strings.TrimLeft(w, "-")
	}
	return strings.Join(words, " ")
}

func noSuchArticle() error { return fault.New(fault.NotFound, "there is no such article") }
