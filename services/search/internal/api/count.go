// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"net/http"

	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// count tells the tally of a question that has its answer, if it is one in the
// sense of package usage.
func (a *API) count(r *http.Request, q *engine.Query, found bool) {
	site := web.CallerOf(r).Partner
	if site == nil || r.Method != http.MethodGet || q.Text == "" || q.Offset > 0 {
		return
	}
	a.Tally.Add(q.Now, site.ID, q.Language, found)
}

// foundAny reports whether the body of an answer has a total above 0. What
// stands before tookMs holds it last, and no text in there can hold a bare quote.
func foundAny(body []byte) bool {
	before, _, _ := bytes.Cut(body, []byte(`,"tookMs":`))
	return !bytes.HasSuffix(before, []byte(`,"total":0`))
}
