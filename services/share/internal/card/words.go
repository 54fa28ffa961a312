// SPDX-License-Identifier: Apache-2.0

package card

import (
	"strconv"
	"strings"
	"time"
)

// correctedIn is how a card says that the article was corrected.
var correctedIn = map[string]string{
	"ar": "مصحَّح", "de": "Korrigiert", "el": "Διορθώθηκε", "en": "Corrected", "es": "Corregido", "fr": "Corrigé",
	"it": "Corretto", "nl": "Gecorrigeerd", "pl": "Poprawiono", "pt": "Corrigido", "ru": "Исправлено", "uk": "Виправлено",
}

// monthsIn holds the months as they stand in a date.
var monthsIn = map[string]string{
	"ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
	"de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
	"el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου Δεκεμβρίου",
	"en": "January February March April May June July August September October November December",
	"es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
	"fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
	"it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
	"nl": "januari februari maart april mei juni juli augustus september oktober november december",
	"pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
	"pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
	"ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
	"uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
}

func corrected(language string) string {
	if word, ok := correctedIn[language]; ok {
		return word
	}
	return correctedIn["en"]
}

// day writes a date as the language does, with spaces that do not break, and
// as in ISO 8601 where the months are not known; the zero time is nothing.
func day(t time.Time, language string) string {
	if t.IsZero() {
		return ""
	}
	months, ok := monthsIn[language]
	if !ok {
		return t.Format(time.DateOnly)
	}
	number, link := strconv.Itoa(t.Day()), " "
	switch {
	case language == "fr" && t.Day() == 1:
		number = "1er"
	case language == "it" && t.Day() == 1:
		number = "1º"
	case language == "de":
		number += "."
	case language == "es", language == "pt":
		link = " de "
	}
	month := strings.Fields(months)[t.Month()-1]
	return strings.ReplaceAll(number+link+month+link+strconv.Itoa(t.Year()), " ", "\u00a0")
}
