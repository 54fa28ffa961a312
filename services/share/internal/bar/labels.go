// SPDX-License-Identifier: Apache-2.0

package bar

import (
	"strings"

	"github.com/relais-press/relais/pkg/language"
)

// words are the labels of a bar in one language. on holds a %, for the network.
type words struct{ tag, on, mail, sms, copy, native string }

// languages lists what the bar speaks; the first is for those who speak none of it.
func languages() []words {
	return []words{
		{"en", "Share on %", "Send by email", "Send by text message", "Copy the link", "Share…"},
		{"fr", "Partager sur %", "Envoyer par e-mail", "Envoyer par SMS", "Copier le lien", "Partager…"},
		{"de", "Auf % teilen", "Per E-Mail senden", "Per SMS senden", "Link kopieren", "Teilen\u00a0…"},
		{"es", "Compartir en %", "Enviar por correo electrónico", "Enviar por SMS", "Copiar el enlace", "Compartir…"},
		{"it", "Condividi su %", "Invia per e-mail", "Invia per SMS", "Copia il link", "Condividi…"},
		{"nl", "Delen op %", "Versturen per e-mail", "Versturen per sms", "Link kopiëren", "Delen…"},
		{"pt", "Compartilhar no %", "Enviar por e-mail", "Enviar por SMS", "Copiar o link", "Compartilhar…"},
		{"pt-PT", "Partilhar no %", "Enviar por e-mail", "Enviar por SMS", "Copiar a ligação", "Partilhar…"},
		{"ar", "المشاركة على %", "الإرسال بالبريد الإلكتروني", "الإرسال برسالة نصية", "نسخ الرابط", "مشاركة…"},
	}
}

// names are the networks as they write themselves.
func names() map[string]string {
	return map[string]string{
		LinkedIn: "LinkedIn", X: "X", Facebook: "Facebook", WhatsApp: "WhatsApp", Telegram: "Telegram",
		Mastodon: "Mastodon", Bluesky: "Bluesky", Threads: "Threads", Reddit: "Reddit",
	}
}

// wordsIn returns the labels in the language that the bar speaks nearest to lang.
func wordsIn(lang string) words {
	all := languages()
	tags := make([]string, len(all))
	for i, w := range all {
		tags[i] = w.tag
	}
	tag, _ := language.Negotiate(lang, tags)
	for _, w := range all {
		if w.tag == tag {
			return w
		}
	}
	return all[0]
}

func (w words) label(network string) string {
	switch network {
	case Mail:
		return w.mail
	case SMS:
		return w.sms
	case Copy:
		return w.copy
	case Native:
		return w.native
	default:
		return strings.Replace(w.on, "%", names()[network], 1)
	}
}
