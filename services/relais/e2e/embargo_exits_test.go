// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// embargoed is how many editions are released in one second: most are originals,
// the others translations of articles that are public already.
const (
	embargoed           = 200
	embargoTranslations = 10
	embargoOriginals    = embargoed - embargoTranslations
)

// embargoSearchCache is what the contract lets browsers do with answers of search.
const embargoSearchCache = "public, max-age=30, stale-while-revalidate=300"

// embargoExit is one way by which an edition may come out.
type embargoExit struct {
	name    string
	targets int // how many addresses it has, numbered from 0
	request func(base string, n int) *http.Request
	open    func(a answer, n int) bool // all that the address is to show is there
	cached  string                     // the Cache-Control it has to have; empty: none that keeps an answer unasked
	tagged  bool                       // whoever asks again sends the ETag of the shut answer
}

// embargoNames finds the articles of the batch that an answer names.
var embargoNames = regexp.MustCompile(`enclave-\d+`)

// embargoLists reports that an answer names n articles of the batch, at least.
func embargoLists(n int) func(answer, int) bool {
	return func(a answer, _ int) bool {
		names := embargoNames.FindAllString(string(a.body), -1)
		slices.Sort(names)
		return a.status == http.StatusOK && len(slices.Compact(names)) >= n
	}
}

func embargoHas(text string) func(answer, int) bool {
	return func(a answer, _ int) bool { return a.status == http.StatusOK && bytes.Contains(a.body, []byte(text)) }
}

// embargoStatus reports that an answer has a status: the address is of one article.
func embargoStatus(status int) func(answer, int) bool {
	return func(a answer, _ int) bool { return a.status == status }
}

