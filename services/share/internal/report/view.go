// SPDX-License-Identifier: Apache-2.0

package report

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/share/internal/chart"
	"github.com/relais-press/relais/services/share/internal/click"
)

// frame is what every page has: its language, and the way to the other.
type frame struct {
	Lang, Other string
	OtherHref   string
	Status      int
	own         map[string]string
}

func newFrame(lang string, query url.Values) frame {
	f := frame{Lang: lang, Other: "fr", own: phrasesIn(lang)}
	if lang == "fr" {
		f.Other = "en"
	}
	query = maps.Clone(query)
	if !strings.HasPrefix(query.Get("key"), partner.PublishablePrefix) {
		query.Del("key") // one that does not belong into an address is not passed on
	}
	query.Set("lang", f.Other)
	f.OtherHref = "/stats?" + query.Encode()
	return f
}

// Reason returns the key of what is said of a status.
func (f frame) Reason() string {
	key := "problem." + strconv.Itoa(f.Status)
	if _, ok := f.own[key]; !ok {
		return "problem.503"
	}
	return key
}

// Said lists the texts that the script may come to say.
func (frame) Said() []string {
	return []string{
		"key.malformed", "key.publishable",
		"problem.0", "problem.401", "problem.403", "problem.404", "problem.422", "problem.429", "problem.503",
	}
}

// view is Data in words and figures.
type view struct {
	frame
	*Data
	Period   string
	Choices  []choice
	Hidden   []field // what the form keeps
	Options  []option
	Tiles    []tile
	Nothing  bool
	ByDay    *chart.Figure
	Channels *chart.Figure
	Partners *chart.Figure // nil: a partner looks, or only one is looked at
	Matrix   *chart.Figure
	Funnel   *chart.Figure // nil: no steps were given
	Top      []line
	Quiet    []line
	locale   chart.Locale
}

type (
	choice struct {
		Label, Href string
		Current     bool
	}
	field  struct{ Name, Value string }
	option struct {
		ID, Name string
		Chosen   bool
	}
	// tile is a number to see first.
	tile struct{ Name, Value, Note string }
	// line is a row of a table that is no chart.
	line struct{ Name, Href, Lang, Dir, Note, Visits, Uniques string }
)

func newView(d *Data) *view {
	v := &view{frame: newFrame(d.Language, d.query()), Data: d, locale: chart.In(d.Language)}
	v.Period = v.locale.Period(d.From, d.To)
	v.form()
	v.Nothing = v.nothing()
	v.tiles()
	v.ByDay = v.days()
	v.Channels = chart.Bars(v.figure("channel", "unit.visits"), v.rows(d.Channels, v.channel))
	if d.Site == nil && d.Partner == "" {
		v.Partners = chart.Bars(v.figure("partner", "unit.visits"), v.rows(d.Partners, v.partner))
	}
	v.Matrix = v.pairs()
	if len(d.Steps) > 0 {
		v.Funnel = v.funnel()
	}
	v.lists()
	return v
}

// query is the page's address without its path.
func (d *Data) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"key": d.Key, "article": d.Article, "partner": d.Partner, "lang": d.Language} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if d.Days > 0 {
		q.Set("days", strconv.Itoa(d.Days))
	} else {
		q.Set("from", d.From.Format(time.DateOnly))
		q.Set("to", d.To.Format(time.DateOnly))
	}
	return q
}

// with is the address of the page with one thing changed.
func (d *Data) with(name, value string) string {
	q := d.query()
	if name == "days" {
		q.Del("from")
		q.Del("to")
	}
	q.Set(name, value)
	return "/stats?" + q.Encode()
}

