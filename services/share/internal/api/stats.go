// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/count"
)

// Counts tells how often links were followed.
type Counts interface {
	// Query adds up clicks; Malformed names what is wrong with the question.
	Query(ctx context.Context, q count.Query) (count.Answer, error)
}

// statsDays is how many days the numbers of all links are about by default.
const statsDays = 30

// stats adds up clicks over links: of the last 30 days unless told otherwise.
func (a *API) stats(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "article", "partner", "groupBy", "from", "to", "format", "key"); err != nil {
		return err
	}
	q, err := query(r)
	if err != nil {
		return err
	}
	params := r.URL.Query()
	if q.Article = params.Get("article"); q.Article != "" && !article.ValidID(q.Article) {
		return web.BadParam("article", "must be the id of an article")
	}
	if q.Partner = params.Get("partner"); q.Partner != "" && !article.ValidID(q.Partner) {
		return web.BadParam("partner", "must be the id of a partner")
	}
	if q.To == "" {
		q.To = max(count.DayOf(a.now()), q.From)
	}
	if q.From == "" {
		q.From = q.To.Plus(1 - statsDays)
	}
	if _, _, err := count.ParseDays(string(q.From), string(q.To)); err != nil {
		return err
	}
	return a.answerStats(w, r, q)
}

// linkStats adds up the clicks on one link: all there are, by day and channel,
// unless told otherwise.
func (a *API) linkStats(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "groupBy", "from", "to", "format", "key"); err != nil {
		return err
	}
	l, err := a.find(r)
	if err != nil {
		return err
	}
	q, err := query(r)
	if err != nil {
		return err
	}
	q.Article, q.Code = l.Article, l.Code
	if !r.URL.Query().Has("groupBy") {
		q.GroupBy = []count.Dimension{count.ByDay, count.ByChannel}
	}
	return a.answerStats(w, r, q)
}

// query reads what both calls take.
func query(r *http.Request) (q count.Query, err error) {
	params := r.URL.Query()
	if q.From, q.To, err = count.ParseDays(params.Get("from"), params.Get("to")); err != nil {
		return q, err
	}
	q.GroupBy, err = count.ParseGroupBy(params.Get("groupBy"))
	return q, err
}

// answerStats answers a query as JSON or CSV. A partner's key sees what is
// credited to its partner, without the small numbers.
func (a *API) answerStats(w http.ResponseWriter, r *http.Request, q count.Query) error {
	table, err := wantsCSV(r)
	if err != nil {
		return err
	}
	site := web.CallerOf(r).Partner
	if site != nil {
		if q.Partner != "" && q.Partner != site.ID {
			return fault.WithFields(fault.Forbidden, "a partner sees its own numbers", fault.Field{Pointer: "/partner", Detail: "is another partner"})
		}
		q.Partner = site.ID
	}
	answer, err := a.Counts.Query(r.Context(), q)
	if err != nil {
		return err
	}
	if site != nil {
		answer = count.Suppress(answer, count.SmallestShown)
	}
	w.Header().Add("Vary", "Accept")
	if !table {
		return web.WriteJSON(w, r, http.StatusOK, answer)
	}
	var body bytes.Buffer
	if err := answer.CSV(&body); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="stats.csv"`)
	return web.WriteBytes(w, r, http.StatusOK, "text/csv; charset=utf-8; header=present", body.Bytes())
}

// wantsCSV reports whether a table is asked for, by ?format= or else by Accept.
func wantsCSV(r *http.Request) (bool, error) {
	switch r.URL.Query().Get("format") {
	case "json":
		return false, nil
	case "csv":
		return true, nil
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/csv"), nil
	}
	return false, web.BadParam("format", "must be json or csv")
}

// Recounts compare the counts with the log.
type Recounts interface {
	// Start begins a recount; Conflict while another one runs.
	Start() (count.Recount, error)
	// Get returns the last recount; NotFound of others.
	Get(id string) (count.Recount, error)
}

func (a *API) startRecount(w http.ResponseWriter, r *http.Request) error {
	started, err := a.Recounts.Start()
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/recounts/"+started.ID)
	return web.WriteJSON(w, r, http.StatusAccepted, started)
}

func (a *API) getRecount(w http.ResponseWriter, r *http.Request) error {
	recount, err := a.Recounts.Get(web.Var(r, "id"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.WriteJSON(w, r, http.StatusOK, recount)
}