func embargoGet(base, path string, header ...string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, base+path, http.NoBody) //nolint:noctx // its client has a timeout
	if err != nil {
		panic(err) // the paths are written below
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// embargoAddress is where the edition n stands: its article and language.
func embargoAddress(n int) (id, lang string) {
	if n < embargoOriginals {
		return fmt.Sprintf("enclave-%d", n), "fr"
	}
	return fmt.Sprintf("voisin-%d", n-embargoOriginals), "en"
}

// exits lists every way out. The word of all bodies is chaconne, the word of all
// headlines sarabande: an answer to the first that has the second gives it away.
func (b *embargoBatch) exits() []embargoExit {
	return slices.Concat(b.questions(), b.documents(), b.shared(), b.translations())
}

// questions are the exits of the index.
func (b *embargoBatch) questions() []embargoExit {
	at := func(path string) func(string, int) *http.Request {
		return func(base string, n int) *http.Request {
			return embargoGet(base, strings.ReplaceAll(path, "{page}", fmt.Sprint(50*n))+"&key="+b.key)
		}
	}
	counts := func(a answer, _ int) bool {
		var out struct {
			Total  int
			Facets map[string][]struct {
				Value string
				Count int
			}
		}
		if a.status != http.StatusOK || json.Unmarshal(a.body, &out) != nil || len(out.Facets["section"]) == 0 {
			return false
		}
		return out.Total == embargoed && out.Facets["section"][0].Count == embargoed
	}
	const cached = embargoSearchCache
	return []embargoExit{
		{name: "search", targets: 3, cached: cached, request: at("/v1/search?q=chaconne&languages=fr&limit=50&offset={page}"), open: embargoLists(50)},
		{name: "search, again", targets: 1, cached: cached, tagged: true, request: at("/v1/search?q=chaconne&limit=50"), open: embargoLists(40)},
		{name: "search, all", targets: 1, cached: cached, request: at("/v1/search?q=&limit=50"), open: embargoLists(40)},
		{name: "totals and facets", targets: 1, cached: cached, request: at("/v1/search?q=chaconne&limit=0&facets=section,person,organisation,year,language"), open: counts},
		{name: "suggest", targets: 1, cached: cached, request: at("/v1/suggest?q=sara&lang=fr"), open: embargoHas("arabande")},
		{name: "suggest, names", targets: 1, cached: cached, request: at("/v1/suggest?q=orland&lang=fr"), open: embargoHas("Orlandine")},
		{name: "latest", targets: 1, cached: cached, request: at("/v1/latest?lang=fr&languages=fr&limit=50"), open: embargoLists(50)},
		{name: "latest, again", targets: 1, cached: cached, tagged: true, request: at("/v1/latest?lang=fr&limit=50"), open: embargoLists(40)},
		{name: "related", targets: 1, cached: cached, request: at("/v1/related/voisin-0?lang=fr&limit=50"), open: embargoLists(30)},
		{name: "related to one", targets: embargoOriginals, cached: cached, open: embargoStatus(http.StatusOK), request: func(base string, n int) *http.Request {
			return embargoGet(base, fmt.Sprintf("/v1/related/enclave-%d?lang=fr&limit=1&languages=en&key=%s", n, b.key))
		}},
		{name: "results page", targets: 1, cached: "public, max-age=30", request: at("/search?q=chaconne&languages=fr"), open: embargoLists(10)},
	}
}

// documents are the exits of whole texts.
func (b *embargoBatch) documents() []embargoExit {
	var out []embargoExit
	for _, f := range feeds {
		want := 100
		if f == "sitemap" {
			want = embargoOriginals
		}
		request := func(base string, _ int) *http.Request {
			path := "/v1/feeds/fr." + f + "?key=" + b.key
			if f != "sitemap" {
				path += "&limit=100"
			}
			return embargoGet(base, path)
		}
		out = append(out,
			embargoExit{name: "feed " + f, targets: 1, request: request, open: embargoLists(want)},
			embargoExit{name: "feed " + f + ", again", targets: 1, tagged: true, request: request, open: embargoLists(want)})
	}
	for _, format := range []string{"json", "ninjs", "html"} {
		out = append(out, embargoExit{name: "content " + format, targets: embargoed, open: embargoStatus(http.StatusOK), request: func(base string, n int) *http.Request {
			id, lang := embargoAddress(n)
			return embargoGet(base, "/v1/content/"+id+"/"+lang+"?format="+format+"&key="+b.key)
		}})
	}
	changes := func(base string, _ int) *http.Request { return embargoGet(base, "/v1/changes?limit=500&key="+b.key) }
	onward := func(base string, _ int) *http.Request {
		return embargoGet(base, "/v1/changes?limit=500&key="+b.key+"&after="+url.QueryEscape(b.cursor))
	}
	return append(out,
		embargoExit{name: "changes", targets: 1, request: changes, open: embargoLists(embargoOriginals)},
		embargoExit{name: "changes, onward", targets: 1, request: onward, open: embargoLists(embargoOriginals)},
		embargoExit{name: "changes, again", targets: 1, tagged: true, request: onward, open: embargoLists(embargoOriginals)})
}

// shared are the exits of short links.
func (b *embargoBatch) shared() []embargoExit {
	link := func(ending string, header ...string) func(string, int) *http.Request {
		return func(base string, n int) *http.Request { return embargoGet(base, "/s/"+b.codes[n]+ending, header...) }
	}
	return []embargoExit{
		{name: "link", targets: embargoOriginals, request: link("", "User-Agent", firefox), open: embargoStatus(http.StatusFound)},
		{name: "link, page", targets: embargoOriginals, request: link("+"), open: embargoStatus(http.StatusOK)},
		{name: "link, preview", targets: embargoOriginals, request: link("", "User-Agent", "Twitterbot/1.0"), open: embargoStatus(http.StatusOK)},
		{name: "link, QR code", targets: embargoOriginals, cached: "public, max-age=3600", request: link(".svg"), open: embargoStatus(http.StatusOK)},
		{name: "oembed", targets: embargoOriginals, open: embargoStatus(http.StatusOK), request: func(base string, n int) *http.Request {
			return embargoGet(base, "/oembed?url="+url.QueryEscape(base+"/s/"+b.codes[n]))
		}},
		{name: "share bar", targets: embargoOriginals, open: embargoStatus(http.StatusOK), request: func(base string, n int) *http.Request {
			return embargoGet(base, fmt.Sprintf("/v1/share/enclave-%d?key=%s", n, b.key))
		}},
		{name: "card", targets: 5, open: embargoStatus(http.StatusOK), request: func(base string, n int) *http.Request {
			return embargoGet(base, fmt.Sprintf("/cards/enclave-%d/fr.png?partner=embargo", n*31))
		}},
	}
}

// translations are the exits by which a public article tells of its translations.
func (b *embargoBatch) translations() []embargoExit {
	return []embargoExit{
		{name: "translation, at content", targets: embargoTranslations, open: embargoHas(`"language":"en"`), request: func(base string, n int) *http.Request {
			return embargoGet(base, fmt.Sprintf("/v1/content/voisin-%d/fr?key=%s", n, b.key))
		}},
		{name: "translation, by the reader’s language", targets: embargoTranslations, open: embargoHas("arabande"), request: func(base string, n int) *http.Request {
			return embargoGet(base, fmt.Sprintf("/v1/content/voisin-%d?lang=en&key=%s", n, b.key))
		}},
		{name: "translation, at search", targets: 1, cached: embargoSearchCache, open: embargoHas("/en/voisin-"), request: func(base string, _ int) *http.Request {
			return embargoGet(base, "/v1/search?q=pavane&lang=fr&key="+b.key)
		}},
		{
			name: "translation, at the link", targets: embargoTranslations,
			open: func(a answer, _ int) bool {
				return a.status == http.StatusFound && strings.Contains(a.header.Get("Location"), "/en/")
			},
			request: func(base string, n int) *http.Request {
				return embargoGet(base, "/s/"+b.codes[embargoOriginals+n], "User-Agent", firefox, "Accept-Language", "en")
			},
		},
		{name: "translation, its feed", targets: 1, request: func(base string, _ int) *http.Request {
			return embargoGet(base, "/v1/feeds/en.atom?key="+b.key)
		}, open: embargoHas("arabande")},
		{name: "translation, at the sitemap", targets: 1, request: func(base string, _ int) *http.Request {
			return embargoGet(base, "/v1/feeds/fr.sitemap?key="+b.key)
		}, open: embargoHas(`/en/voisin-`)},
	}
}
