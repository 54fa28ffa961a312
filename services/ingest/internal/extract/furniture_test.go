// SPDX-License-Identifier: Apache-2.0

package extract_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/services/ingest/internal/extract"
)

// sandwich puts a line above, in and below a text.
func sandwich(line string) string {
	return line + "\nUn titre\n" + long + "\n" + line + "\n" + long + "\n" + line
}

func TestFurnitureGoes(t *testing.T) {
	for _, line := range []string{
		"Temps de lecture : 3 min", "Lecture 3 min", "3 min de lecture", "Temps de lecture estimé : environ 12 minutes", "Durée de lecture : 5 mn", "• 4 min de lecture",
		"3 min read", "5-minute read", "Reading time: 4 minutes", "Estimated reading time: 7 min", "3 Min. Lesezeit", "Lesezeit: ca. 4 Minuten",
		"Tiempo de lectura: 3 min", "3 minutos de lectura", "Tempo di lettura: 5 minuti", "2 min di lettura",
		"Partager", "PARTAGER", "Partager l’article :", "Partager l'article", "Partager cet article »", "→ Partager →", "Partager sur Facebook", "Partager cet article sur LinkedIn", "12 partages",
		"Share", "Share this article:", "Share on X", "Share via e-mail", "34 shares", "Artikel teilen", "Auf Facebook teilen", "Compartir en WhatsApp", "Comparte este artículo", "Condividi l’articolo", "Condividi su Telegram",
		"Plus d’articles", "Plus d'articles >", "ARTICLES CONNEXES", "Articles liés", "À lire aussi", "A LIRE AUSSI", "À\u00a0lire\u00a0également\u00a0:", "Sur le même sujet",
		"More articles", "Related Articles", "Read also:", "You may also like", "Weitere Artikel", "Ähnliche Artikel", "ähnliche artikel", "Lesen Sie auch",
		"Más artículos", "Artículos relacionados", "Lee también", "Altri articoli", "Articoli correlati", "Leggi anche:",
		"Lire aussi : La blockchain expliquée aux élus", "À lire aussi : Où va la Legal Tech ?", "Read also: What the chain is for", "Leggi anche: Che cosa resta",
	} {
		r := text(t, sandwich(line))
		if want := long + "\n\n" + long; r.Edition.Headline != "Un titre" || r.Edition.BodyText != want {
			t.Errorf("%q stayed: headline %q, body\n%s", line, r.Edition.Headline, r.Edition.BodyText)
		}
	}
}

func TestSentencesStay(t *testing.T) {
	for _, line := range []string{
		"Pensez à partager l’article avec vos collègues.", "Partager l’article, c’est le faire vivre.", "Partager, c’est aimer.", "Partager le pouvoir",
		"Plus d’articles seront publiés demain.", "Plus d’articles de loi que jamais", "Les articles connexes de la loi s’appliquent.", "Articles connexes de la loi",
		"Le trajet dure 3 min.", "Il reste 3 min de lecture à vue.", "Lire aussi est un plaisir.", "Lire aussi : une habitude qui se perd, dit-elle.",
		"Facebook", "X", "LinkedIn, Facebook", "Share prices fell", "Related parties must be named.", "Teilen macht Freude", "Condividi il tuo sapere", "3 min",
		"Lecture", "La lecture de 3 minutes", "Voir aussi : " + strings.Repeat("mot ", 100),
	} {
		in := "Un titre\n" + long + "\n" + line + "\n" + long
		r := text(t, in)
		if want := long + "\n\n" + strings.TrimSpace(line) + "\n\n" + long; r.Edition.BodyText != want {
			t.Errorf("%q did not stay:\n%s", line, r.Edition.BodyText)
		}
	}
}

func TestTitlesOfOtherArticles(t *testing.T) {
	head := "Un titre\n" + long + "\n"
	for name, c := range map[string]struct{ in, want string }{
		"at the end":             {head + "ARTICLES CONNEXES\nUn autre article\nEncore un autre", long},
		"parted by blanks":       {head + "À lire aussi\n\nUn autre article\n\nEncore un ?\n\nPartager l’article :", long},
		"bulleted":               {head + "Related articles\n• One\n• Two\n3 min read", long},
		"text follows":           {head + "À lire aussi\nUn autre article\n" + long, long + "\n\nUn autre article\n\n" + long},
		"before the text begins": {"Un titre\nPlus d’articles\nUn intertitre\nUne ligne sans point", "Un intertitre\n\nUne ligne sans point"},
		"networks after share":   {head + "Partager\n\nFacebook\nX\nLinkedIn · WhatsApp\nE-mail\n" + long, long + "\n\n" + long},
		"networks after a text":  {head + "Partager\n" + long + "\nFacebook", long + "\n\n" + long + "\n\nFacebook"},
	} {
		if got := text(t, c.in).Edition.BodyText; got != c.want {
			t.Errorf("%s: body\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func FuzzFurniture(f *testing.F) {
	lines := []string{
		"Partager l’article :", "ARTICLES CONNEXES", "Plus d’articles", "3 min de lecture", "Share this article", "Related articles",
		"Lesen Sie auch", "Compartir", "Leggi anche",
	}
	f.Add(string(recap(f)), uint8(3), uint8(0))
	f.Add("- a\n- b\n\n• c", uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, in string, at, which uint8) {
		line := lines[int(which)%len(lines)]
		rows := strings.Split(strings.ToValidUTF8(in, ""), "\n")
		i := int(at) % (len(rows) + 1)
		rows = append(rows[:i:i], append([]string{line}, rows[i:]...)...)
		r, err := extract.Text([]byte(strings.Join(rows, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		for row := range strings.SplitSeq(r.Edition.Headline+"\n"+r.Edition.BodyText, "\n") {
			if row == line {
				t.Errorf("%q survived in %q", line, r.Edition.BodyText)
			}
		}
	})
}
