// SPDX-License-Identifier: Apache-2.0

package furniture

import (
	"regexp"
	"strings"
)

const (
	minutesPattern = `([0-9]{1,3})(?: ?[-–] ?[0-9]{1,3})?(?:[ -]?(?:min|mins|mn|mns|minutes?|minuten|minutos?|minuti|minuto|minute\(s\))| ?')\.?(?: (?:et|and|und|y|e) [0-9]{1,2} ?(?:s|sec|secondes|seconds|sekunden|segundos|secondi))?`
	networkPattern = `(?:facebook|twitter|x|linkedin|whatsapp|telegram|pinterest|reddit|bluesky|mastodon|threads|messenger|xing|viber|instagram|youtube|tiktok|flipboard|pocket|snapchat|tumblr|signal|sms|rss|e-?mail|mail|courriel|correo|fb|tw|wa|f|t|in|ig|yt|li|tg|google news|google\+|diaspora|vk|line|feedly|discord|twitch|wechat|instapaper|evernote|skype|teams|slack)`
	aboutPattern   = `(?:[~≈<]|env\.?|environ|about|around|approx\.?|ca\.?|circa|rund|zirka|aprox\.?|etwa|unos|aproximadamente|moins de|less than|unter|menos de|meno di)?`
	readPattern    = `(?:de lecture|a lire|de lectura|de lectura estimada|di lettura|read|reading|reading time|read time|to read|lesezeit|lesedauer|lesen|zu lesen|gelesen|lekture|pour lire|per leggere|para leer|d'ecoute|listen|horzeit|zu horen|de escucha|di ascolto|watch)`
)

// numeric patterns are tried on lines that hold a digit, all in their folded form.
var (
	bareMinutes   = regexp.MustCompile(`^(?:(?:duree|duration|dauer|duracion|durata) ?:? )?` + minutesPattern + `$`)
	minutesToRead = regexp.MustCompile(`^(?:in |en )?` + aboutPattern + ` ?` + minutesPattern + `\.? ` + readPattern + `(?: (?:estimee?s?|environ))?$`)
	minutesGiven  = regexp.MustCompile(`^(?:(?:temps|duree) (?:estimee? |moyen |moyenne )?de (?:la )?lecture|lecture|temps d'ecoute|a lire en|se lit en|lu en|(?:estimated |approximate |average )?(?:reading|read) time|time to read|reads? in|(?:geschatzte |durchschnittliche )?lesezeit|lesedauer|lekture|lesen in|` +
		`tiempo (?:estimado |aproximado )?de (?:la )?lectura|lectura|se lee en|leer en|tempo (?:stimato |medio )?di lettura|lettura|si legge in|leggi in|ascolto|listen|ecoute|escucha|horen)(?: estimee?| estimado| stimato)? ?[:=–-]? ?` + aboutPattern + ` ?` + minutesPattern + `(?: gelesen| lesen)?$`)
	counted = regexp.MustCompile(`^(?:[0-9][0-9.,]{0,8} ?k? (?:partages?|shares?|lecteurs|lectores|lettori|readers|leser|personnes? aiment|favoris|vues?|views?|reads|lectures|j'aime|likes?|reactions?|commentaires?|comments?|kommentare?|aufrufe|mal geteilt|comentarios?|compartidos|visitas|lecturas|` +
		`commenti|commento|condivisioni|visualizzazioni|letture|reponses?|replies|reply|antworten|respuestas?|risposte|avis)|(?:commentaires?|comments?|kommentare|comentarios?|commenti|partages|shares|reactions?|reagir|reagieren|commenter|comment|kommentieren|comentar|commenta|respuestas|risposte|antworten|replies|reponses|vues|views|visitas|visite|letture|lecturas|lectures|vu|lu|likes) ?[(:] ?[0-9][0-9.]{0,7}(?: ?fois| times| mal| veces| volte)?)$`)
	replies = regexp.MustCompile(`^(?:[0-9]{1,5}|un|une|one|eine?|una?o?|uno) (?:reponses?|reactions?|commentaires?|avis|pensees?|reflexions?|responses?|replies|reply|comments?|thoughts?|reactions?|antworten|antwort|kommentare?|gedanken|gedanke|reaktionen|meinungen|respuestas?|comentarios?|pensamientos?|opiniones|reacciones|risposte|risposta|commenti|commento|pensieri|pensiero|reazioni) ` +
		`(?:a|au|sur|to|on|zu|auf|en|su|per) ?[“”«"„:‘']? ?[^ ]`)
	years = regexp.MustCompile(`\b(?:19|20)[0-9]{2}\b`)
)

