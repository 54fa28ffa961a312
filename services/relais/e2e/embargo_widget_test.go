// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// embargoPage is a partner's page with the widget of the relay and key in its query.
func embargoPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="fr"><title>La Gazette</title>
		<script async src="%s/widget/v1.js" data-key="%s" data-lang="fr"></script>
		<relais-search mode="page"></relais-search><relais-latest limit="50"></relais-latest>
		<relais-related article="voisin-0" limit="50"></relais-related>`, q.Get("relais"), q.Get("key"))
}

// widget opens the page again and again in a browser that keeps nothing, until all
// its elements show the batch.
func (b *embargoBatch) widget(page string) {
	t := b.r.t
	t.Helper()
	p := newTab(t)
	if _, err := chromedp.Call(p.ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}); err != nil {
		t.Fatal(err)
	}
	const shown = `(() => ['relais-search', 'relais-latest', 'relais-related'].map(n => document.querySelector(n)?.shadowRoot?.textContent ?? '').join('|'))()`
	address := page + "/?q=chaconne&key=" + b.key + "&relais=" + b.r.base
	last := b.moment
	await(t, "the widget to show what was under embargo", func() bool {
		asked := time.Now()
		p.do("open the partner's page", chromedp.Navigate(address))
		p.is("document.querySelector('relais-latest')?.shadowRoot?.querySelector('a')")
		text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](shown))
		if err != nil {
			t.Fatal(err)
		}
		if now := time.Now(); now.Before(b.moment) && strings.Contains(text, "arabande") {
			t.Errorf("in the widget %s early: %s", b.moment.Sub(now), text)
		}
		parts := strings.Split(text, "|")
		if len(parts) == 3 && strings.Contains(parts[0], "arabande") && strings.Contains(parts[1], "arabande") && strings.Contains(parts[2], "arabande") {
			return true
		}
		last = asked
		return false
	})
	t.Logf("in the browser, last asked in vain %s after the second", last.Sub(b.moment).Round(time.Millisecond))
}
