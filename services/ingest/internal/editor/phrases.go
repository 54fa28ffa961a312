// SPDX-License-Identifier: Apache-2.0

package editor

import "strings"

// languages are the tags of the languages the page speaks.
func languages() []string { return []string{"fr", "en"} }

// phrase is one text of the page. {names} are filled in by the scripts. The
// French is written with plain spaces; typeset makes them right.
type phrase struct{ key, fr, en string }

// phrasesIn returns every text in one language, by key.
func phrasesIn(tag string) map[string]string {
	out := map[string]string{}
	for _, p := range phrases() {
		if tag == "fr" {
			out[p.key] = typeset(p.fr)
		} else {
			out[p.key] = p.en
		}
	}
	return out
}

// detailsIn returns, in the order to try them, the sentences of the API that
// the page knows in another language than English: pairs of a pattern with {0}
// to {9} and what to say instead.
func detailsIn(tag string) [][2]string {
	out := [][2]string{}
	if tag == "fr" {
		for _, d := range details() {
			out = append(out, [2]string{d.en, typeset(d.fr)})
		}
	}
	return out
}

// typeset puts the spaces of French typography that do not break: a thin one
// before ; ! ?, a full one before : » % and after «.
func typeset(s string) string {
	const full, thin = "\u00a0", "\u202f"
	return strings.NewReplacer(
		" ;", thin+";", " !", thin+"!", " ?", thin+"?", " :", full+":", " »", full+"»", " %", full+"%", "« ", "«"+full,
	).Replace(s)
}

