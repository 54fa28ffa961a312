// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// TestBlocks tells of the elements that ask once.
func TestBlocks(t *testing.T) {
	first := browsertest.Start(t)
	for _, tc := range []struct {
		name, html string
		test       func(*tab)
	}{
		{"latest lists the newest", `<relais-latest limit="3" section="Événements"></relais-latest>`, listsLatest},
		{"related lists what is near", `<relais-related article="a b/c" heading="À lire aussi" level="3"></relais-related>`, listsRelated},
		{"related shows nothing where there is nothing", `<relais-related article="lonely"></relais-related>`, showsNothing},
		{"related without an article asks nothing", `<relais-related></relais-related><relais-search></relais-search>`, asksNothing},
		{"a heading may be left out", `<relais-latest heading="" label="Nouveautés"></relais-latest>`, hidesHeading},
		{"share has a link for each network", `<relais-share article="vote"></relais-share>`, sharesByNetwork},
		{"share copies and says so", `<relais-share article="vote"></relais-share>`, copies},
		{"share hands over to the device", `<script src="/device.js"></script><relais-share article="vote"></relais-share>`, handsOver},
		{"a page may share the article itself", `<relais-share article="vote"></relais-share>`, sharesByPage},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(open(t, first, scriptTag+tc.html)) })
	}
}

func listsLatest(p *tab) {
	p.Is("$('[data-state=done]') && w.querySelectorAll('li a[part=hit]').length === 4 && w.querySelectorAll('li a[part=share]').length === 3")
	p.Is("$('ul').getAttribute('aria-label') === 'Plus d’articles' && !$('[role=option]')")
	p.Is("$('[role=heading][aria-level=\"2\"]').innerText === 'Plus d’articles'")
	p.called("/v1/latest?limit=3&section=%C3%89v%C3%A9nements")
	p.Once("$('[part=hit]').click() || heard.some(h => h.startsWith('relais:open'))")
	p.At(p.site.api.URL + "/articles/blockchain-collectivites")
}

func listsRelated(p *tab) {
	p.Is("$('[data-state=done]') && w.querySelectorAll('li a[part=hit]').length === 4")
	p.Is("$('[role=heading][aria-level=\"3\"]').innerText === 'À lire aussi' && $('ul').getAttribute('aria-label') === 'À lire aussi'")
	p.called("/v1/related/a%20b%2Fc?limit=5")
}

func showsNothing(p *tab) {
	p.Is("$('[data-state=done]') && $('[part=root]').childElementCount === 0 && document.querySelector('relais-related').offsetHeight === 0")
}

func asksNothing(p *tab) {
	p.Is("document.querySelector('relais-search').shadowRoot.querySelector('#q') && $('[part=root]').childElementCount === 0")
	p.called()
}

func hidesHeading(p *tab) {
	p.Is("$('ul')?.getAttribute('aria-label') === 'Nouveautés' && $('[role=heading]').offsetHeight === 0")
}

func sharesByNetwork(p *tab) {
	p.Is("$('[data-state=done]') && $('[role=heading]').innerText === 'Partager l’article'")
	p.called("/v1/share/vote?")
	got, err := browsertest.JS[[]string](p.Tab, `[...w.querySelectorAll('li > *')].map(e => [e.localName, e.part, e.innerText, e.ariaLabel, e.getAttribute('href'), e.target].join(' '))`)
	if err != nil {
		p.Fatal(err)
	}
	want := []string{
		"a target linkedin LinkedIn Partager sur LinkedIn https://www.linkedin.com/sharing/share-offsite/?url=x _blank",
		"a target x X Partager sur X https://x.com/intent/tweet?text=x _blank",
		"a target mail Envoyer par e-mail Envoyer par e-mail mailto:?subject=x&body=y _blank",
		"button target copy Copier le lien   ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.Errorf("targets (-want +got):\n%s", diff)
	}
	p.Is(`[...w.querySelectorAll('li > *')].every(e => e.offsetHeight >= 24 && e.offsetWidth >= 24)`)
}

func copies(p *tab) {
	p.Is("$('.copy')")
	p.Once("(navigator.clipboard.writeText = async text => { window.clip = text; }) && true")
	p.click(".copy")
	p.Is("window.clip === " + browsertest.Quote(p.site.api.URL+"/s/b1.copy") + " && $('[role=status][aria-live=polite]').innerText === 'Lien copié'")
	p.Is("heard.join() === " + browsertest.Quote(`relais:share {"id":"vote","language":"fr","url":"`+p.site.api.URL+`/s/b1.copy","network":"copy"}`))
	p.Once("(navigator.clipboard.writeText = () => Promise.reject(new Error('no'))) && true")
	p.click(".copy")
	p.Is("$('[role=status]').innerText === " + browsertest.Quote(p.site.api.URL+"/s/b1.copy"))
}

func handsOver(p *tab) {
	p.Is("w && $('.native')?.innerText === 'Partager…' && $('.native') === $('li > *')")
	p.click(".native")
	p.Is("window.handed === " + browsertest.Quote(`{"title":"Blockchain & <b>collectivités</b>","url":"`+p.site.api.URL+`/s/b1.native"}`))
	p.Is("heard.at(-1).includes('\"network\":\"native\"')")
}

func sharesByPage(p *tab) {
	p.Is("$('.x')")
	p.Once("window.prevent = true")
	p.click(".x")
	p.Is("heard.at(-1).includes('\"network\":\"x\"')")
	p.click(".copy")
	p.Is("heard.at(-1).includes('\"network\":\"copy\"') && $('[role=status]').innerText === ''")
	if tabs, err := chromedp.Targets(p.Context); err != nil || len(tabs) == 0 {
		p.Fatalf("targets: %v", err)
	}
}
