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
		"Temps de lecture : 3 min", "Lecture 3 min", "3 min de lecture", "Temps de lecture estimé : environ 12 minutes", "Durée de lecture : 5 mn", "• 4 min de lecture", "2’ di lettura", "Lecture : 4’", "Moins de 5 minutes de lecture", "Si legge in 4 minuti", "In 4 Minuten gelesen",
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

func TestBylinesAndDates(t *testing.T) {
	for _, c := range []struct{ line, authors, date string }{
		{"Par Anaïs Lefèvre", "Anaïs Lefèvre", ""},
		{"Par Anaïs Lefèvre, journaliste", "Anaïs Lefèvre", ""},
		{"Par Anaïs Lefèvre avec AFP", "Anaïs Lefèvre", ""},
		{"Par Anaïs Lefèvre (avec AFP)", "Anaïs Lefèvre", ""},
		{"Par Jean-Baptiste de La Tour", "Jean-Baptiste de La Tour", ""},
		{"Par A. Lefèvre", "A. Lefèvre", ""},
		{"Propos recueillis par Malik Benali et Claire Dubois", "Malik Benali|Claire Dubois", ""},
		{"Anaïs Lefèvre | 12 mars 2024", "Anaïs Lefèvre", "2024-03-12T00:00"},
		{"Anaïs Lefèvre - Publié le 12/03/2024 à 18:30", "Anaïs Lefèvre", "2024-03-12T18:30"},
		{"Rédigé par Anaïs Lefèvre le 12 mars 2024", "Anaïs Lefèvre", "2024-03-12T00:00"},
		{"By Jane O’Connor and Peter Smith", "Jane O’Connor|Peter Smith", ""},
		{"By Jane Doe, Staff Writer", "Jane Doe", ""},
		{"By Jane Doe in London", "Jane Doe", ""},
		{"By Jane Doe | March 5, 2024 at 6:30 PM EST", "Jane Doe", "2024-03-05T23:30"},
		{"Posted by Jane Doe on March 5th, 2024", "Jane Doe", "2024-03-05T00:00"},
		{"Von Jürgen Weiß und Maria Schmitt", "Jürgen Weiß|Maria Schmitt", ""},
		{"Von Jürgen Weiß, Berlin", "Jürgen Weiß", ""},
		{"05.03.2024 | Katharina von der Heide", "Katharina von der Heide", "2024-03-05T00:00"},
		{"Por Lucía Fernández y Marcos Gil", "Lucía Fernández|Marcos Gil", ""},
		{"di Giulia Bianchi", "Giulia Bianchi", ""},
		{"A cura di Giulia Bianchi e Marco Neri", "Giulia Bianchi|Marco Neri", ""},
		{"Publié le 12 mars 2024 à 18h30", "", "2024-03-12T18:30"},
		{"Publié le mardi 12 mars 2024 à 18 h 30", "", "2024-03-12T18:30"},
		{"PUBLIÉ LE 1ER MARS 2024", "", "2024-03-01T00:00"},
		{"Publié le 12 mars 2024, mis à jour le 13 mars 2024 à 9h", "", "2024-03-12T00:00"},
		{"Mis à jour le 13 mars 2024", "", ""},
		{"Publié hier à 18h30", "", ""},
		{"Posted on March 5, 2024", "", "2024-03-05T00:00"},
		{"Published 5 March 2024, 6.30pm", "", "2024-03-05T18:30"},
		{"Tue 5 Mar 2024 18.30 GMT", "", "2024-03-05T18:30"},
		{"Published on 03/05/2024", "", ""},
		{"Published on 03/25/2024", "", "2024-03-25T00:00"},
		{"Veröffentlicht am 5. März 2024, 14:30 Uhr", "", "2024-03-05T14:30"},
		{"Publicado el 9 de abril de 2024 a las 18:30", "", "2024-04-09T18:30"},
		{"Pubblicato il 21 giugno 2024 alle 18:30", "", "2024-06-21T18:30"},
		{"Inès Delorme — vendredi 3 décembre 2021 — 6 min — 4 commentaires", "Inès Delorme", "2021-12-03T00:00"},
		{"Von Clemens Haidinger, Linz · 12. März 2024", "Clemens Haidinger", "2024-03-12T00:00"},
		{"di Gino Bersano | 3 ottobre 2023 | Lettura 4 min", "Gino Bersano", "2023-10-03T00:00"},
		{"Jardins | 12 mars 2024 | 2’ de lecture", "", "2024-03-12T00:00"},
		{"Texto: Lucía Gil | Fotos: Marcos Peña", "Lucía Gil", ""},
		{"Por la Dra. Lucía Gil", "Lucía Gil", ""},
		{"Von Prof. Dr. Maria Schmitt", "Maria Schmitt", ""},
		{"Par Me Anaïs Lefèvre", "Anaïs Lefèvre", ""},
		{"La Rédaction – 26 septembre 2022", "", "2022-09-26T00:00"},
		{"18 de noviembre de 2025 | Gabinete de Comunicación", "", "2025-11-18T00:00"},
		{"dpa · 12. März 2024", "", "2024-03-12T00:00"},
		{"2024-03-12", "", "2024-03-12T00:00"},
		{"2024-03-12T18:30:00+01:00", "", "2024-03-12T17:30"},
		{"12/03/2024", "", "2024-03-12T00:00"},
		{"Paris, le 12 mars 2024", "", "2024-03-12T00:00"},
		{"9 abr 2024 - 18:30 CEST", "", "2024-04-09T16:30"},
	} {
		e := text(t, "Un titre\n"+c.line+"\n"+long+"\n"+long).Edition
		var authors []string
		for _, a := range e.Authors {
			authors = append(authors, a.Name)
		}
		date := ""
		if !e.DatePublished.IsZero() {
			date = e.DatePublished.Format("2006-01-02T15:04")
		}
		if strings.Join(authors, "|") != c.authors || date != c.date || e.BodyText != long+"\n\n"+long {
			t.Errorf("%q: authors %q, date %q, body\n%s", c.line, authors, date, e.BodyText)
		}
	}
}

