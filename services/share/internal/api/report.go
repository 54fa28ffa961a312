// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/count"
	"github.com/relais-press/relais/services/share/internal/report"
)

const (
	topArticles   = 20
	searchChannel = "widget" // of the links that search results have
)

// reportPage shows the numbers to a partner with its key, or to an editor whose
// script sends one; it asks for one else, and says on a page what is wrong.
func (a *API) reportPage(show web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		lang := report.Language(r)
		if !r.URL.Query().Has("key") && r.Header.Get("Authorization") == "" {
			return a.report.Ask(w, r, lang)
		}
		err := show(w, r)
		if err == nil || fault.KindOf(err) == fault.Internal {
			return err
		}
		return a.report.Refuse(w, r, lang, fault.KindOf(err).Status())
	}
}

func (a *API) showReport(w http.ResponseWriter, r *http.Request) error {
	d, err := a.reported(r)
	if err != nil {
		return err
	}
	for _, part := range []func(context.Context, *report.Data) error{a.reportTotals, a.reportDays, a.reportGroups, a.reportArticles} {
		if err := part(r.Context(), d); err != nil {
			return err
		}
	}
	a.reportSearches(d)
	a.reportTables(d)
	return a.report.Show(w, r, d)
}

// reported reads what the page is to show.
func (a *API) reported(r *http.Request) (*report.Data, error) {
	if err := web.KnownParams(r, "key", "lang", "days", "from", "to", "article", "partner"); err != nil {
		return nil, err
	}
	params := r.URL.Query()
	d := &report.Data{Language: report.Language(r), Article: params.Get("article"), Partner: params.Get("partner"), Names: map[string]string{}}
	if (d.Article != "" && !article.ValidID(d.Article)) || (d.Partner != "" && !article.ValidID(d.Partner)) {
		return nil, fault.New(fault.Malformed, "article and partner are ids")
	}
	if site := web.CallerOf(r).Partner; site != nil {
		if d.Partner != "" && d.Partner != site.ID {
			return nil, fault.New(fault.Forbidden, "a partner sees its own numbers")
		}
		d.Site, d.Key, d.Partner = &report.Site{ID: site.ID, Name: site.Name}, params.Get("key"), ""
	} else {
		for _, p := range a.Partners.Partners() {
			d.Names[p.ID] = p.Name
		}
	}
	from, to, err := count.ParseDays(params.Get("from"), params.Get("to"))
	if err != nil {
		return nil, err
	}
	if from == "" {
		days, err := web.IntParam(r, "days", report.DefaultPeriod, 1, 760)
		if err != nil {
			return nil, err
		}
		to = cmp.Or(to, count.DayOf(a.now()))
		from, d.Days = to.Plus(1-days), days
	}
	to = cmp.Or(to, max(count.DayOf(a.now()), from))
	if _, _, err := count.ParseDays(string(from), string(to)); err != nil {
		return nil, err
	}
	if params.Has("to") && params.Get("from") != "" {
		d.Days = 0
	}
	d.From, _ = time.Parse(time.DateOnly, string(from))
	d.To, _ = time.Parse(time.DateOnly, string(to))
	return d, nil
}

// ask adds up the clicks that the page is about, as its reader may see them.
func (a *API) ask(ctx context.Context, d *report.Data, by ...count.Dimension) (count.Answer, error) {
	q := count.Query{Article: d.Article, Partner: d.Partner, From: count.DayOf(d.From), To: count.DayOf(d.To), GroupBy: by}
	if d.Site != nil {
		q.Partner = d.Site.ID
	}
	answer, err := a.Counts.Query(ctx, q)
	if err == nil && d.Site != nil {
		answer = count.Suppress(answer, count.SmallestShown)
	}
	return answer, err
}

// shown is a count as the page takes it: nil when it is hidden.
func shown(n count.Count) *int64 {
	if n == count.Hidden {
		return nil
	}
	out := int64(n)
	return &out
}

// humans are the human visits of a row that is not grouped by class.
func humans(row *count.Row) *int64 {
	return shown(row.Clicks[slices.Index(click.Classes(), click.Human)])
}

func (a *API) reportTotals(ctx context.Context, d *report.Data) error {
	all, err := a.ask(ctx, d)
	if err != nil {
		return err
	}
	d.Uniques, d.Classes = shown(all.Uniques), map[string]*int64{}
	for class, n := range all.Total {
		d.Classes[string(class)] = shown(n)
	}
	return nil
}

