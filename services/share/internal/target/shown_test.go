// SPDX-License-Identifier: Apache-2.0

package target

import (
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
)

func TestShown(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	version := func(n int, change func(*article.Edition)) article.Edition {
		e := article.Edition{ID: "a", Language: "fr", SourceLanguage: "fr", Version: n, PubStatus: article.Usable, VersionCreated: start.Add(time.Duration(n) * time.Hour)}
		change(&e)
		return e
	}
	usable := func(*article.Edition) {}
	withheld := func(e *article.Edition) { e.PubStatus = article.Withheld }
	embargoed := func(e *article.Edition) { at := start.Add(90 * time.Minute); e.EmbargoedUntil = &at }
	long := func(e *article.Edition) { at := start.Add(9 * time.Hour); e.EmbargoedUntil = &at }
	expired := func(e *article.Edition) { e.Expires = &start }
	others := func(e *article.Edition) { e.Audience = &article.Audience{Partners: []string{"q"}} }
	canceled := func(e *article.Edition) { e.PubStatus = article.Canceled }
	for name, c := range map[string]struct {
		versions []func(*article.Edition)
		first    int
		want     int
	}{
		"one version":                   {versions: []func(*article.Edition){usable}, first: 1},
		"public, then canceled":         {versions: []func(*article.Edition){usable, canceled}, first: 1, want: 1},
		"public twice to the same":      {versions: []func(*article.Edition){usable, usable, canceled}, first: 1, want: 1},
		"public to all, then to others": {versions: []func(*article.Edition){usable, others, canceled}, first: 1, want: 2},
		"withheld, then canceled":       {versions: []func(*article.Edition){withheld, canceled}, first: 1},
		"expired, then canceled":        {versions: []func(*article.Edition){expired, canceled}, first: 1},
		"canceled under embargo":        {versions: []func(*article.Edition){long, canceled}, first: 1},
		"canceled after its embargo":    {versions: []func(*article.Edition){embargoed, canceled}, first: 1, want: 1},
		"the log has forgotten":         {versions: []func(*article.Edition){canceled}, first: 70, want: 1},
	} {
		tab := table(&sites{}, Hosts{})
		for i, change := range c.versions {
			tab.put(version(c.first+i, change))
		}
		if got := tab.Shown("a", "fr"); len(got) != c.want {
			t.Errorf("%s: shown to %+v, want %d", name, got, c.want)
		}
		if got := tab.Shown("a", "en"); got != nil {
			t.Errorf("%s: in another language to %+v", name, got)
		}
	}
}