var (
	moreFrom = regexp.MustCompile(`^(?:mehr (?:aus|zu|von|vom|zum|zur|uber)|more (?:from|in|on|about|by|stories|news)|weitere|autres|d'autres|(?:les |nos )?dern(?:iers|ieres)|latest|recent|(?:le |gli |las |los )?ultim[aoei]s?|otr[ao]s|altr[ei]|mas (?:de|en|sobre|noticias)|altro (?:da|dal|dalla|su|in)|plus (?:de|sur|d'actu\S*|d'infos)|related|similar|verwandte|ahnliche|a lire|a decouvrir|da leggere|para leer|dans la meme|dans le meme|aus der|aus dem|from (?:the|our)|(?:nella|dalla) stessa|en la misma|leggi|lee|lesen|read|auch|aussi|anche|tambien|also) |^(?:mehr|more|mas|altro|altre|altri) \S+$`)
	shareOn  = regexp.MustCompile(`^(?:(?:partager|partagez|share|compartir|comparte|condividi|tweet|tweeter|envoyer|send|enviar|invia|suivez-nous|follow us|siguenos|seguici|folgen sie uns)(?: (?:l'article|cet article|this|this article|` +
		`este articulo|questo articolo|l'articolo|it))? (?:sur|via|par|on|by|en|por|su|tramite|con|auf|with) ` + networkPattern + `(?:[ ,]+(?:(?:et|and|und|y|e|ou|or|sur|on) )?` + networkPattern + `)*|(?:auf|uber|per|bei|via) ` + networkPattern + ` (?:teilen|senden|versenden)|tweeter|tweet|epingler|pin it|pin)$`)
	network  = regexp.MustCompile(`^` + networkPattern + `(?:(?:[ ,|/·•-]| et | and | und | y | e )+` + networkPattern + `)*$`)
	alsoRead = regexp.MustCompile(`^(?:` + alsoPattern + `|` + otherPattern + `) ?[:>»→|.–—-] ?[^ ]`)
)