func (v *view) form() {
	for _, n := range Periods() {
		v.Choices = append(v.Choices, choice{
			Label: strings.Replace(v.own["days"], "{}", strconv.Itoa(n), 1), Href: v.with("days", strconv.Itoa(n)), Current: n == v.Days,
		})
	}
	q := v.query()
	for _, name := range []string{"key", "days", "from", "to", "lang"} {
		if q.Has(name) {
			v.Hidden = append(v.Hidden, field{name, q.Get(name)})
		}
	}
	if v.Site != nil {
		return
	}
	names := maps.Clone(v.Names)
	if _, known := names[v.Partner]; !known && v.Partner != "" {
		if names == nil {
			names = map[string]string{}
		}
		names[v.Partner] = v.Partner
	}
	for _, id := range slices.Sorted(maps.Keys(names)) {
		v.Options = append(v.Options, option{id, v.partner(id), id == v.Partner})
	}
	slices.SortStableFunc(v.Options, func(a, b option) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
}

// tiles are the four numbers at the head of the page.
func (v *view) tiles() {
	visits, given := v.Classes[string(click.Human)]
	if !given {
		visits = new(int64)
	}
	v.Tiles = append(v.Tiles,
		tile{Name: v.own["tile.visits"], Value: v.locale.Count(visits), Note: v.own["tile.visits.note"]},
		tile{Name: v.own["tile.uniques"], Value: v.locale.Count(v.Uniques), Note: v.own["tile.uniques.note"]})
	var sum, best int64
	var top string
	for name, n := range v.Data.Channels {
		if n == nil {
			continue
		}
		sum += *n
		if name != "" && (*n > best || *n == best && name < top) {
			best, top = *n, name
		}
	}
	if best > 0 {
		v.Tiles = append(v.Tiles, tile{
			Name: v.own["tile.channel"], Value: v.channel(top),
			Note: strings.Replace(v.own["tile.channel.note"], "{}", v.locale.Percent(best, sum), 1),
		})
	}
	var wanted, served int64
	for _, p := range v.Pairs {
		if p.Count == nil || p.Wanted == "" {
			continue
		}
		wanted += *p.Count
		if p.fits() {
			served += *p.Count
		}
	}
	if wanted > 0 {
		v.Tiles = append(v.Tiles, tile{Name: v.own["tile.language"], Value: v.locale.Percent(served, wanted), Note: v.own["tile.language.note"]})
	}
}

// figure is the frame of a chart, with the texts of its name.
func (v *view) figure(name, unit string) chart.Frame {
	return chart.Frame{
		ID: "by-" + name, Title: v.own["figure."+name], Note: v.own["figure."+name+".note"],
		Of: v.own["of."+name], Unit: v.own[unit], CSV: v.CSV[name], Locale: v.locale,
	}
}

func (v *view) days() *chart.Figure {
	days := make([]time.Time, 0, len(v.Data.ByDay))
	visits := chart.Series{Name: v.own["unit.visits"]}
	uniques := chart.Series{Name: v.own["unit.uniques"]}
	for _, d := range v.Data.ByDay {
		days = append(days, d.Date)
		visits.Values = append(visits.Values, d.Visits)
		uniques.Values = append(uniques.Values, d.Uniques)
	}
	return chart.Lines(v.figure("day", "unit.visits"), days, []chart.Series{visits, uniques})
}

// rows puts counts in the order of their names, under the names to be shown.
func (v *view) rows(counts map[string]*int64, name func(string) string) []chart.Row {
	var out []chart.Row
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, chart.Row{Name: name(key), Count: counts[key]})
	}
	return out
}

func (v *view) pairs() *chart.Figure {
	pairs := make([]chart.Pair, 0, len(v.Pairs))
	for _, p := range v.Pairs {
		pairs = append(pairs, chart.Pair{
			Wanted: v.language(p.Wanted), Served: v.language(p.Served), Same: p.fits(), Count: p.Count,
		})
	}
	return chart.Matrix(v.figure("language", "unit.visits"), pairs)
}

func (v *view) funnel() *chart.Figure {
	steps := make([]chart.Row, 0, len(v.Steps))
	for _, s := range v.Steps {
		steps = append(steps, chart.Row{Name: v.named("step.", s.Name), Count: s.Count})
	}
	return chart.Funnel(v.figure("funnel", "unit.count"), steps)
}

// lists fills the tables that are no charts: articles, and the other classes.
func (v *view) lists() {
	for _, a := range v.Articles {
		headline := a.Headline
		if headline == "" {
			headline = a.ID
		}
		v.Top = append(v.Top, line{
			Name: headline, Href: v.with("article", a.ID), Lang: a.Language, Dir: language.Direction(a.Language),
			Visits: v.locale.Count(a.Visits), Uniques: v.locale.Count(a.Uniques),
		})
	}
	for _, class := range click.Classes() {
		if n, given := v.Classes[string(class)]; given && class != click.Human {
			v.Quiet = append(v.Quiet, line{
				Name: v.own["class."+string(class)], Note: v.own["class."+string(class)+".note"], Visits: v.locale.Count(n),
			})
		}
	}
}

// nothing reports whether nobody read or searched.
func (d *Data) nothing() bool {
	counts := slices.Collect(maps.Values(d.Channels))
	if readers, given := d.Classes[string(click.Human)]; given {
		counts = append(counts, readers)
	}
	for _, s := range d.Steps {
		counts = append(counts, s.Count)
	}
	return !slices.ContainsFunc(counts, func(n *int64) bool { return n == nil || *n != 0 })
}

// fits reports whether what was served is the language that was wanted, in
// whatever form.
func (p Pair) fits() bool {
	_, ok := language.Negotiate(p.Wanted, []string{p.Served})
	return ok && p.Served != ""
}
