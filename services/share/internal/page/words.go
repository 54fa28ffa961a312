// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// words are the texts of the pages in one language. A text with %s takes a day.
type words struct {
	Notices     map[Kind]said `json:"notices"`
	Reason      string        `json:"reason"`
	Withdrawn   string        `json:"withdrawn"`
	Replacement string        `json:"replacement"`
	Retry       string        `json:"retry"`

	Inspect   string `json:"inspect"`
	Unseen    string `json:"unseen"`
	Leads     string `json:"leads"`
	Partner   string `json:"partner"`
	Channel   string `json:"channel"`
	State     string `json:"state"`
	Created   string `json:"created"`
	InService string `json:"inService"`
	Until     string `json:"until"`
	Over      string `json:"over"`
	OverSince string `json:"overSince"`
	Nowhere   string `json:"nowhere"`
	QR        string `json:"qr"`
	Continue  string `json:"continue"`
	About     string `json:"about"`

	Day    string   `json:"day"`   // {d} {m} {y}
	First  string   `json:"first"` // {d} on the first of a month
	Months []string `json:"months"`
}

type said struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

func readWords() (map[string]words, error) {
	data, err := files.ReadFile("words.json")
	if err != nil {
		return nil, err
	}
	var out map[string]words
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&out); err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	for _, tag := range Languages() {
		if len(out[tag].Months) != 12 {
			return nil, fmt.Errorf("words: %s has %d months", tag, len(out[tag].Months))
		}
	}
	return out, nil
}

// dated is a text about a day, in the parts that markup stands between.
type dated struct{ Before, ISO, Day, After string }

// dated sets a day into a text that holds %s; nil for the zero time.
func (t words) dated(text string, at time.Time) *dated {
	if at.IsZero() {
		return nil
	}
	d := &dated{ISO: at.Format(time.DateOnly), Day: t.day(at)}
	d.Before, d.After, _ = strings.Cut(text, "%s")
	return d
}

// day writes a day as the language does: 1er mars 2026, 1 March 2026.
func (t words) day(at time.Time) string {
	number := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		number = t.First
	}
	return strings.NewReplacer("{d}", number, "{m}", t.Months[at.Month()-1], "{y}", strconv.Itoa(at.Year())).Replace(t.Day)
}

// locale is what a language is called by its readers, and by Open Graph, which
// wants a territory: the one with most of the language's readers (CLDR likely
// subtags), or the name by which Facebook knows the language.
type locale struct{ name, openGraph string }

func locales(tag string) (locale, bool) {
	l, ok := map[string]locale{
		"fr": {"Français", "fr_FR"}, "en": {"English", "en_US"}, "de": {"Deutsch", "de_DE"}, "es": {"Español", "es_ES"},
		"it": {"Italiano", "it_IT"}, "nl": {"Nederlands", "nl_NL"}, "pt": {"Português", "pt_BR"}, "ar": {"العربية", "ar_AR"},
		"bg": {"Български", "bg_BG"}, "br": {"Brezhoneg", "br_FR"}, "ca": {"Català", "ca_ES"}, "co": {"Corsu", "co_FR"},
		"cs": {"Čeština", "cs_CZ"}, "cy": {"Cymraeg", "cy_GB"}, "da": {"Dansk", "da_DK"}, "el": {"Ελληνικά", "el_GR"},
		"et": {"Eesti", "et_EE"}, "eu": {"Euskara", "eu_ES"}, "fa": {"فارسی", "fa_IR"}, "fi": {"Suomi", "fi_FI"},
		"ga": {"Gaeilge", "ga_IE"}, "gl": {"Galego", "gl_ES"}, "he": {"עברית", "he_IL"}, "hi": {"हिन्दी", "hi_IN"},
		"hr": {"Hrvatski", "hr_HR"}, "hu": {"Magyar", "hu_HU"}, "hy": {"Հայերեն", "hy_AM"}, "id": {"Bahasa Indonesia", "id_ID"},
		"ja": {"日本語", "ja_JP"}, "ka": {"ქართული", "ka_GE"}, "ko": {"한국어", "ko_KR"}, "lb": {"Lëtzebuergesch", "lb_LU"},
		"lt": {"Lietuvių", "lt_LT"}, "lv": {"Latviešu", "lv_LV"}, "mt": {"Malti", "mt_MT"}, "nb": {"Norsk bokmål", "nb_NO"},
		"no": {"Norsk", "nb_NO"}, "nn": {"Norsk nynorsk", "nn_NO"}, "oc": {"Occitan", "oc_FR"}, "pl": {"Polski", "pl_PL"},
		"ro": {"Română", "ro_RO"}, "ru": {"Русский", "ru_RU"}, "sk": {"Slovenčina", "sk_SK"}, "sl": {"Slovenščina", "sl_SI"},
		"sq": {"Shqip", "sq_AL"}, "sr": {"Српски", "sr_RS"}, "sv": {"Svenska", "sv_SE"}, "th": {"ไทย", "th_TH"},
		"tr": {"Türkçe", "tr_TR"}, "uk": {"Українська", "uk_UA"}, "vi": {"Tiếng Việt", "vi_VN"}, "zh": {"简体中文", "zh_CN"},
		"zh-Hans": {"简体中文", "zh_CN"}, "zh-Hant": {"繁體中文", "zh_TW"},
	}[tag]
	return l, ok
}

// languageName is what a language's readers call it, with what else its tag
// says; the tag where that is not known.
func languageName(tag string) string {
	l, rest := known(tag)
	if l.name == "" {
		return tag
	}
	if rest != "" {
		return l.name + " (" + rest + ")"
	}
	return l.name
}

// openGraphLocale is a tag as og:locale has it: language_TERRITORY; "" where
// no territory is known.
func openGraphLocale(tag string) string {
	l, _ := known(tag)
	base, rest, _ := strings.Cut(tag, "-")
	for part := range strings.SplitSeq(rest, "-") {
		if len(part) == 2 && part == strings.ToUpper(part) {
			return base + "_" + part
		}
	}
	return l.openGraph
}

// known looks a tag up, then its parents; rest is what those leave out.
func known(tag string) (l locale, rest string) {
	for parent := tag; ; {
		if l, ok := locales(parent); ok {
			return l, strings.TrimPrefix(strings.TrimPrefix(tag, parent), "-")
		}
		i := strings.LastIndexByte(parent, '-')
		if i < 0 {
			return locale{}, ""
		}
		parent = parent[:i]
	}
}
