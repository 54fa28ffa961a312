// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"net/http"
	"time"

	"github.com/relais-press/relais/services/share/internal/click"
)

// Privacy holds the live figures of the page that says what is counted.
type Privacy struct {
	SaltAge         time.Duration // since the salt in use was made
	SaltLife        time.Duration // after which a salt is destroyed; 0: a day
	Threshold       int           // figures smaller than this are not shown to anybody
	RetentionMonths int           // how long counts are kept; 0: without end
}

// Privacy answers with the page that says, in French or English, what is
// counted of a visit, what is not kept, and for how long. It may be indexed.
func (p *Pages) Privacy(w http.ResponseWriter, r *http.Request, f Privacy) error {
	lang := languageOf(r, []string{"fr", "en"})
	if f.SaltLife <= 0 {
		f.SaltLife = 24 * time.Hour
	}
	data := privacy{
		Lang: lang, Threshold: f.Threshold, RetentionMonths: f.RetentionMonths,
		SaltAge: span(f.SaltAge), SaltLife: span(f.SaltLife), Classes: classes(lang),
	}
	body, err := p.draw("privacy."+lang+".html", data)
	if err != nil {
		return err
	}
	return p.write(w, r, http.StatusOK, lang, "", body)
}

// privacy is what the templates show.
type privacy struct {
	Lang                       string
	SaltAge, SaltLife          string
	Threshold, RetentionMonths int
	Classes                    []class
}

type class struct{ Name, Text string }

// classes says in words who the visitors of each class are, in the order in
// which classes are shown.
func classes(lang string) []class {
	french, english := map[click.Class]class{
		click.Human:           {"personnes", "un navigateur, conduit par quelqu’un"},
		click.Preview:         {"aperçus", "un service qui dessine un aperçu du lien"},
		click.Scanner:         {"vérifications", "un programme qui regarde un lien pour son destinataire, dans une messagerie par exemple"},
		click.Bot:             {"robots", "tout autre programme qui se présente comme tel"},
		click.PrefetchRefused: {"préchargements refusés", "un navigateur qui demandait d’avance, et que nous avons prié de revenir"},
		click.Monitor:         {"surveillance", "un service qui vérifie que le lien répond"},
		click.Unknown:         {"inconnus", "ni un navigateur, ni un programme qui dise ce qu’il est"},
	}, map[click.Class]class{
		click.Human:           {"people", "a browser that somebody drives"},
		click.Preview:         {"previews", "a service that draws a preview of the link"},
		click.Scanner:         {"checks", "a program that looks at a link for its receiver, in a mailbox for example"},
		click.Bot:             {"bots", "any other program that says it is one"},
		click.PrefetchRefused: {"refused prefetches", "a browser that asked ahead, and was told to come again"},
		click.Monitor:         {"monitors", "a service that checks that the link answers"},
		click.Unknown:         {"unknown", "neither a browser nor a program that says what it is"},
	}
	texts := english
	if lang == "fr" {
		texts = french
	}
	var out []class
	for _, c := range click.Classes() {
		out = append(out, texts[c])
	}
	return out
}

// span is a time in hours and minutes, written alike in French and English.
func span(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch h, m := minutes/60, minutes%60; {
	case h == 0:
		return fmt.Sprintf("%d\u00a0min", m)
	case m == 0:
		return fmt.Sprintf("%d\u00a0h", h)
	default:
		return fmt.Sprintf("%d\u00a0h\u00a0%d\u00a0min", h, m)
	}
}