func TestHeadlineAmongOthers(t *testing.T) {
	for _, c := range []struct{ name, above, headline, below string }{
		{"a masthead with its section", "Cronache di Valdarno – Cultura\n", "La biblioteca che non chiude mai", "di Gino Bersano | 3 ottobre 2023\n"},
		{"navigation and a kicker", "MERCATI | RISPARMIO | IMPRESE\nRisparmio\n", "Dove dormono i nostri soldi", "14 giugno 2022 | 07:30\n"},
		{"navigation without signs", "Home Cronaca Cultura Sport\nIl libro\n", "A Montevarchi si legge anche di notte", ""},
		{"a tagline", "Le Carnet de Louise\nun blog de jardin, de cuisine et d’humeurs\n", "Fruits rouges, fruits d’orage", "Inès Delorme — 3 décembre 2021\n"},
		{"date and name above", "Vino & Territorio\n19/09/2023\nTommaso Ghirardelli\n", "Vendemmia anticipata, e adesso?", "Condividi\n"},
		{"a trail without a home", "Culture › Musées › Comptes rendus\n", "Et si l’on demandait aux visiteurs ?", "3 min\n"},
		{"capitals", "EXCLUSIVE\nBy Jane Doe\n", "Inside the field day that drew a thousand", ""},
		{"an author and his trade below", "Tribune\n", "La ville a-t-elle besoin de ses bancs ?", "Par Lucie Armand, urbaniste, et Paul Hainaut, paysagiste\n"},
	} {
		e := text(t, c.above+c.headline+"\n"+c.below+long+"\n"+long).Edition
		if e.Headline != c.headline || e.BodyText != long+"\n\n"+long {
			t.Errorf("%s: headline %q, body\n%s", c.name, e.Headline, e.BodyText)
		}
	}
	for name, below := range map[string]string{
		"a standfirst": "Un chapeau qui en dit plus, sans point et assez long pour en être un", "an intertitle": "Un jour, à la mairie", "a caption": "Sur le quai : la compagnie, samedi",
	} {
		for _, by := range []string{"", "Par Anaïs Lefèvre\n", "12 mars 2024\n"} {
			e := text(t, "La fin des haies en Finistère\n"+by+below+"\n"+long+"\n"+long).Edition
			if e.Headline != "La fin des haies en Finistère" || e.BodyText != below+"\n\n"+long+"\n\n"+long {
				t.Errorf("%s after %q: headline %q, body\n%s", name, by, e.Headline, e.BodyText)
			}
		}
	}
}

