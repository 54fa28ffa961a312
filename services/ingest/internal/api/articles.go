// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/language"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/draft"
	"github.com/relais-press/relais/services/ingest/internal/editions"
	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// searchableWait is how long a write with wait=searchable waits for the index.
const searchableWait = 5 * time.Second

func (a *API) createArticle(w http.ResponseWriter, r *http.Request) error {
	d, err := a.read(w, r)
	if err != nil {
		return err
	}
	if err := a.Drafts.Settle(&d); err != nil {
		return err
	}
	write := writeOf(r, d.Edition)
	write.New = true
	named := write.Edition.ID != ""
	if !named {
		write.Edition.ID = extract.Slug(write.Edition.Headline)
	}
	base := write.Edition.ID
	for n := 2; ; n++ {
		res, err := a.Editions.Put(r.Context(), write)
		switch {
		case err == nil:
			return a.answerWrite(w, r, res)
		case named || !fault.Is(err, fault.Conflict) || n > 100:
			return err
		}
		// Another article has this headline: the next free number is taken.
		suffix := "-" + strconv.Itoa(n)
		write.Edition.ID = base[:min(len(base), 128-len(suffix))] + suffix
	}
}

func (a *API) putEdition(w http.ResponseWriter, r *http.Request) error {
	d, err := a.read(w, r)
	if err != nil {
		return err
	}
	write, err := a.replacement(r, d)
	if err != nil {
		return err
	}
	if write.IfMatch, err = web.IfMatch(r); err != nil {
		return err
	}
	write.Absent = web.MustBeNew(r)
	res, err := a.Editions.Put(r.Context(), write)
	if err != nil {
		return err
	}
	return a.answerWrite(w, r, res)
}

// replacement is the write of the edition that the path names. What the request
// itself says of its identity must agree with the path.
func (a *API) replacement(r *http.Request, d draft.Draft) (editions.Write, error) {
	e := &d.Edition
	if tag, err := language.Canonical(e.Language); err == nil {
		e.Language = tag
	}
	for _, part := range []struct {
		name  string
		field *string
		path  string
	}{{"id", &e.ID, web.Var(r, "id")}, {"language", &e.Language, lang(r)}} {
		said := d.Given[part.name] || r.URL.Query().Has(part.name)
		if said && *part.field != "" && *part.field != part.path {
			return editions.Write{}, fault.WithFields(fault.Invalid, "the body and the path disagree", fault.Field{
				Pointer: "/" + part.name, Detail: "is " + *part.field + " here and " + part.path + " in the path",
			})
		}
		*part.field = part.path
	}
	if err := a.Drafts.Settle(&d); err != nil {
		return editions.Write{}, err
	}
	write := writeOf(r, d.Edition)
	write.Given, write.Whole, write.Guessed = d.Given, d.Whole, d.Guessed
	return write, nil
}

// patchEdition merges a patch (RFC 7396) into the present edition. A patch that
// brings a body replaces the body in all its forms.
func (a *API) patchEdition(w http.ResponseWriter, r *http.Request) error {
	if _, err := web.MediaType(r, "application/merge-patch+json", "application/json"); err != nil {
		return err
	}
	if err := writeParams(r); err != nil {
		return err
	}
	patch, err := web.ReadBody(w, r)
	if err != nil {
		return err
	}
	if err := draft.CheckJSON(patch); err != nil {
		return err
	}
	condition, err := web.IfMatch(r)
	if err != nil {
		return err
	}
	const attempts = 25
	for n := 1; ; n++ {
		res, err := a.patch(r, patch, condition)
		// Without a condition, what was written meanwhile is merged with.
		if condition > 0 || n == attempts || !fault.Is(err, fault.PreconditionFailed) {
			if err != nil {
				return err
			}
			return a.answerWrite(w, r, res)
		}
	}
}

