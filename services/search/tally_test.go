// SPDX-License-Identifier: Apache-2.0

package search_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/usage"
)

// asked ends the service and adds up what it has told the log, by
// "partner/language": found, asked.
func (d *desk) asked() (sums map[string][2]int64, text string) {
	d.t.Helper()
	d.stop()
	messages, err := d.bus.History(d.t.Context(), bus.Searches, bus.SearchedSubject+"main")
	if err != nil {
		d.t.Fatal(err)
	}
	sums = map[string][2]int64{}
	for _, m := range messages {
		b, err := usage.Decode(m.Data)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, s := range b.Searches {
			sum := sums[s.Partner+"/"+s.Language]
			sums[s.Partner+"/"+s.Language] = [2]int64{sum[0] + s.Found, sum[1] + s.Asked}
		}
		text += string(m.Data)
	}
	return sums, text
}

func TestTheLogSaysHowOftenAPartnerAsks(t *testing.T) {
	for _, tc := range []struct {
		name, target string
		header       []string
		times        int
		status       int
		want         map[string][2]int64
	}{
		{"a question", "/v1/search?q=blockchain&lang=fr&key=" + siteKey, nil, 1, 200, map[string][2]int64{"gazette/fr": {1, 1}}},
		{"again and again", "/v1/search?q=blockchain&lang=fr&key=" + siteKey, nil, 5, 200, map[string][2]int64{"gazette/fr": {5, 5}}},
		{"known to the browser", "/v1/search?q=blockchain&key=" + siteKey, []string{"If-None-Match", "*"}, 5, 304, map[string][2]int64{"gazette/fr": {5, 5}}},
		{"of which nothing is found", "/v1/search?q=xylophone&lang=en&key=" + siteKey, nil, 3, 200, map[string][2]int64{"gazette/en": {0, 3}}},
		{"that looks like an answer", `/v1/search?q=%22tookMs%22:1,%22total%22:0,blockchain&key=` + siteKey, nil, 2, 200, map[string][2]int64{"gazette/fr": {0, 2}}},
		{"that wants no hits", "/v1/search?q=blockchain&limit=0&key=" + siteKey, nil, 2, 200, map[string][2]int64{"gazette/fr": {2, 2}}},
		{"in no language", "/v1/search?q=xylophone&key=" + otherKey, nil, 1, 200, map[string][2]int64{"revue/": {0, 1}}},
		{"in a language put otherwise", "/v1/search?q=blockchain&lang=FR-latn&key=" + siteKey, nil, 1, 200, map[string][2]int64{"gazette/fr": {1, 1}}},
		{"of the page", "/search?q=blockchain&key=" + siteKey, nil, 2, 200, map[string][2]int64{"gazette/fr": {2, 2}}},
		{"of the page, for nothing", "/search?q=xylophone&key=" + siteKey, nil, 1, 200, map[string][2]int64{"gazette/fr": {0, 1}}},
		{"of the page, known to the browser", "/search?q=blockchain&key=" + siteKey, []string{"If-None-Match", "*"}, 2, 304, map[string][2]int64{"gazette/fr": {2, 2}}},

		{"without words", "/v1/search?q=&key=" + siteKey, nil, 2, 200, nil},
		{"of spaces", "/v1/search?q=%20%20&key=" + siteKey, nil, 2, 200, nil},
		{"of the page without words", "/search?key=" + siteKey, nil, 1, 200, nil},
		{"turned to the next page", "/v1/search?q=blockchain&offset=10&key=" + siteKey, nil, 2, 200, nil},
		{"turned to the next page of the page", "/search?q=blockchain&offset=20&key=" + siteKey, nil, 1, 200, nil},
		{"that is wrong", "/v1/search?q=blockchain&limit=51&key=" + siteKey, nil, 1, 400, nil},
		{"of the page that is wrong", "/search?q=blockchain&lang=_&key=" + siteKey, nil, 1, 400, nil},
		{"from elsewhere", "/v1/search?q=blockchain&key=" + siteKey, []string{"Origin", "https://other.example"}, 1, 403, nil},
		{"without a key", "/v1/search?q=blockchain", nil, 1, 401, nil},
		{"of an editor", "/v1/search?q=blockchain", []string{"Authorization", "Bearer " + editKey}, 2, 200, nil},
		{"of an editor who wants to know why", "/v1/search?q=blockchain&explain=1", []string{"Authorization", "Bearer " + editKey}, 1, 200, nil},
		{"for completions", "/v1/suggest?q=blo&key=" + siteKey, nil, 2, 200, nil},
		{"for the latest", "/v1/latest?q=blockchain&key=" + siteKey, nil, 2, 200, nil},
		{"for the related", "/v1/related/recap?q=blockchain&key=" + siteKey, nil, 2, 200, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			d.publish(recap(1, "La blockchain"))
			for range tc.times {
				if w := d.get(tc.target, tc.header...); w.Code != tc.status {
					t.Fatalf("status %d: %s", w.Code, w.Body)
				}
			}
			if w := d.send(http.MethodHead, tc.target, "", tc.header...); w.Code != tc.status {
				t.Fatalf("status of HEAD %d: %s", w.Code, w.Body)
			}
			got, text := d.asked()
			if len(got) != len(tc.want) {
				t.Errorf("the log says %v, want %v", got, tc.want)
			}
			for row, want := range tc.want {
				if got[row] != want {
					t.Errorf("%s: found, asked = %v, want %v", row, got[row], want)
				}
			}
			if strings.Contains(text, "blockchain") || strings.Contains(text, "xylophone") || strings.Contains(text, siteKey) {
				t.Errorf("the log says too much: %s", text)
			}
		})
	}
}

func TestKeptAnswersCount(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	times := map[string]int64{}
	for _, q := range []string{"blockchain", "xylophone"} {
		target := "/v1/search?q=" + q + "&key=" + siteKey
		d.await("a kept answer for "+q, func() bool {
			times[q]++
			return d.get(target).Header().Get("Server-Timing") == "cache;desc=hit"
		})
	}
	if got, _ := d.asked(); got["gazette/fr"] != [2]int64{times["blockchain"], times["blockchain"] + times["xylophone"]} {
		t.Errorf("asked %v, the log says %v", times, got)
	}
}

func TestAStartGoesOnCounting(t *testing.T) {
	d := open(t)
	d.publish(recap(1, "La blockchain"))
	for range 2 {
		d.total(siteKey, "blockchain")
		d.stop()
		d.start()
	}
	if got, _ := d.asked(); got["gazette/fr"] != [2]int64{2, 2} {
		t.Errorf("the log says %v", got)
	}
}