func TestBelowTheText(t *testing.T) {
	for name, c := range map[string]struct{ below, stays string }{
		"titles under an unknown heading":  {"Dans la même veine\nLa confiture sans sucre\nTailler, oui mais quand ?\nPartager", ""},
		"a heading that varies":            {"Mehr aus Rheinland-Pfalz\nHochwasserschutz: Mainz legt nach\nKommentare (12)", ""},
		"prompts":                          {"Cet article vous a plu ? Partagez-le !\nFacebook – Pinterest – Courriel\nOffrez-nous un café", ""},
		"before and after":                 {"← Older post: Haymaking\nNewer post: What he did next →", ""},
		"replies":                          {"9 risposte a “Vendemmia anticipata, e adesso?”", ""},
		"a subscription":                   {"Abbonati a 1 € al mese\nSuscríbete por 1 € al mes\nSubscribe from £1 a week", ""},
		"an author":                        {"À propos de l’auteur\nAnaïs Lefèvre est journaliste à Quimper.\nPartager", "Anaïs Lefèvre est journaliste à Quimper."},
		"practical notes":                  {"Infos pratiques\nDu 6 au 7 décembre, salle des fêtes\nEntrée libre", "Infos pratiques\n\nDu 6 au 7 décembre, salle des fêtes\n\nEntrée libre"},
		"a last short sentence":            {"Publicité\nRendez-vous samedi.", "Rendez-vous samedi."},
		"a last list after a share button": {"Partager\n• du pain\n• du vin", "• du pain\n• du vin"},
	} {
		want := long + "\n\n" + long
		if c.stays != "" {
			want += "\n\n" + c.stays
		}
		if e := text(t, "Un titre\n"+long+"\n"+long+"\n"+c.below).Edition; e.BodyText != want {
			t.Errorf("%s: body\n%s\nwant\n%s", name, e.BodyText, want)
		}
	}
}

func TestBoxesInTheText(t *testing.T) {
	for _, box := range []string{
		"Newsletter\nLe meilleur de la Bretagne, chaque samedi à 8 h\nVotre e-mail\nOK", "Forse ti interessa\nIl mercato coperto riapre a novembre", "READ MORE: Bluetongue – what smallholders need to know",
		"Zum Thema: Was die E-Akte in Hessen gebracht hat", "Síguenos en Google Noticias", "[Foto] Il cortile della biblioteca", "Galería de imágenes (14)", "À écouter : notre podcast sur les urgences",
	} {
		if e := text(t, "Un titre\n\n"+long+"\n\n"+box+"\n\n"+long).Edition; e.BodyText != long+"\n\n"+long {
			t.Errorf("%q: body\n%s", box, e.BodyText)
		}
	}
}

