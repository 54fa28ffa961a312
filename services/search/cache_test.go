// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestAChangeIsSeenAtOnce(t *testing.T) {
	d := open(t)
	for version := 1; version <= 20; version++ {
		for range 3 { // asked before and after, so that an answer is kept
			d.total(siteKey, "version")
		}
		headline := fmt.Sprint("Version ", version)
		d.publish(recap(version, headline))
		if w := d.get("/v1/search?q=version&lang=fr&key=" + siteKey); !strings.Contains(w.Body.String(), headline) {
			t.Fatalf("after %s was searchable, the answer is %s", headline, w.Body)
		}
	}
}

// TestNoKeptAnswerIsOlderThanAnother asks for a page, which is never kept, while
// a version is being written: once that shows it, no kept answer shows the one before.
func TestNoKeptAnswerIsOlderThanAnother(t *testing.T) {
	d := open(t)
	for version := 1; version <= 30; version++ {
		headline := fmt.Sprintf("Version zq%dx", version)
		d.append(recap(version, headline))
		d.await(headline, func() bool {
			d.get("/v1/latest?lang=fr&key=" + siteKey)
			if !strings.Contains(d.get("/search?lang=fr&key="+siteKey).Body.String(), headline) {
				return false
			}
			if w := d.get("/v1/latest?lang=fr&key=" + siteKey); !strings.Contains(w.Body.String(), headline) {
				t.Errorf("after a page showed %s, the answer (%s) is %s", headline, w.Header().Get("Server-Timing"), w.Body)
			}
			return true
		})
	}
}

func TestEqualQuestionsHaveEqualAnswers(t *testing.T) {
	d := open(t)
	newsroom(d)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, target := range []string{"/v1/search?q=preuve&key=", "/v1/latest?limit=3&key=", "/v1/suggest?q=cl&key=", "/v1/related/a?key="} {
				one, other := d.get(target+siteKey), d.get(target+siteKey+"&utm=x")
				if one.Code != http.StatusOK || other.Code != http.StatusOK || one.Header().Get("ETag") != other.Header().Get("ETag") {
					t.Errorf("%s: %d %s, %d %s", target, one.Code, one.Header().Get("ETag"), other.Code, other.Header().Get("ETag"))
				}
				if w := d.get(target+siteKey, "If-None-Match", one.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
					t.Errorf("%s: status %d with its ETag", target, w.Code)
				}
			}
		})
	}
	group.Wait()
	d.await("a kept answer", func() bool {
		d.get("/v1/search?q=preuve&key=" + siteKey)
		return d.get("/v1/search?q=preuve&key="+siteKey).Header().Get("Server-Timing") == "cache;desc=hit"
	})
	// Two partners never share an answer, and a question is no other question.
	if strings.Contains(d.get("/v1/search?q=preuve&key="+otherKey).Body.String(), "preuve numérique") {
		t.Error("a partner was given the answer of another")
	}
	for range 3 {
		w := d.get("/v1/search?q=preuve&explain=1", "Authorization", "Bearer "+editKey)
		if timing := w.Header().Get("Server-Timing"); w.Code != http.StatusOK || timing != "cache;desc=off" {
			t.Errorf("an explanation: status %d, %s", w.Code, timing)
		}
	}
}

// BenchmarkSearch compares a question that is asked again with one that never was.
func BenchmarkSearch(b *testing.B) {
	d := open(b)
	for n := range 2000 {
		e := recap(1, fmt.Sprint("La preuve numérique, numéro ", n))
		e.ID, e.BodyText = fmt.Sprint("n-", n), strings.Repeat("Le texte d’un compte rendu, à propos de preuve et de droit. ", 40)
		d.append(e)
	}
	d.publish(recap(1, "Fin"))
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			d.get("/v1/search?q=preuve+droit&lang=fr&key=" + siteKey)
		}
	})
	b.Run("new", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			d.get(fmt.Sprint("/v1/search?q=preuve+droit&lang=fr&from=2001-01-01T00:00:00Z&to=2030-01-01T00:00:", n%60, "Z&offset=", n%100, "&key=", siteKey))
		}
	})
}
