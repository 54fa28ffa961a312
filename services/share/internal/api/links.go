// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/shortlink"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/share/internal/link"
	"github.com/relais-press/relais/services/share/internal/target"
)

// input is a link as it is asked for.
type input struct {
	Article  string     `json:"article"`
	Language string     `json:"language"`
	Partner  string     `json:"partner"`
	Channel  string     `json:"channel"`
	Campaign string     `json:"campaign"`
	Code     string     `json:"code"`
	Expires  *time.Time `json:"expires"`
}

// output is a link as it is answered: what it is for is always told, if only
// by an empty text.
type output struct {
	Code     string     `json:"code"`
	URL      string     `json:"url"`
	Article  string     `json:"article"`
	Language string     `json:"language"`
	Partner  string     `json:"partner"`
	Channel  string     `json:"channel"`
	Campaign string     `json:"campaign"`
	Created  time.Time  `json:"created"`
	Expires  *time.Time `json:"expires,omitempty"`
	Disabled bool       `json:"disabled"`
}

func (a *API) createLink(w http.ResponseWriter, r *http.Request) error {
	var in input
	if err := web.ReadJSON(w, r, &in); err != nil {
		return err
	}
	wanted, err := a.wanted(r, &in)
	if err != nil {
		return err
	}
	l, created, err := a.Links.FindOrCreate(r.Context(), wanted)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/links/"+l.Code)
	}
	return web.WriteJSON(w, r, status, a.show(l))
}

// wanted is the link that a caller asks for, when it may.
func (a *API) wanted(r *http.Request, in *input) (link.Link, error) {
	caller := web.CallerOf(r)
	if caller.Partner != nil {
		if in.Partner == "" {
			in.Partner = caller.Partner.ID
		}
		if in.Partner != caller.Partner.ID {
			return link.Link{}, fault.WithFields(fault.Forbidden, "a partner makes links of its own", fault.Field{Pointer: "/partner", Detail: "is another partner"})
		}
	}
	fields, err := a.check(r, in, caller.Partner, link.ValidCustom)
	if err != nil {
		return link.Link{}, err
	}
	if in.Expires != nil && !in.Expires.After(a.now()) {
		fields = append(fields, fault.Field{Pointer: "/expires", Detail: "must lie in the future"})
	}
	if len(fields) > 0 {
		return link.Link{}, fault.WithFields(fault.Invalid, "the link cannot be made so", fields...)
	}
	return in.link(caller.Key.ID), nil
}

func (in *input) link(by string) link.Link {
	return link.Link{
		Code: in.Code, Article: in.Article, Language: in.Language, Partner: in.Partner, Channel: in.Channel,
		Campaign: in.Campaign, CreatedBy: by, Expires: in.Expires,
	}
}

// check names everything that is wrong with a wish but its expiry, and makes its
// language canonical.
func (a *API) check(r *http.Request, in *input, site *partner.Partner, validCode func(string) bool) (fields []fault.Field, err error) {
	bad := func(pointer, detail string) { fields = append(fields, fault.Field{Pointer: pointer, Detail: detail}) }
	editions := a.Targets.Editions(in.Article)
	if len(editions) == 0 && article.ValidID(in.Article) {
		// It may be that new.
		if err := a.Targets.CatchUp(r.Context()); err != nil {
			return nil, err
		}
		editions = a.Targets.Editions(in.Article)
	}
	if len(editions) == 0 || (site != nil && len(target.Visible(editions, site, a.now())) == 0) {
		bad("/article", "there is no such article")
	}
	if in.Language != "" {
		canonical, err := language.Canonical(in.Language)
		if err != nil {
			bad("/language", "must be a BCP 47 language tag such as fr")
		}
		in.Language = canonical
	}
	if in.Partner != "" && site == nil {
		if !article.ValidID(in.Partner) {
			bad("/partner", "there is no such partner")
		} else if _, err := a.Partners.Partner(r.Context(), in.Partner); fault.Is(err, fault.Forbidden) {
			bad("/partner", "there is no such partner")
		} else if err != nil {
			return nil, err
		}
	}
	if in.Channel != "" && !shortlink.ValidChannel(in.Channel) {
		bad("/channel", "must match [a-z0-9][a-z0-9-]{0,31}")
	}
	if len(in.Campaign) > 100 {
		bad("/campaign", "must have at most 100 bytes")
	}
	if in.Code != "" && !validCode(in.Code) {
		bad("/code", "must match [a-z0-9][a-z0-9-]{2,63}")
	}
	return fields, nil
}

func (a *API) show(l link.Link) output {
	return output{
		l.Code, a.PublicURL + "/s/" + l.Code, l.Article, l.Language, l.Partner, l.Channel, l.Campaign, l.Created, l.Expires, l.Disabled,
	}
}

// find returns the link that the path names, when the caller may see it.
func (a *API) find(r *http.Request) (link.Link, error) {
	l, err := a.Links.Get(r.Context(), web.Var(r, "code"))
	if err != nil {
		return l, err
	}
	if site := web.CallerOf(r).Partner; site != nil && l.Partner != site.ID {
		return l, fault.New(fault.NotFound, "there is no such link")
	}
	if l.Deleted {
		return l, fault.New(fault.Gone, "the link was deleted")
	}
	return l, nil
}

func (a *API) getLink(w http.ResponseWriter, r *http.Request) error {
	l, err := a.find(r)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, a.show(l))
}

// patchLink merges a patch (RFC 7396) of expires and disabled.
func (a *API) patchLink(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.MediaType(r, "application/merge-patch+json", "application/json"); err != nil {
		return err
	}
	body, err := web.ReadBody(w, r)
	if err != nil {
		return err
	}
	l, err := a.find(r)
	if err != nil {
		return err
	}
	var patch struct {
		Expires  *time.Time `json:"expires"`
		Disabled bool       `json:"disabled"`
	}
	given, err := web.DecodeMembers(body, &patch)
	if err != nil {
		return err
	}
	if l.Default && (patch.Disabled || patch.Expires != nil) {
		return fault.New(fault.Conflict, "this is the link that search and share bars show for its article: delete it to have another, or cancel the article")
	}
	// Only what is given is changed, also when somebody else wrote meanwhile.
	l, err = a.Links.Change(r.Context(), l.Code, func(l *link.Link) {
		if given["expires"] {
			l.Expires = patch.Expires
		}
		if given["disabled"] {
			l.Disabled = patch.Disabled
		}
	})
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, a.show(l))
}

func (a *API) deleteLink(w http.ResponseWriter, r *http.Request) error {
	l, err := a.find(r)
	if err != nil {
		return err
	}
	if _, err := a.Links.Change(r.Context(), l.Code, func(l *link.Link) { l.Deleted = true }); err != nil {
		return err
	}
	if l.Default { // its article has another from now on
		if _, _, err := a.Links.FindOrCreate(r.Context(), link.Link{Article: l.Article, Default: true}); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
