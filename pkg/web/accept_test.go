// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"testing"

	"github.com/relais-press/relais/pkg/web"
)

func TestCompareAccept(t *testing.T) {
	page, data := []string{"text/html", "application/xhtml+xml"}, []string{"application/json"}
	for accept, want := range map[string]int{
		"": 0, "*/*": 0, "image/png": 0, "text/html;q=0": 0, "a/b/c, ;": 0,
		"text/html": 1, "TEXT/HTML": 1, "application/xhtml+xml": 1, "text/*": 1, "application/json": -1, "application/*": -1,
		"text/html, application/json": 1, "application/json, text/html": -1, "application/json;q=.5, text/html;q=.6": 1,
		"*/*, application/json": -1, "text/*, application/json": -1, "application/json;q=0, */*": 1,
		"text/html;q=0.9, */*;q=1": -1, "text/html;q=NaN, application/json;q=0.9": 1,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": 1,
	} {
		if got := web.CompareAccept(accept, page, data); got != want {
			t.Errorf("%q: %d, want %d", accept, got, want)
		}
	}
}
