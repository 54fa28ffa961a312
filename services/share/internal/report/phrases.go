// SPDX-License-Identifier: Apache-2.0

package report

import "strings"

// languages are the tags of the languages the page speaks.
func languages() []string { return []string{"fr", "en"} }

// phrase is one text of the page; {} is filled in. The French is written with
// plain spaces; typeset makes them right.
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

// typeset puts the spaces of French typography that do not break: a thin one
// before ; ! ?, a full one before : » and after « and <.
func typeset(s string) string {
	const full, thin = "\u00a0", "\u202f"
	return strings.NewReplacer(
		" ;", thin+";", " !", thin+"!", " ?", thin+"?", " :", full+":", " »", full+"»", "« ", "«"+full, "< ", "<"+full,
	).Replace(s)
}

// named returns the text for one of a kind, or its name where there is none.
func (f frame) named(kind, name string) string {
	if s, ok := f.own[kind+name]; ok {
		return s
	}
	return name
}

func (f frame) channel(name string) string { return f.named("channel.", name) }

// language names a tag: itself, its base with the rest in brackets, or the tag.
func (f frame) language(tag string) string {
	if s, ok := f.own["language."+tag]; ok {
		return s
	}
	base, rest, _ := strings.Cut(tag, "-")
	if s, ok := f.own["language."+base]; ok {
		return s + " (" + rest + ")"
	}
	return tag
}

// partner names a partner as the data does.
func (v *view) partner(id string) string {
	if name := v.Names[id]; name != "" {
		return name
	}
	return v.named("partner.", id)
}

