// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/recap"
)

func TestReadSample(t *testing.T) {
	found := recap.Read(sample(t))

	wantPeople := []article.Person{
		{Name: "Thomas Saint-Aubin", Affiliation: "Seraphin.legal", Rel: "speaker"},
		{Name: "Stéphane Vincent", Affiliation: "La 27ème région", Rel: "speaker"},
		{Name: "Claire Balva", Role: "CEO", Affiliation: "Blockchain Partner", Rel: "speaker"},
		{Name: "Simon Marsol", Role: "Directeur secteur public", Affiliation: "Sopra Steria", Rel: "speaker"},
		{Name: "Nina Fabrizi-Racine", Rel: "speaker"},
		{Name: "Christophe Lemee", Role: "Président", Affiliation: "Deep Block", Rel: "speaker"},
	}
	if diff := cmp.Diff(wantPeople, values(found.People)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	wantOrgs := []string{"Association La 27ème Région", "Seraphin.legal", "Blockchain Partner", "Sopra Steria", "Deep Block"}
	if diff := cmp.Diff(wantOrgs, values(found.Organisations)); diff != "" {
		t.Errorf("organisations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Paris"}, values(found.Places)); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	if found.Event == nil {
		t.Fatal("no event")
	}
	wantEvent := article.Event{
		Name: "2ème Village de la Legal Tech", Location: "Paris",
		StartDate: new(date(2017, 12, 6)), EndDate: new(date(2017, 12, 7)),
	}
	if diff := cmp.Diff(wantEvent, found.Event.Value); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if found.Section == nil || found.Section.Value != "Collectivités" {
		t.Errorf("section %v, want Collectivités", found.Section)
	}
	for _, want := range []string{"blockchain", "collectivités"} {
		if !slices.Contains(values(found.Keywords), want) {
			t.Errorf("keywords %q lack %q", values(found.Keywords), want)
		}
	}
}

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func values[T any](guesses []recap.Guess[T]) []T {
	var out []T
	for _, g := range guesses {
		out = append(out, g.Value)
	}
	return out
}

func TestOrganisations(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       []string
	}{
		{"fr", "Les locaux de l’Association La 27ème Région, puis La 27ème Région.", []string{"Association La 27ème Région"}},
		{"fr", "Le ministère de l’Éducation nationale et la Métropole de Lyon.", []string{"ministère de l’Éducation nationale", "Métropole de Lyon"}},
		{"fr", "Il travaille pour la société Deep Block.", []string{"Deep Block"}},
		{"en", "The University of Exeter and Civic Ledger Ltd signed.", []string{"University of Exeter", "Civic Ledger Ltd"}},
		{"de", "Die Datenwerk GmbH und die Technische Universität Dresden.", []string{"Datenwerk GmbH", "Technische Universität Dresden"}},
		{"es", "La Fundación Civio y el Ayuntamiento de Zaragoza.", []string{"Fundación Civio", "Ayuntamiento de Zaragoza"}},
		{"it", "L’Università degli Studi di Padova e il Comune di Torino.", []string{"Università degli Studi di Padova", "Comune di Torino"}},
		{"pl", "Umowa z Sopra Steria i Acme GmbH.", []string{"Sopra Steria", "Acme GmbH"}},
	} {
		if diff := cmp.Diff(c.want, values(recap.Read(recap.Source{Language: c.lang, Text: c.text}).Organisations)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.lang, c.text, diff)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       []string
	}{
		{"fr", "Rendez-vous à PARIS, puis à La Rochelle et au Mans.", []string{"Paris", "La Rochelle"}},
		{"en", "They met in New York, then in Bath.", []string{"New York", "Bath"}},
		{"en", "Reading is fun.", nil},
		{"de", "Von Frankfurt am Main nach Wien.", []string{"Frankfurt am Main", "Wien"}},
		{"es", "Llegaron a San Sebastián desde Sevilla.", []string{"San Sebastián", "Sevilla"}},
		{"it", "Si va da L’Aquila a Torino.", []string{"L’Aquila", "Torino"}},
	} {
		if diff := cmp.Diff(c.want, values(recap.Read(recap.Source{Language: c.lang, Text: c.text}).Places)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.lang, c.text, diff)
		}
	}
}

