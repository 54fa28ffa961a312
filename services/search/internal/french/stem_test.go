// SPDX-License-Identifier: Apache-2.0

package french_test

import (
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/french"
)

// joined are families: all words of a line have one stem.
const joined = `
avocat avocats avocate avocates
collectivité collectivités collectivite
potentialité potentialités
usager usagers usagère usagères
œuvre œuvres oeuvre oeuvres
professionnel professionnels professionnelle professionnelles
journal journaux
tribunal tribunaux
national nationaux nationale nationales
général généraux générale générales
légal légaux légale légales
bureau bureaux
tableau tableaux
nouveau nouveaux nouvelle nouvelles nouvel
beau beaux belle belles
réseau réseaux
jeu jeux
lieu lieux
enjeu enjeux
milieu milieux
vœu vœux
sérieux sérieuse sérieuses
heureux heureuse
acteur acteurs actrice actrices
directeur directrice directrices
auteur auteurs
actif actifs active actives
administratif administrative administratifs administratives
public publics publique publiques
numérique numériques
juridique juridiques
juridiction juridictions
juriste juristes
numéro numéros
citoyen citoyens citoyenne citoyennes
européen européenne européens européennes
premier premiers première premières
dernier dernière derniers
français française françaises
anglais anglaise anglaises
bourgeois bourgeoise
loi lois
décret décrets
donnée données
archive archives
intervenant intervenants intervenante intervenantes
étudiant étudiants étudiante étudiantes
département départements
ministère ministères
région régions
débat débats
participant participante participants
élu élus élue élues
ville villes
mairie mairies
commune communes
sécurité sécurités
signature signatures
électronique électroniques
confiance confiances
registre registres
droit droits
accès
procès
processus
réunion réunions
compte comptes
rendu rendus rendue
politique politiques
technique techniques
territorial territoriale territoriaux territoriales
personnel personnels personnelle personnelles
2e 2ème 2eme
27e 27ème
1er 1ère 1re
code codes
règle règles
médiateur médiatrice médiateurs médiatrices
travail travaux
vitrail vitraux
noyau noyaux
loyal loyaux loyale
vieux vieil vieille vieilles
bon bons bonne bonnes
chef chefs cheffe cheffes
chercheur chercheurs chercheuse chercheuses
professeur professeure professeures
creux creuse creuses
paysan paysans paysanne paysannes
course courses
vente ventes
local locaux locale
château châteaux
bail baux
`

// apart are lines whose words all have stems of their own.
const apart = `
numérique numéro
juridique juridiction juriste
pays paye
fils file
bras bras-le
cours cour course
port porte
vent vente
médecin médecine
prix prise
voix voie
temps tempe
corps cor
dos dose
vers ver
mois moi
cas case
gaz gaze
loi loin
droit droite-ligne
avocat avocatier
acteur acte
commun commune-libre
poste poster
région régional
politique police
public publicité
citoyen cité
archive archiviste
signature signer
registre régie
département départ
ministère ministre
code codeur
réseau résumé
état été
mairie marie
sécurité sécurisé
médiation médiateur
données donateur
territoire territorial
européen europe
1er 2e
heure heureux
peur peu
tuyau tuyère
27e 127e
`

func words(line string) []string {
	var out []string
	for w := range strings.FieldsSeq(line) {
		out = append(out, strings.ReplaceAll(w, "-", ""))
	}
	return out
}

func TestFamiliesHaveOneStem(t *testing.T) {
	for line := range strings.SplitSeq(strings.TrimSpace(joined), "\n") {
		family := words(line)
		want := french.Stem(french.Fold(family[0]))
		for _, w := range family {
			if got := french.Stem(french.Fold(w)); got != want {
				t.Errorf("%s → %s, but %s → %s", family[0], want, w, got)
			}
		}
	}
}

func TestOtherWordsStayApart(t *testing.T) {
	for line := range strings.SplitSeq(strings.TrimSpace(apart), "\n") {
		seen := map[string]string{}
		for _, w := range words(line) {
			stem := french.Stem(french.Fold(w))
			if other, ok := seen[stem]; ok {
				t.Errorf("%s and %s → %s", other, w, stem)
			}
			seen[stem] = w
		}
	}
}

func TestStemsAreLongEnough(t *testing.T) {
	for _, w := range []string{"os", "an", "ans", "ile", "iles", "vie", "vies", "rue", "rues", "idee", "idees", "amis", "nees"} {
		if got := french.Stem(w); len(got) < min(len(w), 3) {
			t.Errorf("%s → %s", w, got)
		}
	}
}