const (
	// alsoPattern announces another article, in its folded form.
	alsoPattern = `(?:a )?(?:lire|voir|ecouter|decouvrir|relire|revoir) (?:aussi|egalement|la suite|ensuite|encore)(?: sur [^:]{1,30})?|a (?:lire|voir|ecouter|decouvrir|relire)(?: sur le meme sujet| dans nos archives| absolument)?|relire|lire|voir|voir notre dossier|notre dossier|dossier|(?:pour )?aller plus loin|pour approfondir|pour en savoir plus|en savoir plus|en lire plus|sur le meme (?:sujet|theme)|dans le meme dossier|notre article|retrouvez (?:aussi|egalement|ici)|cela pourrait vous interesser|vous aimerez aussi|plus d'infos|` +
		`(?:read|also read|see|watch|listen|hear|view) ?(?:also|more|next|here|too|now)|also|more|more on this|more on that|further reading|related(?: article| story| content| reading| post| news)?|in case you missed it|icymi|recommended(?: reading)?|don't miss|you may also like|from the archive|background|find out more|` +
		`(?:lesen|horen|sehen) sie (?:auch|mehr|dazu|hierzu|hier)(?: auch)?(?: mehr)?|lies (?:auch|mehr)|lesetipp|lesenswert|auch (?:interessant|lesenswert|spannend)|mehr (?:zum thema|dazu|erfahren|infos|lesen)|siehe auch|zum thema|passend dazu|weiterlesen|weiterfuhrend|weitere informationen|hintergrund|aus dem archiv|dazu passend|das konnte (?:sie|dich|euch) (?:auch )?interessieren|interview zum thema|` +
		`(?:lee|lea|leer|ve|vea|ver|mira|mire|escucha|escuche|descubre) (?:tambien|ademas|mas)|(?:tambien )?(?:te|le|os|les) (?:puede|podria) interesar|quiza te interese|no te pierdas|mas informacion|mas sobre (?:el|este) tema|para saber mas|para profundizar|relacionad[oa]s?|noticia relacionada|en este enlace|te recomendamos|` +
		`(?:leggi|vedi|guarda|ascolta|scopri|leggete|da leggere) (?:anche|pure|di piu|ancora)|(?:forse |anche questo )?(?:ti|vi) (?:potrebbe(?:ro)?|puo) (?:anche )?interessare(?: anche)?|potrebbe interessarti(?: anche)?|forse ti interessa|per (?:approfondire|saperne di piu)|approfondisci|approfondimento|correlat[oie]|sullo stesso (?:tema|argomento)|da non perdere|non perdere|per chi vuole saperne di piu`
	// otherPattern names the post before or after.
	otherPattern = `(?:article|post|billet|page|publication|actualite|news|message) (?:precedent|suivant|precedente|suivante)e?|(?:precedent|suivant)e?|(?:previous|next|older|newer|prev|earlier|later) (?:article|post|story|entry|page|news|reading)|(?:previous|next|prev)|(?:(?:vorheriger|nachster|alterer|neuerer|voriger|vorhergehender|folgender|letzter) (?:artikel|beitrag|eintrag|post)|(?:vorherige|nachste|altere|neuere|vorige) (?:meldung|nachricht|seite|news))|` +
		`(?:articulo|entrada|noticia|post|publicacion|nota) (?:anterior|siguiente|previa|previo)|(?:anterior|siguiente)|(?:siguiente|anterior) (?:articulo|entrada|noticia|post)|(?:articolo|notizia|post|pagina|news) (?:precedente|successivo|successiva|seguente|prossimo|prossima)|(?:precedente|successivo|prossimo)(?: articolo| post)?`
)

// sentence is furniture that is said in a sentence: a folded line that begins
// with one of the openings and holds one of the words.
type sentence struct {
	at       zone
	openings string // parted by "|"
	words    string // parted by "|"; none is asked for when empty
}

// purpose holds what a consent banner says of its reader and its aim.
const purpose = "votre|vous |your|you |experience|ihr|ihnen|sie |su |sus |tu |tua|tuoi|vostra|navigazione|navigation|erfahrung|nutzer|mejor|analis|statisti|publicit|trafic|audience|partenair|partner|socios|contenu|content|inhalte|technische"

