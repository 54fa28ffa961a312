// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/search"
	"github.com/relais-press/relais/services/search/internal/embedder"
)

// meanings is an embeddings server that knows two matters.
func meanings(t *testing.T, down *atomic.Bool) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct{ Input []string }
		if down.Load() || json.NewDecoder(r.Body).Decode(&request) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		type item struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		}
		var answer struct {
			Data []item `json:"data"`
		}
		for i, text := range request.Input {
			v := []float32{0.1, 0.1, 0.1}
			for at, words := range []string{"séisme tremblement secousse", "pension retraite"} {
				for word := range strings.FieldsSeq(words) {
					if strings.Contains(strings.ToLower(text), word) {
						v[at] = 1
					}
				}
			}
			answer.Data = append(answer.Data, item{i, v})
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestVectorsFindWhatWordsDoNot(t *testing.T) {
	var down atomic.Bool
	d := openWith(t, search.Config{Embedder: embedder.Config{URL: meanings(t, &down), Model: "meanings", Nearness: 0.9}})
	d.publish(article.Edition{ID: "quake", Language: "fr", Version: 1, Headline: "Un séisme au Chili", BodyText: "Corps."})
	d.publish(article.Edition{ID: "vote", Language: "fr", Version: 1, Headline: "Le Sénat vote les pensions", BodyText: "Corps."})
	d.publish(article.Edition{
		ID: "secret", Language: "fr", Version: 1, Headline: "Un séisme à Lyon", BodyText: "Corps.",
		Audience: &article.Audience{Partners: []string{"revue"}},
	})
	found := func(q string) string {
		t.Helper()
		var answer struct {
			Hits       []struct{ ID string }
			Correction string
		}
		d.into(&answer, "/v1/search?key="+siteKey+"&q="+q)
		if answer.Correction != "" {
			t.Errorf("%s is corrected to %q, though no letter was wrong", q, answer.Correction)
		}
		var ids []string
		for _, h := range answer.Hits {
			ids = append(ids, h.ID)
		}
		return strings.Join(ids, " ")
	}
	if got := found("tremblement"); got != "quake" {
		t.Errorf("found %q, want quake", got)
	}
	// The second word is a letter away from one of the text, yet not what found it.
	if got := found("tremblement+chilo"); got != "quake" {
		t.Errorf("found %q, want quake", got)
	}
	d.stop()
	d.start()
	if got := found("secousse"); got != "quake" {
		t.Errorf("after a new start, found %q, want quake", got)
	}

	down.Store(true)
	if got := found("retraite"); got != "" {
		t.Errorf("without the embedder, found %q", got)
	}
	if got := found("pensions"); got != "vote" {
		t.Errorf("without the embedder, words found %q, want vote", got)
	}
	d.publish(article.Edition{ID: "later", Language: "fr", Version: 1, Headline: "La secousse de mardi", BodyText: "Corps."})
	if got := found("mardi"); got != "later" {
		t.Errorf("an edition published meanwhile: found %q", got)
	}

	down.Store(false)
	d.stop()
	d.start() // the circuit is closed again
	if state, _, problem := d.rebuild(""); state != "serves" {
		t.Fatalf("generation is %s: %s", state, problem)
	}
	if got := found("tremblement"); got != "later quake" && got != "quake later" {
		t.Errorf("the new generation found %q, want quake and later", got)
	}
}