// who reads one sentence and gives "Name|role|affiliation|rel" of each person.
func who(lang, text string) []string {
	var out []string
	for _, p := range values(recap.Read(recap.Source{Language: lang, Text: text}).People) {
		out = append(out, strings.Join([]string{p.Name, p.Role, p.Affiliation, p.Rel}, "|"))
	}
	return out
}

func TestPeople(t *testing.T) {
	for _, c := range []struct {
		lang, text string
		want       []string
	}{
		// Forms of names.
		{"fr", "Le débat a réuni Jean d’ORMESSON, romancier.", []string{"Jean d’Ormesson|romancier||mentions"}},
		{"es", "Según Carmen de la FUENTE, la ley llega tarde.", []string{"Carmen de la Fuente|||speaker"}},
		{"en", "“We are late,” said Kate McDONALD.", []string{"Kate McDonald|||speaker"}},
		{"en", "The panel heard Sean O’Brien.", []string{"Sean O’Brien|||mentions"}},
		{"fr", "Jean-Pierre Martin-Dubois a ouvert la séance.", []string{"Jean-Pierre Martin-Dubois|||speaker"}},
		{"fr", "J. P. Morel (directeur de l’INSEE) a répondu.", []string{"J. P. Morel|directeur|INSEE|speaker"}},
		{"fr", "Me Sophie Durand, avocate, est intervenue.", []string{"Sophie Durand|avocate||speaker"}},
		{"de", "Frau Dr. Sabine von der Leyden erklärte das Verfahren.", []string{"Sabine von der Leyden|||speaker"}},
		{"it", "Il Dott. Marco Della Valle ha spiegato il metodo.", []string{"Marco Della Valle|||speaker"}},
		{"fr", "CLAIRE BALVA a conclu.", []string{"Claire Balva|||speaker"}},
		// Roles and affiliations.
		{"fr", "Claire BALVA (CEO de Blockchain Partner) a rappelé les bases.", []string{"Claire Balva|CEO|Blockchain Partner|speaker"}},
		{"fr", "Anne Leroux, directrice de la recherche de l’INRIA, a présenté ses travaux.", []string{"Anne Leroux|directrice de la recherche|INRIA|speaker"}},
		{"fr", "Le directeur de la Banque Postale, Paul Mercier, a répondu.", []string{"Paul Mercier|directeur|Banque Postale|speaker"}},
		{"en", "Jane Doe, CEO of Acme Ltd, said it works.", []string{"Jane Doe|CEO|Acme Ltd|speaker"}},
		{"en", "A keynote by Amina Okafor (Open Data Institute) opened the day.", []string{"Amina Okafor||Open Data Institute|speaker"}},
		{"de", "Thomas Huber von der Firma Datenwerk stellte die Studie vor.", []string{"Thomas Huber||Datenwerk|speaker"}},
		{"de", "Anna Schmidt, Geschäftsführerin der Musterwerk GmbH, sagte, man sei bereit.", []string{"Anna Schmidt|Geschäftsführerin|Musterwerk GmbH|speaker"}},
		{"es", "Laura Gómez, directora de la Fundación Civio, explicó el proyecto.", []string{"Laura Gómez|directora|Fundación Civio|speaker"}},
		{"it", "Giulia Rossi, docente presso l’Università di Bologna, ha illustrato i dati.", []string{"Giulia Rossi|docente|Università di Bologna|speaker"}},
		{"fr", "Hélène Moreau, maire de Saint-Brieuc, a salué le projet.", []string{"Hélène Moreau|maire de Saint-Brieuc||speaker"}},
		// Who speaks.
		{"fr", "Une table ronde animée par Luc Petit et Marie Roche.", []string{"Luc Petit|||speaker", "Marie Roche|||speaker"}},
		{"de", "Das Podium wurde moderiert von Jens Krüger.", []string{"Jens Krüger|||speaker"}},
		{"fr", "Intervenants : Luc Petit, Marie Roche.", []string{"Luc Petit|||speaker", "Marie Roche|||speaker"}},
		{"fr", "Quatre intervenants :\n\n• Luc Petit, notaire\n• Zorba Kanthak (avocat)", []string{"Luc Petit|notaire||speaker", "Zorba Kanthak|avocat||speaker"}},
		{"fr", "Le livre parle de Victor Hugues et de Paul Mercier.", []string{"Paul Mercier|||mentions"}},
		{"it", "Tra i relatori anche Stefano Dal Lago (Legambiente).", []string{"Stefano Dal Lago||Legambiente|speaker"}},
		{"en", "Speakers included Jamal Washington, a software engineer at Mozilla.", []string{"Jamal Washington|software engineer|Mozilla|speaker"}},
		{"en", "Councillor Jane Campbell and Helen Osei, of Reading Trust, came.", []string{"Jane Campbell|Councillor||mentions", "Helen Osei||Reading Trust|mentions"}},
		{"en", "Rebecca Hill, Acme’s technical director, said no.", []string{"Rebecca Hill|technical director|Acme|speaker"}},
		{"de", "Die Patientenvertreterin Ingrid Sommer war da.", []string{"Ingrid Sommer|Patientenvertreterin||mentions"}},
		{"fr", "Claire Balva a ouvert le débat. Enfin, Balva a conclu.", []string{"Claire Balva|||speaker"}},
		{"fr", "« C’est long », a souri sa fille, Mona Kerbrat.", []string{"Mona Kerbrat|||speaker"}},
		{"fr", "Elle a été suivie par Kofi Mensah, chronobiologiste.", []string{"Kofi Mensah|chronobiologiste||speaker"}},
		{"it", "Ha aperto i lavori Gaetana Lo Presti, direttrice sanitaria dell’Azienda sanitaria territoriale.", []string{"Gaetana Lo Presti|direttrice sanitaria|Azienda sanitaria territoriale|speaker"}},
		{"es", "Para María del Pilar Sanz, librera en Llanes, basta con leer.", []string{"María del Pilar Sanz|librera||speaker"}},
		{"de", "Skeptisch blieb Spediteur Xaver Metzler.", []string{"Xaver Metzler|Spediteur||speaker"}},
		{"en", "Margaret Hill filmed the ward for a week.", []string{"Margaret Hill|||speaker"}},
		// Who only is spoken of.
		{"fr", "L’essai que Georges Malaurie a consacré au regard a circulé.", []string{"Georges Malaurie|||mentions"}},
		{"fr", "Tous ont salué la mémoire d’Yvonne Kermadec, disparue en janvier.", []string{"Yvonne Kermadec|||about"}},
		{"es", "Guillermina Toro, arquera en 1951, jugó con boina.", []string{"Guillermina Toro|arquera||mentions"}},
		// Roles end where time and place begin, and may follow in the next sentence.
		{"en", "Ruth Moss, secretary for forty-four years, resigned.", []string{"Ruth Moss|secretary||speaker"}},
		{"de", "Für Unruhe sorgte Florian Spitz. Der Jurist wollte mehr wissen.", []string{"Florian Spitz|Jurist||speaker"}},
		{"es", "Un aplauso para Fermín Lasheras, de la Panadería Lasheras.", []string{"Fermín Lasheras||Panadería Lasheras|mentions"}},
		// Language-neutral rules.
		{"nl", "Claire BALVA (CEO, Deep Block)", []string{"Claire Balva|CEO|Deep Block|mentions"}},
	} {
		if diff := cmp.Diff(c.want, who(c.lang, c.text)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.lang, c.text, diff)
		}
	}
}