func phrases() []phrase {
	return []phrase{
		{"title", "L’éditeur – Relais", "The editor – Relais"},
		{"brand", "L’éditeur", "The editor"},
		{"skip", "Aller au contenu", "Skip to the content"},
		{"nav", "La page", "The page"},
		{"other", "English", "Français"},
		{"noscript", "Cette page a besoin de JavaScript. Sans lui, l’API fait la même chose.", "This page needs JavaScript. Without it, the API does the same."},
		{"colon", " : ", ": "},
		{"comma", ", ", ", "},
		{"quote.open", "« ", "“"},
		{"quote.close", " »", "”"},
		{"quote.more", " et {n} autres", " and {n} more"},
		{"reload", "Recharger l’édition", "Reload the edition"},
		{"leave", "Ce que vous avez écrit n’est pas publié. Quitter quand même ?", "What you have written is not published. Leave all the same?"},
		{"remove", "Retirer", "Remove"},

		{"key.title", "Votre clé", "Your key"},
		{"key.lead", "Collez la clé que l’administrateur de Relais vous a remise.", "Paste the key that the administrator of Relais gave you."},
		{"key.label", "Clé d’éditeur", "Editor’s key"},
		{"key.hint", "Elle commence par rk_ et ne reste que dans cet onglet, jusqu’à ce que vous le fermiez.", "It begins with rk_ and stays in this tab only, until you close it."},
		{"key.button", "Continuer", "Continue"},
		{"key.forget", "Oublier la clé", "Forget the key"},
		{"key.malformed", "Une clé d’éditeur commence par rk_ et ne contient pas d’espace.", "An editor’s key begins with rk_ and holds no space."},
		{"key.publishable", "C’est la clé publique d’un site partenaire (pk_). Il faut ici une clé d’éditeur (rk_).", "This is a partner site’s public key (pk_). An editor’s key (rk_) is needed here."},
		{"key.refused", "Cette clé n’est pas connue, ou elle a été révoquée. Ce que vous avez écrit est encore là : donnez une clé valable pour continuer.", "This key is not known, or was revoked. What you have written is still there: give a good key to go on."},
		{"key.forbidden", "Cette clé ne permet pas de publier. Demandez une clé d’éditeur.", "This key does not allow publishing. Ask for an editor’s key."},

		{"start.title", "Un nouvel article", "A new article"},
		{"start.lead", "Apportez le texte ; Relais y trouve le titre, le corps et la langue, et laisse de côté ce qui appartient à la page.", "Bring the text; Relais finds its headline, body and language, and leaves out what belongs to the page."},
		{"source.label", "Le texte ou la page", "The text or the page"},
		{"source.hint", "Collez-le ici, ou déposez un fichier .html, .md ou .txt.", "Paste it here, or drop a .html, .md or .txt file."},
		{"source.hasFormatting", "Ce que vous avez collé porte une mise en forme", "What you pasted carries formatting"},
		{"source.formattingLeft", "Vous avez modifié le texte : sa mise en forme est laissée de côté.", "You changed the text: its formatting is left out."},
		{"source.keep", "Avec sa mise en forme", "With its formatting"},
		{"source.onlyText", "Le texte seul", "The text alone"},
		{"source.type", "C’est", "It is"},
		{"source.text", "du texte", "text"},
		{"source.html", "une page (HTML)", "a page (HTML)"},
		{"source.markdown", "du Markdown", "Markdown"},
		{"source.file", "Ou un fichier", "Or a file"},
		{"source.read", "{name} est lu.", "{name} is read."},
		{"source.badFile", "{name} n’est pas un fichier .html, .md ou .txt.", "{name} is not a .html, .md or .txt file."},
		{"source.tooLarge", "Ce fichier dépasse 1 Mio.", "This file is larger than 1 MiB."},
		{"source.empty", "Il n’y a encore rien à lire : collez un texte ou choisissez un fichier.", "There is nothing to read yet: paste a text or choose a file."},
		{"extract.button", "Lire le texte", "Read the text"},

		{"open.title", "Ouvrir un article", "Open an article"},
		{"open.id", "Identifiant", "Identifier"},
		{"open.language", "Langue (l’original si elle manque)", "Language (the original when absent)"},
		{"open.button", "Ouvrir", "Open"},
		{"open.empty", "Donnez l’identifiant de l’article.", "Give the article’s identifier."},
		{"open.none", "Il n’y a pas d’article « {id} » dans cette langue ({language}).", "There is no article “{id}” in that language ({language})."},

		{"edit.new", "Relire l’édition", "Look the edition over"},
		{"edit.existing", "Corriger l’édition", "Correct the edition"},
		{"edit.anew", "Autre article", "Another article"},
		{"warnings", "À vérifier", "To be looked at"},
		{"suggestions", "Suggestions", "Suggestions"},
		{"suggestion.add", "Ajouter", "Add"},
		{"suggestion.added", "Ajouté : {what}", "Added: {what}"},
		{"suggestion.sure", "Trouvé dans le texte : {what} (confiance {percent})", "Found in the text: {what} (confidence {percent})"},

		{"group.text", "Le texte", "The text"},
		{"group.filing", "Le classement", "Filing"},
		{"group.people", "Les personnes", "People"},
		{"group.authors", "Les auteurs", "Authors"},
		{"group.event", "L’événement", "The event"},
		{"group.publication", "La publication", "Publication"},
		{"group.pubStatus", "État", "State"},
		{"member.people", "Personne", "Person"},
		{"member.authors", "Auteur", "Author"},
		{"member.organisations", "Organisation", "Organisation"},
		{"member.places", "Lieu", "Place"},
		{"member.keywords", "Mot-clé", "Keyword"},
		{"member.event", "Événement", "Event"},
		{"member.section", "Rubrique", "Section"},
		{"member.headline", "Titre", "Headline"},
		{"member.description", "Chapeau", "Standfirst"},
		{"member.language", "Langue", "Language"},
		{"member.canonicalUrl", "Adresse d’origine", "Original address"},
		{"member.datePublished", "Date de publication", "Date of publication"},
		{"member.embargoedUntil", "Embargo", "Embargo"},
		{"member.expires", "Expiration", "Expiry"},
		{"member.usageTerms", "Conditions d’usage", "Terms of use"},
		{"member.edNote", "Note à la rédaction", "Note to editors"},
		{"add.people", "Ajouter une personne", "Add a person"},
		{"add.authors", "Ajouter un auteur", "Add an author"},
		{"row.people", "Personne {n}", "Person {n}"},
		{"row.authors", "Auteur {n}", "Author {n}"},
		{"person.name", "Nom", "Name"},
		{"person.role", "Fonction", "Role"},
		{"person.affiliation", "Organisation", "Affiliation"},
		{"person.rel", "Dans l’article", "In the article"},
		{"author.url", "Page de l’auteur", "Author’s page"},
		{"rel.none", "non précisé", "not said"},
		{"rel.speaker", "intervient", "speaks"},
		{"rel.about", "en est le sujet", "is its subject"},
		{"rel.mentions", "est cité", "is mentioned"},

		{"field.headline", "Titre", "Headline"},
		{"headline.count", "{n} caractères sur 300", "{n} of 300 characters"},
		{"field.description", "Chapeau", "Standfirst"},
		{"field.body", "Corps", "Body"},
		{"body.asText", "En texte : une ligne vide sépare les paragraphes, une ligne qui commence par « • » est dans une liste.", "As text: a blank line parts paragraphs, a line that begins with “•” is in a list."},
		{"body.asHTML", "En HTML : le texte porte des liens ou une mise en forme.", "As HTML: the text carries links or formatting."},
		{"body.toHTML", "Passer au HTML", "Edit as HTML"},
		{"body.preview", "Aperçu", "Preview"},
		{"body.measure", "{words} mots, {minutes} min de lecture", "{words} words, {minutes} min to read"},
		{"field.language", "Langue", "Language"},
		{"hint.language", "fr, en, fr-CA…", "fr, en, fr-CA…"},
		{"field.section", "Rubrique", "Section"},
		{"hint.section", "Telle que les sites partenaires la connaissent", "As the partner sites know it"},
		{"field.keywords", "Mots-clés", "Keywords"},
		{"hint.keywords", "Un par ligne", "One a line"},
		{"field.organisations", "Organisations", "Organisations"},
		{"hint.organisations", "Une par ligne", "One a line"},
		{"field.places", "Lieux", "Places"},
		{"hint.places", "Un par ligne", "One a line"},
		{"field.event.name", "Nom de l’événement", "Name of the event"},
		{"field.event.location", "Lieu", "Location"},
		{"field.event.startDate", "Début", "Start"},
		{"field.event.endDate", "Fin", "End"},
		{"times.universal", "Temps universel (UTC) ; minuit pour un jour entier", "Universal time (UTC); midnight for a whole day"},
		{"times.zone", "Heure de votre appareil : {zone}", "Your device’s time: {zone}"},
		{"pubStatus.withhold", "retenu : n’est montré nulle part, jusqu’à ce que vous le libériez", "withheld: shown nowhere until you release it"},
		{"field.datePublished", "Publié le", "Published on"},
		{"field.embargoedUntil", "Embargo jusqu’au", "Embargoed until"},
		{"field.expires", "Expire le", "Expires on"},
		{"field.canonicalUrl", "Adresse d’origine", "Original address"},
		{"hint.canonicalUrl", "Là où l’article a paru d’abord", "Where the article appeared first"},
		{"field.id", "Identifiant", "Identifier"},
		{"hint.id", "Tiré du titre si vous n’en donnez pas", "Made from the headline when you give none"},
		{"field.usageTerms", "Conditions d’usage", "Terms of use"},
		{"field.edNote", "Note à la rédaction", "Note to editors"},
		{"hint.edNote", "Ne quitte jamais la rédaction", "Never leaves the newsroom"},
		{"field.correction", "Ce qui est corrigé", "What is corrected"},
		{"hint.correction", "Facultatif ; les lecteurs peuvent le lire", "Optional; readers may read it"},
		{"fresh", "Cette traduction suit la version présente de l’original", "This translation follows the present version of the original"},

		{"publish.first", "Publier", "Publish"},
		{"publish.again", "Publier la nouvelle version", "Publish the new version"},
		{"published.title", "Dans le relais", "In the relay"},
		{"published.version", "La version {version} est publiée.", "Version {version} is published."},
		{"published.unchanged", "Rien n’a changé : c’est toujours la version {version}.", "Nothing has changed: it is still version {version}."},
		{"published.newer", "Quelqu’un d’autre a publié une version plus récente.", "Somebody else has published a newer version."},
		{"published.id", "Identifiant", "Identifier"},
		{"published.language", "Langue", "Language"},
		{"published.versionLabel", "Version", "Version"},
		{"published.status", "État", "State"},
		{"published.link", "Lien vers cette édition, dans l’éditeur", "Link to this edition, in the editor"},
		{"published.canonical", "Adresse d’origine", "Original address"},
		{"status.usable", "public", "public"},
		{"status.withheld", "retenu", "withheld"},
		{"status.canceled", "annulé", "canceled"},
		{"stages", "Où elle est arrivée", "Where it has arrived"},
		{"stage.accepted", "Acceptée", "Accepted"},
		{"stage.searchable", "Dans la recherche", "In the search"},
		{"stage.linked", "Sous les liens courts", "Behind the short links"},
		{"unstage.accepted", "Acceptée", "Accepted"},
		{"unstage.searchable", "Hors de la recherche", "Out of the search"},
		{"unstage.linked", "Hors des liens courts", "Out of the short links"},
		{"stage.waiting", "en attente", "waiting"},
		{"stage.said", "Version {version} : {stages}", "Version {version}: {stages}"},
		{"watch.opening", "Suivi en cours…", "Following…"},
		{"watch.open", "Suivi en direct.", "Followed live."},
		{"watch.waiting", "Le suivi est interrompu ; il reprend de lui-même.", "Not followed at the moment; it resumes by itself."},
		{"watch.complete", "Arrivée partout.", "Arrived everywhere."},

		{"cancel.open", "Annuler l’article…", "Cancel the article…"},
		{"cancel.title", "Annuler l’article", "Cancel the article"},
		{"cancel.lead", "Il quitte dans la seconde la recherche, les liens et les sites des partenaires, et ne doit plus être utilisé.", "Within a second it leaves the search, the links and the partners’ sites, and must not be used any more."},
		{"cancel.all", "C’est l’original : ses traductions sont annulées avec lui.", "This is the original: its translations are canceled with it."},
		{"cancel.reason", "Motif", "Reason"},
		{"cancel.reasonHint", "Les lecteurs qui suivent un lien le liront.", "Readers who follow a link will read it."},
		{"cancel.legal", "Pour une raison juridique", "For a legal reason"},
		{"cancel.replacedBy", "Remplacé par l’article (identifiant, facultatif)", "Replaced by the article (identifier, optional)"},
		{"cancel.sure", "Oui, cet article ne doit plus être utilisé", "Yes, this article must not be used any more"},
		{"cancel.notSure", "Cochez la dernière case pour confirmer.", "Tick the last box to confirm."},
		{"cancel.back", "Garder l’article", "Keep the article"},
		{"cancel.button", "Annuler l’article", "Cancel the article"},
		{"cancel.done", "L’article est annulé.", "The article is canceled."},
		{"cancel.isCanceled", "Annulé", "Canceled"},
		{"cancel.wasLegal", "Pour une raison juridique.", "For a legal reason."},
		{"cancel.wasReplaced", "Remplacé par {id}.", "Replaced by {id}."},

		{"problem.title", "Rien n’a été enregistré", "Nothing was stored"},
		{"problem.0", "Le serveur n’a pas répondu. Essayez encore : le même envoi, répété, ne publie pas deux fois.", "The server did not answer. Try again: sending the same twice does not publish twice."},
		{"problem.409", "Un autre article porte déjà cet identifiant. Choisissez-en un autre, ou laissez le champ vide.", "Another article has this identifier. Choose another, or leave the field empty."},
		{"problem.412", "Quelqu’un d’autre a publié une version entre-temps : la vôtre l’aurait effacée. Copiez ce que vous voulez garder, puis rechargez l’édition.", "Somebody else has published a version meanwhile: yours would have undone it. Copy what you want to keep, then reload the edition."},
		{"problem.413", "Le texte dépasse 1 Mio.", "The text is larger than 1 MiB."},
		{"problem.503", "Le journal de Relais ne répond pas pour le moment. Essayez encore dans un instant.", "The log of Relais does not answer at the moment. Try again in a moment."},
	}
}

