// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/bar"
	"github.com/relais-press/relais/services/share/internal/link"
)

// shareBar is what a share bar shows.
type shareBar struct {
	URL      string       `json:"url"` // the short link that counts for the channel "share"
	Language string       `json:"language"`
	Headline string       `json:"headline"`
	Targets  []bar.Target `json:"targets"`
}

// bar answers with what a partner's share bar needs for an article: where to
// share it to, each address with a short link of its own channel.
func (a *API) bar(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "key", "lang"); err != nil {
		return err
	}
	site, id, asked := web.CallerOf(r).Partner, web.Var(r, "id"), r.URL.Query().Get("lang")
	if asked != "" {
		tag, err := language.Canonical(asked)
		if err != nil {
			return web.BadParam("lang", "must be a BCP 47 language tag such as fr")
		}
		asked = tag
	}
	view := a.Targets.View(r.Context(), id, site.ID, a.now())
	if len(view.Destinations) == 0 {
		if err := a.Targets.Check(r.Context()); err != nil {
			return err
		}
		return fault.New(fault.NotFound, "there is no such article")
	}
	code, err := a.defaultCode(r, id)
	if err != nil {
		return err
	}
	e := view.Choose(asked, "", asked).Edition
	mark := ""
	if e.Version > 1 {
		mark = "~v" + strconv.Itoa(e.Version) // another address: platforms draw its card anew
	}
	urlFor := func(channel string) string {
		return a.PublicURL + "/s/" + code + mark + a.Links.Signer().Suffix(code, shortlink.Placement{Partner: site.ID, Channel: channel})
	}
	return web.WriteJSON(w, r, http.StatusOK, shareBar{
		URL: urlFor("share"), Language: e.Language, Headline: e.Headline,
		Targets: bar.Targets(bar.Subject{Headline: e.Headline, Description: e.Description}, urlFor, cmp.Or(asked, e.Language)),
	})
}

// defaultCode is the code of an article's default link, which is made now when
// the article is that new.
func (a *API) defaultCode(r *http.Request, id string) (string, error) {
	code, err := a.Links.Default(r.Context(), id)
	if err != nil && !fault.Is(err, fault.NotFound) || code != "" {
		return code, err
	}
	l, _, err := a.Links.FindOrCreate(r.Context(), link.Link{Article: id, Default: true})
	return l.Code, err
}