func TestNotPeople(t *testing.T) {
	for _, c := range []struct{ lang, text string }{
		{"fr", "La 27ème Région, Sopra Steria, Blockchain Partner et la Legal Tech étaient là."},
		{"fr", "Rendez-vous rue Victor Hugo, au lycée Jules Ferry, puis au stade Roland Garros."},
		{"fr", "Le Prix Albert Londres et l’Université Jean Monnet ont été cités."},
		{"fr", "Sopra Steria propose une approche. Deep Block a présenté la sienne."},
		{"fr", "Avril Prochain, Paris Capitale et Pôle Emploi ont changé de nom."},
		{"fr", "Le film « Marie Heurtin » a été projeté."},
		{"en", "Thomas Cook Group and Ernst & Young sponsored the Austin Convention."},
		{"en", "Will Europe follow? May Day came. Mark Street was closed."},
		{"en", "San Francisco, Saint Thomas and Martin Luther King Day were mentioned."},
		{"de", "Die Digitale Transformation und der Neue Wald beschäftigen die Stadt Köln."},
		{"de", "Am Ernst Reuter Platz sprach die Konrad-Adenauer-Stiftung."},
		{"de", "Die Leiterin Digitale Verwaltung begrüßte das Publikum."},
		{"es", "El Colegio Miguel Servet y la calle Antonio Machado de San José."},
		{"it", "Il Donna Clotilde è uno spumante. La scuola Don Milani ha vinto."},
		{"fr", "La tomate Marie Galante et la Manufacture Joseph Grangier ont leurs amateurs."},
		{"en", "Clara Barton Ward reopened. Mark Lane was closed."},
		{"it", "In via Giuseppe Verdi ha sede la Fondazione Carlo Collodi."},
	} {
		if got := who(c.lang, c.text); got != nil {
			t.Errorf("%s: %s\ngot %q, want nobody", c.lang, c.text, got)
		}
	}
}