// patch writes the merged edition unless another version came between.
func (a *API) patch(r *http.Request, patch []byte, condition int) (editions.Result, error) {
	current, _, err := a.current(r)
	if err != nil {
		return editions.Result{}, err
	}
	merged, err := merge(current.Edition, patch)
	if err != nil {
		return editions.Result{}, err
	}
	d, err := a.Drafts.JSON(merged)
	if err != nil {
		return editions.Result{}, err
	}
	d.Whole = true // what the merged edition lacks was taken away
	write, err := a.replacement(r, d)
	if err != nil {
		return editions.Result{}, err
	}
	if write.IfMatch = condition; condition <= 0 {
		write.IfMatch = current.Edition.Version
	}
	return a.Editions.Put(r.Context(), write)
}

func merge(e article.Edition, patch []byte) ([]byte, error) {
	e.Correction = "" // says what was wrong before one version only
	stored, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	var target, changes map[string]any
	if err := decodeNumbers(stored, &target); err != nil {
		return nil, err
	}
	if err := decodeNumbers(patch, &changes); err != nil {
		return nil, err
	}
	delete(target, "bodyText")
	for _, body := range []string{"bodyHtml", "bodyMarkdown", "bodyText"} {
		if changes[body] != nil {
			delete(target, "bodyHtml")
		}
	}
	return json.Marshal(mergePatch(target, changes))
}

// mergePatch is the algorithm of RFC 7396 §2.
func mergePatch(target map[string]any, patch map[string]any) map[string]any {
	if target == nil {
		target = map[string]any{}
	}
	for name, value := range patch {
		switch v := value.(type) {
		case nil:
			delete(target, name)
		case map[string]any:
			inner, _ := target[name].(map[string]any)
			target[name] = mergePatch(inner, v)
		default:
			target[name] = v
		}
	}
	return target
}

func decodeNumbers(data []byte, into *map[string]any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	return nil
}

// cancellation is the body of a cancel call.
type cancellation struct {
	Reason     string `json:"reason"`
	Legal      bool   `json:"legal"`
	ReplacedBy string `json:"replacedBy"`
}

func (a *API) cancelEdition(w http.ResponseWriter, r *http.Request) error {
	return a.cancel(w, r, lang(r))
}

func (a *API) cancelArticle(w http.ResponseWriter, r *http.Request) error { return a.cancel(w, r, "") }

// cancel cancels an edition; without a language, the whole article.
func (a *API) cancel(w http.ResponseWriter, r *http.Request, language string) error {
	if err := writeParams(r); err != nil {
		return err
	}
	var c cancellation
	body, err := web.ReadBody(w, r)
	if err != nil {
		return err
	}
	if len(body) > 0 { // every member is optional, and so is the body
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := web.ReadJSON(w, r, &c); err != nil {
			return err
		}
	}
	condition, err := web.IfMatch(r)
	if err != nil {
		return err
	}
	id := web.Var(r, "id")
	if !article.ValidID(id) {
		return errNoArticle
	}
	write := writeOf(r, article.Edition{})
	write.IfMatch = condition
	res, err := a.Editions.Cancel(r.Context(), id, language, article.Cancellation{
		Reason: extract.NormalizeLine(c.Reason), Legal: c.Legal, ReplacedBy: c.ReplacedBy,
	}, write)
	if err != nil {
		return err
	}
	return a.answerWrite(w, r, res)
}

func (a *API) getEdition(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "version"); err != nil {
		return err
	}
	st, languages, err := a.current(r)
	if err != nil {
		return err
	}
	if version := r.URL.Query().Get("version"); version != "" {
		n, err := strconv.Atoi(version)
		if err != nil || n < 1 {
			return web.BadParam("version", "must be a whole number from 1")
		}
		if st, err = a.Editions.Version(r.Context(), st.Edition.ID, st.Edition.Language, n); err != nil {
			return err
		}
	}
	return write(w, r, http.StatusOK, st, languages)
}

func (a *API) getArticle(w http.ResponseWriter, r *http.Request) error {
	all, err := a.article(r)
	if err != nil {
		return err
	}
	type line struct {
		Language  string            `json:"language"`
		Version   int               `json:"version"`
		PubStatus article.PubStatus `json:"pubStatus"`
		Headline  string            `json:"headline"`
		Stale     bool              `json:"stale"`
	}
	lines := make([]line, 0, len(all))
	for _, st := range all {
		e := st.Edition
		lines = append(lines, line{e.Language, e.Version, e.StatusAt(time.Now()), e.Headline, e.Stale})
	}
	alternates(w, all[0].Edition.ID, editions.Languages(all))
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{
		"id": all[0].Edition.ID, "sourceLanguage": all[0].Edition.SourceLanguage, "editions": lines,
	})
}