func TestMasthead(t *testing.T) {
	const title = "Un titre assez long pour en être un"
	for _, above := range []string{
		"Le Courrier du Finistère\nAccueil > Numérique\n", "Le Courrier du Finistère\nMenu\nRechercher\n", "Le Courrier\nL’info en mieux\nSe connecter\nAccueil / Actualités\n", "Numérique\n",
	} {
		if e := text(t, above+title+"\nPar Anaïs Lefèvre\n"+long).Edition; e.Headline != title || e.BodyText != long {
			t.Errorf("%q: headline %q, body\n%s", above, e.Headline, e.BodyText)
		}
	}
	if e := text(t, title+"\nAccueil > "+title+"\nUn intertitre de plus de vingt signes\n"+long).Edition; e.Headline != title {
		t.Errorf("headline %q", e.Headline)
	}
	if e := text(t, "Le Courrier\n"+title+"\n"+long+"\n© 2024 Le Courrier. Tous droits réservés.").Edition; e.Headline != title {
		t.Errorf("under the name of a footer: headline %q", e.Headline)
	}
}

func TestKeywordsAndSection(t *testing.T) {
	for _, c := range []struct{ name, in, keywords, section string }{
		{"keywords", "Un titre\n" + long + "\nMots-clés : open data, Quimper", "open data|Quimper", ""},
		{"tags on lines", "Un titre\n" + long + "\nTags\nopen data\nQuimper", "open data|Quimper", ""},
		{"hashtags", "Un titre\n" + long + "\n#quimper #numérique", "quimper|numérique", ""},
		{"breadcrumbs", "Accueil > Actualités > Numérique\nUn titre\n" + long, "", "Numérique"},
		{"breadcrumbs to the headline", "Home » News » Un titre\nUn titre\n" + long, "", "News"},
		{"breadcrumbs to a headline cut short", "Startseite / Aktuelles / Un titre bien lo…\nUn titre bien long\n" + long, "", "Aktuelles"},
		{"home alone", "Accueil >\nUn titre\n" + long, "", ""},
		{"a part of the paper", "Numérique\nUn titre assez long pour en être un\n" + long, "", "Numérique"},
		{"a labelled part", "Un titre\n" + long + "\nRubrique : Numérique", "", "Numérique"},
	} {
		e := text(t, c.in).Edition
		if strings.Join(e.Keywords, "|") != c.keywords || e.Section != c.section || e.BodyText != long {
			t.Errorf("%s: keywords %q, section %q, headline %q, body\n%s", c.name, e.Keywords, e.Section, e.Headline, e.BodyText)
		}
	}
}

func TestWhatCouldBeTheArticlesStays(t *testing.T) {
	for _, line := range []string{
		"Le 12 mars 2024", "12 mars 2024", "Par Toutatis", "Par Anaïs Lefèvre et les siens", "Von Hamburg nach Berlin", "Por fin", "Di Maria", "Culture", "Commentaires", "Contact", "Écouter", "Photo", "Accueil > Actualités", "Tags", "Suivre le fleuve", "Print media", "Recevez nos excuses.",
		"(c) You must keep the notice;", "Copyright law is old", "Publié le même jour que la loi", "Il y a 3 heures d’attente", "Mis à jour, le registre est en ligne", "Thèmes : l’eau, l’air", "Nous utilisons des cookies depuis dix ans", "« Nous utilisons des cookies pour votre bien »", "Photo de famille", "Foto von gestern",
		"Partager le pain", "Imprimer moins", "3 commentaires sur la loi", "Menu du jour", "La newsletter du maire", "Abonnez-vous à la bibliothèque", "Reading in the dark", "Related work", "© est un signe", "Accepter l’autre", "De Madrid a Sevilla", "Le Monde, 12 mars 2024, page 3",
	} {
		in := "Un titre\n" + long + "\n" + long + "\n" + line + "\n" + long + "\n" + long
		e := text(t, in).Edition
		if want := strings.Join([]string{long, long, line, long, long}, "\n\n"); e.BodyText != want || len(e.Authors) > 0 || !e.DatePublished.IsZero() {
			t.Errorf("%q did not stay, or was read as data: %+v %v", line, e.Authors, e.DatePublished)
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