func TestDates(t *testing.T) {
	published := date(2024, 3, 8) // a Friday
	for _, c := range []struct{ lang, text, want string }{
		{"fr", "Le colloque s’est tenu les 6 et 7 décembre derniers.", "2023-12-06 2023-12-07"},
		{"fr", "Le colloque se tiendra les 6 et 7 décembre prochains.", "2024-12-06 2024-12-07"},
		{"fr", "Le colloque s’est tenu le 12 mars 2023.", "2023-03-12"},
		{"fr", "Le salon a eu lieu du 3 au 5 juin.", "2023-06-03 2023-06-05"},
		{"fr", "Le salon a eu lieu du 30 mai au 2 juin 2022.", "2022-05-30 2022-06-02"},
		{"fr", "Le salon a eu lieu du 28 décembre au 3 janvier.", "2023-12-28 2024-01-03"},
		{"fr", "Le colloque s’est tenu jeudi 7 mars.", "2024-03-07"},
		{"fr", "Le colloque s’est tenu hier à Lyon.", "2024-03-07"},
		{"fr", "Le colloque s’est tenu jeudi dernier à Lyon.", "2024-03-07"},
		{"fr", "Le colloque s’est tenu le 1er février.", "2024-02-01"},
		{"fr", "Le colloque s’est tenu le 12/02/2024.", "2024-02-12"},
		{"en", "The summit took place on 6–7 December.", "2023-12-06 2023-12-07"},
		{"en", "The summit took place on March 5, 2024.", "2024-03-05"},
		{"en", "The summit will be held on March 30 to April 2.", "2024-03-30 2024-04-02"},
		{"en", "The summit took place last Tuesday.", "2024-03-05"},
		{"en", "The summit was held on 2024-03-05.", "2024-03-05"},
		{"de", "Die Tagung fand am 12. und 13. Februar statt.", "2024-02-12 2024-02-13"},
		{"de", "Die Tagung findet am kommenden 12. März statt.", "2024-03-12"},
		{"de", "Die Tagung fand am Dienstag, 5. März 2024 statt.", "2024-03-05"},
		{"es", "El congreso se celebró los días 6 y 7 de diciembre de 2023.", "2023-12-06 2023-12-07"},
		{"es", "El congreso se celebrará el próximo 12 de marzo.", "2024-03-12"},
		{"it", "Il convegno si è tenuto il 6 e 7 dicembre scorsi.", "2023-12-06 2023-12-07"},
		{"it", "Il convegno si è svolto dal 3 al 5 giugno 2023.", "2023-06-03 2023-06-05"},
		{"de", "Die Tagung fand am Dienstag und Mittwoch vergangener Woche statt.", "2024-02-27 2024-02-28"},
		// Nothing rather than nonsense.
		{"fr", "Le colloque s’est tenu le 31 février.", ""},
		{"fr", "Le colloque s’est tenu le 29 février 2023.", ""},
		{"fr", "Le colloque a porté sur la loi du 7 octobre 2016.", ""},
		{"en", "Applications close on March 15.", ""},
		{"fr", "Le salon a eu lieu du 5 au 3 juin.", ""},
	} {
		if got := when(recap.Source{Language: c.lang, Text: c.text, Published: published}); got != c.want {
			t.Errorf("%s: %s\ngot %q, want %q", c.lang, c.text, got, c.want)
		}
	}
}

