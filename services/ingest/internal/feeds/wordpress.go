// SPDX-License-Identifier: Apache-2.0

package feeds

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/article"
)

// post reports whether an item of a WordPress export is an article that is in
// use or may come to be.
func post(item *element) bool {
	if kind := item.get("wp:post_type"); kind != "" && kind != "post" {
		return false
	}
	switch item.get("wp:status") {
	case "trash", "auto-draft", "inherit":
		return false
	}
	return true
}

func (x *xmlFeed) absorbLogin(e *element) {
	login, name := e.get("wp:author_login"), e.get("wp:author_display_name")
	if len(login) > 300 || len(name) > 300 || len(x.head.logins) >= maxLogins {
		return
	}
	if x.head.logins == nil {
		x.head.logins = map[string]string{}
	}
	x.head.logins[login] = name
}

// wordpress maps what only an export says: status, dates, excerpt and the text
// as it is stored. What is neither published nor planned is withheld, and so is
// what a password protects.
func (x *xmlFeed) wordpress(e *article.Edition, item *element) error {
	e.BodyHTML = autop(withoutShortcodes(withoutBlockMarkers(item.get("content:encoded"))))
	setDescription(e, plain(item.get("excerpt:encoded")))
	status := item.get("wp:status")
	date, err := wordpressDate(e, item)
	switch status {
	case "publish", "":
	case "future":
		if date.IsZero() {
			e.PubStatus = article.Withheld
		} else {
			e.EmbargoedUntil = &date
		}
	default:
		e.PubStatus = article.Withheld
	}
	if item.get("wp:post_password") != "" {
		e.PubStatus = article.Withheld
	}
	if status == "draft" || status == "pending" {
		e.DatePublished, err = time.Time{}, nil
		if strings.Contains(e.CanonicalURL, "?p=") {
			e.CanonicalURL = ""
		}
	}
	return err
}

// wordpressDate sets DatePublished from the first real date of: post_date_gmt,
// pubDate, post_date, which is local and taken for UTC. WordPress writes
// 0000-00-00 and the year -0001 where it has none.
func wordpressDate(e *article.Edition, item *element) (time.Time, error) {
	given := ""
	for _, s := range []string{item.get("wp:post_date_gmt"), item.get("rss:pubDate"), item.get("wp:post_date")} {
		if !strings.HasPrefix(s, "0000-00-00") && !strings.Contains(s, "-0001") {
			given = cmp.Or(given, s)
		}
	}
	err := setDate(e, given)
	return e.DatePublished, err
}

var blockMarkers = regexp.MustCompile(`<!--\s*(?:/?wp:|more|nextpage)[^>]*?(?:>|$)`)

// withoutBlockMarkers leaves out the comments that bound blocks. Their settings
// are JSON in which WordPress escapes "--" and ">".
func withoutBlockMarkers(s string) string { return blockMarkers.ReplaceAllString(s, "") }

var shortcode = regexp.MustCompile(`\[(/?)([A-Za-z][A-Za-z0-9_-]*)((?:\s[^\[\]<>]*|\s[^\[\]]*=[^\[\]]*)?)/?\]`)

// withoutShortcodes strips shortcodes to what they enclose: the known ones,
// those with settings, and those that are closed. "[sic]" stays.
func withoutShortcodes(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	closed := map[string]bool{}
	for _, m := range shortcode.FindAllStringSubmatch(s, -1) {
		if m[1] == "/" {
			closed[m[2]] = true
		}
	}
	return shortcode.ReplaceAllStringFunc(s, func(code string) string {
		m := shortcode.FindStringSubmatch(code)
		switch m[2] {
		case "caption", "wp_caption", "gallery", "audio", "video", "playlist", "embed":
			return ""
		}
		if closed[m[2]] || strings.Contains(m[3], "=") {
			return ""
		}
		return code
	})
}

var (
	preformatted = regexp.MustCompile(`(?is)<pre\b.*?(?:</pre>|$)`)
	blankLines   = regexp.MustCompile(`\n[ \t\x{a0}]*(?:\n[ \t\x{a0}]*)+`)
	blockTag     = regexp.MustCompile(`^(?i)</?(?:p|div|h[1-6]|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|td|th|caption|blockquote|pre|hr|figure|figcaption|section|article|aside|header|footer|form|address|details|summary|iframe|script|style)\b`)
)

// autop makes paragraphs of text that is parted by blank lines, and <br> of line
// ends within, as WordPress does when it shows what it stored; texts of its
// block editor, which have their own, stay as they are.
func autop(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for s != "" {
		at := preformatted.FindStringIndex(s)
		if at == nil {
			at = []int{len(s), len(s)}
		}
		for _, part := range blankLines.Split(s[:at[0]], -1) {
			part = strings.TrimSpace(part)
			switch {
			case part == "":
				continue
			case blockTag.MatchString(part):
				b.WriteString(part)
			default:
				b.WriteString("<p>" + strings.ReplaceAll(part, "\n", "<br>\n") + "</p>")
			}
			b.WriteByte('\n')
		}
		b.WriteString(s[at[0]:at[1]])
		s = s[at[1]:]
	}
	return strings.TrimSpace(b.String())
}