var sentences = []sentence{
	{edges, "nous utilisons des cookies|nous utilisons les cookies|ce site utilise|notre site utilise|ce site web utilise|nous et nos partenaires|nous respectons votre vie privee|le respect de votre vie privee|" +
		"we use cookies|we use essential cookies|this site uses cookies|this website uses cookies|our website uses cookies|our site uses cookies|we and our partners|we value your privacy|we care about your privacy|cookies help us|" +
		"wir verwenden cookies|wir nutzen cookies|wir setzen cookies|diese website verwendet cookies|diese webseite verwendet cookies|diese seite verwendet cookies|diese website nutzt cookies|diese website benutzt cookies|diese seite nutzt cookies|unsere website verwendet cookies|auf dieser website|wir und unsere partner|wir schatzen ihre privatsphare|cookies helfen uns|" +
		"utilizamos cookies|usamos cookies|este sitio utiliza cookies|este sitio web utiliza cookies|este sitio usa cookies|esta web utiliza cookies|esta web usa cookies|esta pagina utiliza cookies|nosotros y nuestros socios|respetamos tu privacidad|" +
		"questo sito utilizza|questo sito usa|questo sito web utilizza|utilizziamo i cookie|utilizziamo cookie|usiamo i cookie|noi e i nostri partner|il nostro sito utilizza|rispettiamo la tua privacy", purpose + "|cookie"},
	{edges, "en poursuivant votre navigation|en continuant votre navigation|en continuant a naviguer|en naviguant sur|vous pouvez modifier vos choix|vous pouvez accepter ou refuser|by continuing to|by using this site|by clicking|durch die weitere nutzung|durch die nutzung|mit der nutzung|si continua navegando|si continuas navegando|al continuar navegando|al navegar por|continuando la navigazione|proseguendo la navigazione|cliccando su", "cookie|traceur|consent|accept|privac"},
	{
		anywhere, "inscrivez-vous|abonnez-vous|recevez|s'inscrire|s'abonner|je m'inscris|je m'abonne|restez informe|ne manquez|pour ne rien manquer|chaque matin|chaque semaine|sign up|subscribe|get the|get our|get the best|stay up to date|stay informed|don't miss|join |never miss|melden sie sich|abonnieren sie|jetzt den newsletter|jetzt unseren newsletter|erhalten sie|bleiben sie|verpassen sie|suscribete|suscribase|recibe|reciba|registrate|apuntate|no te pierdas|mantente|iscriviti|ricevi|abbonati|resta aggiornato|non perdere|rimani",
		"par mois|illimite|pour lire la suite|toute l'actualite|full access|to continue reading|unlimited access|per month|plus-abo|para leer|per leggere|newsletter|infolettre|lettre d'information|lettre d'info|boite mail|boite aux lettres|votre e-mail|your inbox|mailing list|posteingang|postfach|boletin|bandeja de entrada|tu correo|su correo|nella tua casella|casella di posta|tua mail|tua email",
	},
	{edges, "en vous inscrivant|en vous abonnant|vous pouvez vous desinscrire|vous pouvez vous desabonner|by signing up|by subscribing|you can unsubscribe|unsubscribe at any time|mit der anmeldung|mit ihrer anmeldung|sie konnen sich jederzeit|abmeldung jederzeit|al suscribirte|al suscribirse|puedes darte de baja|puede darse de baja|iscrivendoti|puoi disiscriverti|puoi annullare", ""},
	{anywhere, "il vous reste|cet article est reserve|cet article est reserve aux|la suite de cet article est reserve|la suite est reservee|contenu reserve|article reserve|pour lire la suite|lisez la suite de|ce contenu est reserve|la suite de cet article", "abonne|a lire|abonnez|reserve"},
	{anywhere, "deja abonne|deja inscrit|vous etes deja abonne|vous etes abonne|already a subscriber|already subscribed|already a member|already have an account|are you a subscriber|sie sind bereits|bereits abonnent|sie haben bereits|ya eres suscriptor|ya soy suscriptor|ya es suscriptor|ya estas suscrito|sei gia abbonato|gia abbonato|hai gia un account|sei gia registrato", "connect|identifi|log in|sign in|login|anmeld|einlogg|acced|inicia|abonne"},
	{anywhere, "this article is for|this article is reserved|this content is reserved|this story is for|this content is for|this is a subscriber|to continue reading|to read the rest|to read the full|you have reached your|you have read|you've read your|this article is available|dieser artikel ist|dieser inhalt ist|um weiterzulesen|um diesen artikel|den vollstandigen artikel|lesen sie den vollstandigen|lesen sie weiter|este articulo es|este contenido es|esta noticia es|para seguir leyendo|para continuar leyendo|questo articolo e|questo contenuto e|per continuare a leggere|per leggere l'articolo|ti restano|te quedan|te queda|sie haben noch", "subscri|abonn|suscri|abbon|free article|registrier|mitglieder|members only|register"},
	{edges, "votre adresse e-mail ne sera pas publiee|votre adresse de messagerie ne sera|les champs obligatoires|enregistrer mon nom|your email address will not be|required fields|save my name|ihre e-mail-adresse wird nicht|deine e-mail-adresse wird nicht|erforderliche felder|meinen namen, meine e-mail|tu direccion de correo electronico no|los campos obligatorios|guarda mi nombre|il tuo indirizzo email non|i campi obbligatori|salva il mio nome|prevenez-moi|ce site utilise akismet|this site uses akismet|you must be logged in|vous devez vous connecter|vous devez etre connecte", ""},
	{anywhere, "newsletter :|newsletter:|newsletters :", "recev|inscri|abonn|subscri|sign up|receive|erhalten|recib|ricev|matin|semaine|weekly|daily"},
	{anywhere, "cliquez pour partager|click to share|click to email|click to print|clicca per condividere|haz clic para compartir|klick, um|klicken, um|fai clic per condividere|fai clic qui per", ""},
	{anywhere, "suivre |suivez |follow |retrouvez ", "google news|google actualites|google discover|notre application|notre chaine whatsapp|our whatsapp"},
	{edges, "tous les articles de |tous les articles par |voir tous les articles de |all posts by |view all posts by |more articles by |more stories by |more from |alle artikel von |alle beitrage von |weitere artikel von |todos los articulos de |ver todos los articulos de |tutti gli articoli di |vedi tutti gli articoli di ", ""},
	{edges, "nos partenaires et nous|avec nos partenaires|gerer le consentement|pour offrir les meilleures experiences|to provide the best experiences|um ihnen ein optimales|um dir ein optimales|para ofrecer las mejores|per fornire le migliori", ""},
	{anywhere, "lisez cet article|lire cet article gratuit|weiterlesen mit|mit plus weiterlesen", "inscri|abonn|gratuit|abo"},
	{anywhere, "cliquez ici pour|click here to|klicken sie hier|haz clic aqui|haga clic aqui|clicca qui", "imprimer|print|pdf|partag|share|newsletter|abonn|subscri|suscri|abbon|iscri|commentaire|comment"},
	{edges, "suivez-nous sur|suivez nous sur|retrouvez-nous sur|follow us on|find us on|folgen sie uns auf|folge uns auf|siguenos en|siganos en|seguici su", ""},
	{edges, "politique de confidentialite|mentions legales|tous droits|all rights|alle rechte|todos los derechos|tutti i diritti|site realise|powered by|propulse par|fierement propulse|proudly powered|this work is licensed|reproduction interdite|toute reproduction|reproduccion|riproduzione|nachdruck", ""},
	{below, "cet article vous|ce billet vous|cette page vous|vous avez aime|vous avez apprecie|vous aimez |si cet article|si vous avez aime|et vous|qu'en pensez|que pensez|votre avis|donnez votre|dites-nous|une reaction|une question|une remarque|une erreur|" +
		"like this|liked this|like what you|did you like|did you enjoy|did you find|enjoyed this|enjoying this|enjoy this|if you enjoyed|if you liked|was this|what do you think|what's your|tell us|let us know|have you |got a story|got a tip|do you have|spotted a|" +
		"hat ihnen|hat dir|hat euch|ihnen gefallt|gefallt ihnen|gefallt dir|was meinen sie|was denken sie|wie ist ihre|wie finden sie|ihre meinung|sagen sie uns|schreiben sie uns|haben sie |fehler gefunden|" +
		"te ha gustado|te gusto|le ha gustado|te gusta |si te ha gustado|si te gusto|que opinas|que te parece|que piensas|y tu|cuentanos|dejanos|dinos|tienes algo|has visto un error|" +
		"ti e piaciuto|vi e piaciuto|ti piace |se ti e piaciuto|che ne pensi|cosa ne pensi|che cosa ne pensi|cosa ne pensate|e tu|dicci|facci sapere|raccontaci|hai trovato un errore|hai una storia", "plu|partag|abonn|comment|soute|cafe|utile|aime|avis|pensez|redaction|share|subscri|story|article|post|comments|tip us|coffee|support|helpful|useful|think|artikel|beitrag|teil|gefallen|unterstutz|kommentar|meinung|redaktion|leserbrief|artic|nota|noticia|entrada|compart|apoy|opin|coment|redaccion|condivid|sostien|commen|opinione|redazione|utile"},
	{
		below, "abonnez-vous|abonnez vous|soutenez|offrez|faites un don|aidez-nous|rejoignez|adherez|essayez|a partir de|des 1|subscribe|support|donate|join|try |get unlimited|unlimited access|from just|help us|become a|buy me|buy us|if you value|abonnieren|unterstutzen|spenden|helfen sie|werden sie|testen|suscribete|suscribase|apoya|hazte|ayudanos|dona|por solo|invita|abbonati|sostieni|dona|aiutaci|diventa|a partire|offri|regala",
		"€|$|£| euro|par mois|/mois|mois gratuit|a month|per month|/month|free trial|week|im monat|/monat|pro monat|monat gratis|kostenlos testen|al mes|/mes|mes gratis|al mese|/mese|mese gratis|un cafe|un caffe|a coffee|einen kaffee|presse libre|presse independante|our journalism|independent journalism|unabhangigen journalismus|unsere arbeit|periodismo|nuestro trabajo|giornalismo|informazione libera|il nostro lavoro|notre travail|our work|membre|a member|mitglied|soci",
	},
	{anywhere, "suivez-nous|suivez notre|suivez nos|follow us|follow our|folgen sie uns|folgen sie unser|folge uns|siguenos|siganos|sigue nuestr|seguici|segui il nostro|segui la nostra|segui i nostri", "google news|google actualites|google discover|flipboard|whatsapp-kanal|whatsapp channel|canal de whatsapp|canale whatsapp|chaine whatsapp|instagram|facebook|twitter|linkedin|telegram|tiktok|youtube|bluesky|mastodon|apple news|feedly"},
	{below, "les commentaires sont|votre commentaire|votre message|veuillez|merci de |the comments|your comment|please |comments are|your message|die kommentarfunktion|ihr kommentar|bitte |los comentarios|tu comentario|su comentario|i commenti|il tuo commento|si prega", "ferm|moder|valid|publie|connect|closed|approved|log in|sign in|published|geschlossen|freigeschaltet|moderiert|anmelden|cerrad|moderad|aprobad|publicad|inicia|chius|moderat|approvat|pubblicat|acced"},
	{below, "made with|made in|theme by|theme:|built with|built by|designed by|design by|site by|website by|powered|realise par|site cree|site concu|conception|hebergement|webdesign|umsetzung|erstellt mit|gestaltung|disenado por|desarrollado por|diseno web|hecho con|creado con|realizzato da|realizzato con|sito realizzato|fatto con|progettato da|sviluppato da", ""},
	{below, "article paru|cet article est paru|cet article a ete publie|publie dans |classe dans|cette entree a ete publiee|ce contenu a ete publie|this entry was posted|this post was|this article was|this article first|this story was|bookmark the permalink|dieser beitrag wurde|dieser artikel erschien|dieser artikel ist erschienen|veroffentlicht in|esta entrada fue|esta entrada se publico|publicado en |este articulo se publico|questo articolo e stato pubblicato|questo articolo e stato scritto|pubblicato in |questa voce e stata", "permal|publie|paru|posted|published|appeared|veroffentlicht|erschien|publica|pubblicat"},
	{below, "si quiere |si quieres |si vous souhaitez |si vous voulez |if you want |if you would like |wenn sie |wenn du |se vuoi |se vuole |per restare |pour suivre |para seguir |to support |pour soutenir |um unsere |para apoyar |per sostenere ", "abonn|suscri|subscri|unase|unete|newsletter|abbon|iscriv|sosten|soute|un don|unterstutz|apoy|support"},
}