// current reads the edition that the path names, with Stale told, and the
// languages of its article.
func (a *API) current(r *http.Request) (editions.Stored, []string, error) {
	all, err := a.article(r)
	if err != nil {
		return editions.Stored{}, nil, err
	}
	for _, st := range all {
		if st.Edition.Language == lang(r) {
			return st, editions.Languages(all), nil
		}
	}
	return editions.Stored{}, nil, fault.Newf(fault.NotFound, "this article has no edition in that language")
}

// article reads every edition of the article that the path names.
func (a *API) article(r *http.Request) ([]editions.Stored, error) {
	id := web.Var(r, "id")
	if !article.ValidID(id) {
		return nil, errNoArticle
	}
	all, err := a.Editions.Article(r.Context(), id)
	if err == nil && len(all) == 0 {
		err = errNoArticle
	}
	return all, err
}

var errNoArticle = fault.New(fault.NotFound, "there is no such article")

// lang is the language that the path names, in canonical form where it has one.
func lang(r *http.Request) string {
	raw := web.Var(r, "lang")
	if tag, err := language.Canonical(raw); err == nil {
		return tag
	}
	return raw
}

func writeOf(r *http.Request, e article.Edition) editions.Write {
	return editions.Write{Edition: e, Actor: web.CallerOf(r).Key.ID, Attempt: web.Attempt(r)}
}

// answerWrite tells the outcome of a write, once it is searchable when asked to.
func (a *API) answerWrite(w http.ResponseWriter, r *http.Request, res editions.Result) error {
	status := http.StatusOK
	if res.Outcome == editions.Created {
		status = http.StatusCreated
		w.Header().Set("Location", "/v1/articles/"+res.Edition.ID+"/"+res.Edition.Language)
	}
	if r.URL.Query().Get("wait") != "" && !a.searchable(r.Context(), append(res.Others, res.Stored)) {
		status = http.StatusAccepted
	}
	return write(w, r, status, res.Stored, res.Languages)
}

// searchable waits until every running index has the versions, and reports
// whether it has.
func (a *API) searchable(ctx context.Context, written []editions.Stored) bool {
	ctx, cancel := context.WithTimeout(ctx, searchableWait)
	defer cancel()
	indexes, err := a.Indexes.Running(ctx, bus.Articles, bus.IndexConsumer)
	if err != nil {
		return false
	}
	for _, st := range written {
		if a.Stages.Await(ctx, bus.StageSearchable, st.Edition.ID, st.Edition.Language, st.Edition.Version, indexes) != nil {
			return false
		}
	}
	return true
}

// writeParams checks the query of a write that takes no other parameter.
func writeParams(r *http.Request, more ...string) error {
	if err := web.KnownParams(r, append(more, "wait")...); err != nil {
		return err
	}
	if wait := r.URL.Query().Get("wait"); wait != "" && wait != bus.StageSearchable {
		return web.BadParam("wait", "knows searchable")
	}
	return nil
}

// alternates names the editions of an article in a Link header (RFC 8288), each
// with its language.
func alternates(w http.ResponseWriter, id string, languages []string) {
	links := make([]string, 0, len(languages))
	for _, l := range languages {
		links = append(links, fmt.Sprintf(`</v1/articles/%s/%s>; rel="alternate"; hreflang="%s"`, id, l, l))
	}
	w.Header().Set("Link", strings.Join(links, ", "))
}

// write answers with an edition as it stands now.
func write(w http.ResponseWriter, r *http.Request, status int, st editions.Stored, languages []string) error {
	alternates(w, st.Edition.ID, languages)
	suffix := ""
	if now := st.Edition.StatusAt(time.Now()); now != st.Edition.PubStatus {
		st.Edition.PubStatus, suffix = now, "w"
	}
	if st.Edition.Stale {
		suffix += "s"
	}
	w.Header().Set("ETag", web.VersionTag(st.Edition.Version, suffix))
	return web.WriteJSON(w, r, status, st.Edition)
}