func TestZeroPublishedResolvesNoOpenYear(t *testing.T) {
	for text, want := range map[string]string{
		"Le colloque s’est tenu le 12 mars.":      "",
		"Le colloque s’est tenu hier.":            "",
		"Le colloque s’est tenu jeudi dernier.":   "",
		"Le colloque s’est tenu le 12 mars 2023.": "2023-03-12",
	} {
		if got := when(recap.Source{Language: "fr", Text: text}); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func when(src recap.Source) string {
	e := recap.Read(src).Event
	if e == nil || e.Value.StartDate == nil {
		return ""
	}
	s := e.Value.StartDate.Format(time.DateOnly)
	if e.Value.EndDate != nil {
		s += " " + e.Value.EndDate.Format(time.DateOnly)
	}
	return s
}

func TestEventPrefersWhatIsReported(t *testing.T) {
	found := recap.Read(recap.Source{
		Language: "fr", Published: date(2024, 3, 8), Headline: "Ce qu’il faut retenir du Forum des maires",
		Text: "Le Forum des maires s’est tenu le 5 mars à Nantes.\n\nLe prochain Forum des maires se tiendra le 12 juin à Lille.",
	})
	want := article.Event{Name: "Forum des maires", StartDate: new(date(2024, 3, 5)), Location: "Nantes"}
	if found.Event == nil {
		t.Fatal("no event")
	}
	if diff := cmp.Diff(want, found.Event.Value); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeadlineIsALastResort(t *testing.T) {
	found := recap.Read(recap.Source{
		Language: "fr", Published: date(2024, 3, 8), Headline: "Des élus et des juristes autour de la donnée",
		Text: "La rencontre a eu lieu le 5 mars à Nantes.",
	})
	if found.Event == nil || found.Event.Value.Name != "Des élus et des juristes autour de la donnée" || found.Event.Confidence >= 0.5 {
		t.Errorf("got %+v, want the headline with a confidence under 0.5", found.Event)
	}
}

func TestConfidenceGrowsWithEvidence(t *testing.T) {
	last := 0.0
	for _, text := range []string{
		"On cite Claire Balva.", "On cite Claire BALVA.", "Claire BALVA (CEO de Deep Block) est citée.", "Claire BALVA (CEO de Deep Block) a conclu.",
	} {
		found := recap.Read(recap.Source{Language: "fr", Text: text})
		if len(found.People) != 1 || found.People[0].Confidence <= last || found.People[0].Confidence > 1 {
			t.Errorf("%s: %+v after %.2f", text, found.People, last)
			continue
		}
		last = found.People[0].Confidence
	}
}

func TestNothingFromNothing(t *testing.T) {
	for _, src := range []recap.Source{
		{},
		{Language: "fr"},
		{Language: "ja", Text: "ブロックチェーンと自治体"},
		{Language: "fr", Text: "Il pleut. Rien ne se passe."},
	} {
		if diff := cmp.Diff(recap.Found{}, recap.Read(src)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", src, diff)
		}
	}
}