// wholeRights end a footer that names who owns a page.
var wholeRights = []string{"tous droits reserves", "all rights reserved", "alle rechte vorbehalten", "todos los derechos reservados", "tutti i diritti riservati", "riproduzione riservata", "droits reserves", "reproduction interdite"}

// pictureLabels begin a line that credits a picture.
const pictureLabels = "légende|légende photo|legend|caption|photo caption|bildunterschrift|bildtext|pie de foto|didascalia|in foto|nella foto|nelle foto|en la foto|en la imagen|im bild|auf dem bild|auf dem foto|sur la photo|en photo|ph|phot|cliché|video|vidéo|source photo|source image|fuente foto|fonte foto|fotograf|fotografin|fotoquelle|grafik|graphic|infographie|infografik|infografía|infografica|archives|archivo|archivio|archiv|archivfotos|photos et vidéos|titelbild|beitragsbild|image à la une|featured image|imagen destacada|immagine di copertina|foto di copertina|foto portada|copertina|photo|photos|credit photo|credits photo|credit photos|credits photos|credit|credits|photo credit|photo credits|image credit|credit image|image|images|photograph|photographie|illustration|foto|fotos|bild|bilder|bildnachweis|bildquelle|fotocredit|credito foto|credito de la foto|credito|creditos|imagen|fotografia|immagine|crediti|crediti foto|picture|visuel|visuel d'illustration|photo d'illustration|symbolbild|symbolfoto|archivbild|archivfoto"