func phrases() []phrase {
	return []phrase{
		{"brand", "Statistiques", "Statistics"},
		{"title", "Statistiques – Relais", "Statistics – Relais"},
		{"skip", "Aller au contenu", "Skip to the content"},
		{"nav", "La page", "The page"},
		{"other", "English", "Français"},
		{"h1", "Ce que les liens ont apporté", "What the links brought"},
		{"h1.site", "Ce que vos liens ont apporté", "What your links brought"},
		{"for.site", "Site partenaire : {}", "Partner site: {}"},
		{"for.article", "Article : {}", "Article: {}"},
		{"for.partner", "Partenaire : {}", "Partner: {}"},

		{"period", "Période", "Period"},
		{"days", "{} jours", "{} days"},
		{"filter.article", "Article", "Article"},
		{"filter.article.hint", "L’identifiant, comme dans l’adresse de l’éditeur", "The identifier, as in the editor’s address"},
		{"filter.partner", "Partenaire", "Partner"},
		{"filter.every", "Tous", "All"},
		{"filter.button", "Filtrer", "Filter"},
		{"filter.name", "Filtrer les chiffres", "Filter the numbers"},

		{"tiles", "En bref", "In short"},
		{"tile.visits", "Visites de lecteurs", "Visits by readers"},
		{"tile.visits.note", "robots et aperçus mis à part", "robots and previews apart"},
		{"tile.uniques", "Visiteurs", "Visitors"},
		{"tile.uniques.note", "somme des visiteurs de chaque jour", "sum of each day’s visitors"},
		{"tile.channel", "Premier canal", "First channel"},
		{"tile.channel.note", "{} des visites", "{} of visits"},
		{"tile.language", "Servis dans leur langue", "Served in their language"},
		{"tile.language.note", "des lecteurs dont elle est connue", "of readers whose language is known"},

		{"nothing", "Aucune visite pour cette période", "No visits in this period"},
		{"nothing.text", "Choisissez une période plus longue, ou retirez le filtre.", "Choose a longer period, or take the filter away."},

		{"unit.visits", "Visites", "Visits"},
		{"unit.uniques", "Visiteurs", "Visitors"},
		{"unit.count", "Nombre", "Number"},
		{"figure.day", "Jour après jour", "Day by day"},
		{"figure.day.note", "Les visites de lecteurs, et ceux que l’on distingue le même jour.", "Visits by readers, and the readers told apart within a day."},
		{"figure.channel", "Par canal", "By channel"},
		{"figure.channel.note", "Où le lien a été partagé.", "Where the link was shared."},
		{"figure.partner", "Par partenaire", "By partner"},
		{"figure.partner.note", "Sur quel site le lien a été donné.", "On whose site the link was given."},
		{"figure.language", "Langue voulue, langue servie", "Language wanted, language served"},
		{"figure.language.note", "Hors des cases encadrées, les lecteurs ont reçu une autre langue que la leur.", "Outside the framed cells, readers were served another language than theirs."},
		{"figure.funnel", "De la recherche à la lecture", "From search to reading"},
		{"figure.funnel.note", "Ce que les recherches des lecteurs ont donné.", "What became of readers’ searches."},
		{"of.day", "Jour", "Day"},
		{"of.channel", "Canal", "Channel"},
		{"of.partner", "Partenaire", "Partner"},
		{"of.language", "Langue", "Language"},
		{"of.funnel", "Étape", "Step"},
		{"articles", "Articles les plus visités", "Most visited articles"},
		{"articles.name", "Article", "Article"},
		{"others", "Ce qui n’est pas un lecteur", "Visits that are not by readers"},
		{"others.note", "Reconnu, compté à part, et dans aucun autre chiffre de cette page.", "Recognized, counted apart, and in no other number of this page."},
		{"others.name", "Qui", "Who"},
		{"csv", "Télécharger en CSV", "Download as CSV"},

		{"step.searches", "Recherches", "Searches"},
		{"step.found", "Recherches qui ont trouvé", "Searches with results"},
		{"step.visits", "Visites venues d’une recherche", "Visits from a search"},
		{"step.shares", "Visites par un lien partagé", "Visits by a shared link"},

		{"class.preview", "Aperçus", "Previews"},
		{"class.preview.note", "les réseaux qui dessinent la vignette d’un lien", "networks that draw the card of a link"},
		{"class.scanner", "Vérificateurs", "Scanners"},
		{"class.scanner.note", "les messageries qui examinent un lien avant de le remettre", "mail services that look at a link before they deliver it"},
		{"class.bot", "Robots", "Robots"},
		{"class.bot.note", "les programmes qui se présentent comme tels", "programs that say that they are"},
		{"class.prefetch-refused", "Préchargements refusés", "Prefetches refused"},
		{"class.prefetch-refused.note", "les navigateurs qui devancent leur lecteur", "browsers that are ahead of their reader"},
		{"class.monitor", "Surveillance", "Monitors"},
		{"class.monitor.note", "les services qui vérifient que le lien répond", "services that watch whether the link answers"},
		{"class.unknown", "Inconnus", "Unknown"},
		{"class.unknown.note", "ni un navigateur, ni un programme qui dise ce qu’il est", "neither a browser nor a program that says what it is"},

		{"channel.", "Sans canal", "No channel"},
		{"channel.linkedin", "LinkedIn", "LinkedIn"},
		{"channel.x", "X", "X"},
		{"channel.facebook", "Facebook", "Facebook"},
		{"channel.whatsapp", "WhatsApp", "WhatsApp"},
		{"channel.telegram", "Telegram", "Telegram"},
		{"channel.mastodon", "Mastodon", "Mastodon"},
		{"channel.bluesky", "Bluesky", "Bluesky"},
		{"channel.threads", "Threads", "Threads"},
		{"channel.reddit", "Reddit", "Reddit"},
		{"channel.mail", "E-mail", "Email"},
		{"channel.sms", "SMS", "Text message"},
		{"channel.copy", "Lien copié", "Copied link"},
		{"channel.native", "Partage de l’appareil", "The device’s share sheet"},
		{"channel.qr", "Code QR", "QR code"},
		{"channel.search", "Recherche", "Search"},
		{"channel.newsletter", "Lettre d’information", "Newsletter"},
		{"partner.", "Sans partenaire", "No partner"},

		{"language.fr", "français", "French"},
		{"language.en", "anglais", "English"},
		{"language.de", "allemand", "German"},
		{"language.es", "espagnol", "Spanish"},
		{"language.it", "italien", "Italian"},
		{"language.nl", "néerlandais", "Dutch"},
		{"language.pt", "portugais", "Portuguese"},
		{"language.ar", "arabe", "Arabic"},
		{"language.zh", "chinois", "Chinese"},
		{"language.ja", "japonais", "Japanese"},
		{"language.ko", "coréen", "Korean"},
		{"language.ru", "russe", "Russian"},
		{"language.uk", "ukrainien", "Ukrainian"},
		{"language.pl", "polonais", "Polish"},
		{"language.tr", "turc", "Turkish"},

		{"how", "Ce que ces chiffres comptent", "What these numbers count"},
		{"how.visit", "Une visite", "A visit"},
		{"how.visit.text", "Un lecteur a ouvert un lien court et a été conduit à l’article. Les aperçus, les vérificateurs de liens, les robots et les préchargements sont comptés à part.", "A reader opened a short link and was led to the article. Previews, scanners of links, robots and prefetches are counted apart."},
		{"how.visitor", "Un visiteur", "A visitor"},
		{"how.visitor.text", "Sans cookie ni adresse conservée, un visiteur n’est reconnu que le même jour et pour le même lien. Sur plusieurs jours, les visiteurs sont donc la somme de ceux de chaque jour : qui revient le lendemain est compté deux fois.", "With no cookie and no address kept, a visitor is known again only on the same day and for the same link. Over several days, visitors are therefore the sum of each day’s: who comes back the day after is counted twice."},
		{"how.few", "« < 5 »", "“< 5”"},
		{"how.few.text", "Un nombre de 1 à 4 n’est pas montré, pour que personne n’y soit reconnu. Les parts et les sommes de cette page s’en passent.", "A number from 1 to 4 is not shown, so that nobody can be recognized by it. Shares and sums on this page do without it."},
		{"how.day", "Un jour", "A day"},
		{"how.day.text", "De minuit à minuit, temps universel (UTC).", "From midnight to midnight, universal time (UTC)."},

		{"key.title", "Votre clé", "Your key"},
		{"key.lead", "Les chiffres de tous les sites sont réservés à la rédaction.", "The numbers of all sites are for editors."},
		{"key.label", "Clé d’éditeur", "Editor’s key"},
		{"key.hint", "Elle commence par rk_ et ne reste que dans cet onglet, jusqu’à ce que vous le fermiez.", "It begins with rk_ and stays in this tab only, until you close it."},
		{"key.button", "Voir les chiffres", "See the numbers"},
		{"key.forget", "Oublier la clé", "Forget the key"},
		{"key.malformed", "Une clé d’éditeur commence par rk_ et ne contient pas d’espace.", "An editor’s key begins with rk_ and holds no space."},
		{"key.publishable", "C’est la clé publique d’un site partenaire (pk_). Ses chiffres s’ouvrent à l’adresse /stats?key=pk_…", "This is a partner site’s public key (pk_). Its numbers open at the address /stats?key=pk_…"},
		{"noscript", "Avec une clé d’éditeur, cette page a besoin de JavaScript. Sans lui, l’API donne les mêmes chiffres : GET /v1/stats.", "With an editor’s key, this page needs JavaScript. Without it, the API gives the same numbers: GET /v1/stats."},
		{"loading", "Les chiffres arrivent…", "The numbers are on their way…"},
		{"retry", "Réessayer", "Try again"},

		{"problem.title", "Pas de chiffres", "No numbers"},
		{"problem.0", "Le serveur n’a pas répondu. Vérifiez la connexion, puis réessayez.", "The server did not answer. Check the connection, then try again."},
		{"problem.401", "Cette clé n’est pas connue, ou elle a été révoquée.", "This key is not known, or was revoked."},
		{"problem.403", "Cette clé ne permet pas de voir ces chiffres.", "This key does not allow seeing these numbers."},
		{"problem.404", "Rien ne porte ce nom. Vérifiez l’article et le partenaire demandés.", "Nothing has this name. Check the article and the partner asked for."},
		{"problem.422", "La période ou le filtre demandés ne sont pas valables.", "The period or the filter asked for is not valid."},
		{"problem.429", "Trop de demandes en peu de temps. Attendez un instant, puis réessayez.", "Too many requests in a short time. Wait a moment, then try again."},
		{"problem.503", "Les chiffres ne peuvent pas être lus en ce moment. Réessayez dans un instant.", "The numbers cannot be read at the moment. Try again shortly."},
	}
}