// details are the sentences of the API that editors meet, and their French.
func details() []phrase {
	return []phrase{
		{"", "ce champ est obligatoire", "is required"},
		{"", "ce champ ne doit pas être vide", "must not be empty"},
		{"", "au plus {0} caractères ; il y en a {1}", "must have at most {0} characters, has {1}"},
		{"", "au plus {0} entrées ; il y en a {1}", "must have at most {0} entries, has {1}"},
		{"", "une lettre minuscule ou un chiffre, puis au plus 127 lettres minuscules, chiffres ou traits d’union", "must match [a-z0-9][a-z0-9-]{0,127}"},
		{"", "un code de langue BCP 47, tel que fr ou zh-Hant", "must be a BCP 47 language tag such as fr or zh-Hant"},
		{"", "une adresse http ou https complète, d’au plus {0} caractères, sans nom d’utilisateur", "must be an absolute http or https URL of at most {0} characters without user info"},
		{"", "le corps ne contient aucun texte", "the body holds no text: give one of bodyHtml, bodyMarkdown or bodyText"},
		{"", "le corps manque", "give exactly one of bodyHtml, bodyMarkdown and bodyText"},
		{"", "la fin ne peut pas précéder le début", "must not be before startDate"},
		{"", "l’expiration doit suivre la fin de l’embargo", "must be after embargoedUntil"},
		{"", "l’année doit être comprise entre 1000 et 9999", "must lie between the years 1000 and 9999"},
		{"", "public, retenu ou annulé", "must be usable, withheld or canceled"},
		{"", "aucun titre n’a été trouvé : le texte ne commence pas par une ligne d’au plus 300 caractères, sans point final, suivie d’un texte plus long", "no headline was found: the text does not start with a line of at most 300 characters, without a full stop, that a longer text follows"},
		{"", "aucun titre n’a été trouvé dans la page", "no headline was found in the page"},
		{"", "lignes laissées de côté, parce qu’elles appartiennent à la page : {0}", "lines left out as page furniture: {0}"},
		{"", "la page annonce {0} min, le texte compte {1} mots, soit {2} min : une partie manque peut-être, ou n’en fait pas partie", "the page gives {0} min, the text counts {1} words or {2} min: a part of it may be missing or not belong to it"},
		{"", "la langue n’a pas été reconnue", "the language was not recognized"},
		{"", "la langue est sans doute {0}, mais le texte ne permet pas d’en être sûr", "the language is likely {0}, but the text does not make it certain"},
		{"", "la page dit {0}, le texte se lit comme {1}", "the page says {0}, the text reads like {1}"},
		{"", "devinée d’après un texte court ou mêlé", "guessed from a short or mixed text"},
		{"", "le contenu principal n’a pas été trouvé : toute la page a été prise", "no main content was found: the whole page was taken"},
		{"", "l’original de cet article est en {0}", "the original of this article is in {0}"},
	}
}