// agencies may stand in a byline or a credit in place of a person.
const agencies = "afp|reuters|ap|dpa|epd|kna|efe|ansa|apa|ats|keystone|europa press|belga|getty images|getty|shutterstock|istock|adobe stock|unsplash|pexels|agence france-presse|associated press|" +
	"la redaction|redaction|la redazione|redazione|la redaccion|redaccion|die redaktion|redaktion|staff|our correspondent|web redaktion|onlineredaktion|newsroom"

// labels of lists of keywords; those that a text could use count at its edges only.
const (
	tagLabels   = "étiqueté|étiqueté avec|étiquettes associées|mots-clefs|mots clefs|tagged as|this entry was tagged|related topics|verschlagwortet mit|schlagworte zum artikel|tags zum artikel|mehr zu|etiquetado|etiquetado como|etiquetado con|taggato|taggato con|tag articolo|mots-cles|mots cles|mot-cle|tags|tag|etiquettes|keywords|schlagworter|schlagworte|schlagwort|stichworte|stichworter|etiquetas|etiqueta|palabras clave|parole chiave|tagged|tagged with|tagged in|article tags|tags associes|mots-cles associes|themes associes|sujets associes"
	topicLabels = "themes|theme|sujets|thematiques|topics|themen|temas|argomenti|temi|etichette|hashtags|dossiers"
	deskLabels  = "mis dans|rangé dans|archivé dans|rubriques|section|categories|topics in|abgelegt unter|kategorisiert in|einsortiert unter|themenbereich|secciones|archivado como|clasificado en|guardado en|sezioni|archiviato sotto|argomento|tema|thema|rubrique|categorie|categories|classe dans|publie dans|filed under|category|section|posted in|kategorie|kategorien|rubrik|ressort|seccion|categoria|categorias|archivado en|sezione|rubrica|archiviato in|pubblicato in|publicado en"
)

// homes begin a trail of breadcrumbs; leads announce one.
const (
	homes = "accueil|home|startseite|start|inicio|portada|homepage|home page|page d'accueil|pagina iniziale|pagina principal|une|a la une"
	leads = "vous etes ici|you are here|sie sind hier|sie befinden sich hier|estas aqui|usted esta aqui|ti trovi qui|ti trovi in|sei in|sei qui|fil d'ariane|breadcrumb"
)

// set makes a look-up of a list parted by "|", each entry in its folded form.
func set(lists ...string) map[string]bool {
	m := map[string]bool{}
	for _, list := range lists {
		for entry := range strings.SplitSeq(list, "|") {
			m[key(entry)] = true
		}
	}
	return m
}
