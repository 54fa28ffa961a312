// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/page"
)

func TestPrivacyTellsTheLiveFigures(t *testing.T) {
	p := open(t)
	for _, c := range []struct {
		lang  string
		facts page.Privacy
		says  []string
		hides []string
	}{
		{
			"fr",
			page.Privacy{SaltAge: 7*time.Hour + 12*time.Minute, Threshold: 5, RetentionMonths: 25},
			[]string{"7\u00a0h\u00a012\u00a0min", "24\u00a0h", "inférieur à 5", "25&nbsp;mois", "Sec-GPC: 1", "DNT: 1", "adresse IP", "aperçus"},
			nil,
		},
		{
			"en",
			page.Privacy{SaltAge: 59 * time.Second, SaltLife: 90 * time.Minute, Threshold: 7, RetentionMonths: 13},
			[]string{"1\u00a0min old", "1\u00a0h\u00a030\u00a0min", "below 7", "13&nbsp;months", "Sec-GPC: 1", "DNT: 1", "IP address", "previews"},
			nil,
		},
		{"en", page.Privacy{}, []string{"0\u00a0min old", "without limit"}, []string{"shown to nobody", "months"}},
	} {
		w := show(t, "/s/about", func(w http.ResponseWriter, r *http.Request) error { return p.Privacy(w, r, c.facts) }, "Accept-Language", c.lang)
		body := w.Body.String()
		for _, s := range c.says {
			if !strings.Contains(body, s) {
				t.Errorf("%s does not say %q", c.lang, s)
			}
		}
		for _, s := range c.hides {
			if strings.Contains(body, s) {
				t.Errorf("%s says %q", c.lang, s)
			}
		}
		classes := find(parse(t, body), "dt")
		if len(classes) != len(click.Classes()) {
			t.Errorf("%d classes", len(classes))
		}
		for _, dt := range classes {
			if dt.text == "" {
				t.Error("a class without a name")
			}
		}
	}
}