// reportDays has every day of the period, those without clicks as well.
func (a *API) reportDays(ctx context.Context, d *report.Data) error {
	all, err := a.ask(ctx, d, count.ByDay)
	if err != nil {
		return err
	}
	rows := map[string]*count.Row{}
	for i := range all.Rows {
		rows[all.Rows[i].Values[0]] = &all.Rows[i]
	}
	for day := d.From; !day.After(d.To); day = day.AddDate(0, 0, 1) {
		out := report.Day{Date: day, Visits: new(int64), Uniques: new(int64)}
		if row := rows[day.Format(time.DateOnly)]; row != nil {
			out.Visits, out.Uniques = humans(row), shown(row.Uniques)
		}
		d.ByDay = append(d.ByDay, out)
	}
	return nil
}

func (a *API) reportGroups(ctx context.Context, d *report.Data) error {
	var err error
	if d.Channels, err = a.reportGroup(ctx, d, count.ByChannel); err != nil {
		return err
	}
	if d.Site == nil {
		if d.Partners, err = a.reportGroup(ctx, d, count.ByPartner); err != nil {
			return err
		}
	}
	pairs, err := a.ask(ctx, d, count.ByWanted, count.ByLanguage)
	if err != nil {
		return err
	}
	for i := range pairs.Rows {
		row := &pairs.Rows[i]
		if n := humans(row); n == nil || *n > 0 {
			d.Pairs = append(d.Pairs, report.Pair{Wanted: row.Values[0], Served: row.Values[1], Count: n})
		}
	}
	return nil
}

func (a *API) reportGroup(ctx context.Context, d *report.Data, by count.Dimension) (map[string]*int64, error) {
	all, err := a.ask(ctx, d, by)
	out := map[string]*int64{}
	for i := range all.Rows {
		row := &all.Rows[i]
		if n := humans(row); n == nil || *n > 0 {
			out[row.Values[0]] = n
		}
	}
	return out, err
}

// reportArticles has the most visited articles. Where there are too many to
// tell apart, the page does without.
func (a *API) reportArticles(ctx context.Context, d *report.Data) error {
	all, err := a.ask(ctx, d, count.ByArticle)
	if fault.Is(err, fault.Malformed) {
		return nil
	} else if err != nil {
		return err
	}
	for i := range all.Rows {
		row := &all.Rows[i]
		if n := humans(row); n == nil || *n > 0 {
			d.Articles = append(d.Articles, report.Article{ID: row.Values[0], Visits: n, Uniques: shown(row.Uniques)})
		}
	}
	slices.SortStableFunc(d.Articles, func(x, y report.Article) int { return cmp.Compare(known(y.Visits), known(x.Visits)) })
	d.Articles = d.Articles[:min(len(d.Articles), topArticles)]
	for i := range d.Articles {
		// A partner is told the headline of what it may show; an editor of all.
		for _, e := range a.Targets.Editions(d.Articles[i].ID) {
			if d.Site == nil || a.sees(ctx, d.Site.ID, &e) {
				d.Articles[i].Headline, d.Articles[i].Language = e.Headline, e.Language
				break
			}
		}
	}
	return nil
}

func (a *API) sees(ctx context.Context, partnerID string, e *article.Edition) bool {
	p, err := a.Partners.Partner(ctx, partnerID)
	return err == nil && p.Sees(e, a.now())
}

// known is a count for ordering: a hidden one comes after the others.
func known(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// reportSearches is the way from a question to a visit. What an article is asked
// for by is not known, so the page about one does without.
func (a *API) reportSearches(d *report.Data) {
	if d.Article != "" {
		return
	}
	partner := d.Partner
	if d.Site != nil {
		partner = d.Site.ID
	}
	sum := a.Demand.Between(d.From.Format(time.DateOnly), d.To.Format(time.DateOnly), partner)
	visits, counted := d.Channels[searchChannel]
	if !counted {
		visits = new(int64)
	}
	told := func(n int64) *int64 {
		if d.Site != nil && n > 0 && n < count.SmallestShown {
			return nil
		}
		return &n
	}
	d.Steps = []report.Step{{Name: "searches", Count: told(sum.Asked)}, {Name: "found", Count: told(sum.Found)}, {Name: "visits", Count: visits}}
}

// reportTables says where the numbers are as CSV.
func (a *API) reportTables(d *report.Data) {
	q := url.Values{"format": {"csv"}, "from": {d.From.Format(time.DateOnly)}, "to": {d.To.Format(time.DateOnly)}}
	for name, value := range map[string]string{"key": d.Key, "article": d.Article, "partner": d.Partner} {
		if value != "" {
			q.Set(name, value)
		}
	}
	d.CSV = map[string]string{}
	for name, by := range map[string]string{
		"day": "day", "class": "class", "channel": "channel", "partner": "partner", "language": "wanted,language", "article": "article",
	} {
		q.Set("groupBy", by)
		d.CSV[name] = "/v1/stats?" + q.Encode()
	}
}
