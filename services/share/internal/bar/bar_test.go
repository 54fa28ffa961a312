// SPDX-License-Identifier: Apache-2.0

package bar

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// short is a short link that carries a channel.
func short(channel string) string { return "https://relais.example/s/7K3Q9ZTA." + channel + ".H4X2" }

// hrefs returns the address of each network.
func hrefs(s Subject) map[string]string {
	out := map[string]string{}
	for _, target := range Targets(s, short, "fr") {
		out[target.Network] = target.Href
	}
	return out
}

func TestTheAddressOfEachNetwork(t *testing.T) {
	got := hrefs(Subject{Headline: "Climat : 100 % & plus", Description: "Un entretien"})
	const text = "Climat%20%3A%20100%20%25%20%26%20plus"
	link := func(channel string) string { return "https%3A%2F%2Frelais.example%2Fs%2F7K3Q9ZTA." + channel + ".H4X2" }
	want := map[string]string{
		"linkedin": "https://www.linkedin.com/sharing/share-offsite/?url=" + link("linkedin"),
		"x":        "https://x.com/intent/tweet?text=" + text + "&url=" + link("x"),
		"facebook": "https://www.facebook.com/sharer/sharer.php?u=" + link("facebook"),
		"whatsapp": "https://wa.me/?text=" + text + "%0A" + link("whatsapp"),
		"telegram": "https://t.me/share/url?url=" + link("telegram") + "&text=" + text,
		"mastodon": "https://share.joinmastodon.org/#text=" + text + "%0A" + link("mastodon"),
		"bluesky":  "https://bsky.app/intent/compose?text=" + text + "%0A" + link("bluesky"),
		"threads":  "https://www.threads.com/intent/post?text=" + text + "&url=" + link("threads"),
		"reddit":   "https://www.reddit.com/submit?url=" + link("reddit") + "&title=" + text,
		"mail":     "mailto:?subject=" + text + "&body=Un%20entretien%0D%0A%0D%0A" + link("mail"),
		"sms":      "sms:?&body=" + text + "%20" + link("sms"),
		"copy":     "https://relais.example/s/7K3Q9ZTA.copy.H4X2",
		"native":   "https://relais.example/s/7K3Q9ZTA.native.H4X2",
	}
	for network, address := range want {
		if got[network] != address {
			t.Errorf("%s:\n%s, want\n%s", network, got[network], address)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d networks, want %d", len(got), len(want))
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct{ lang, network, want string }{
		{"fr", "linkedin", "Partager sur LinkedIn"},
		{"fr-CA", "mail", "Envoyer par e-mail"},
		{"fr", "copy", "Copier le lien"},
		{"fr", "native", "Partager…"},
		{"en", "x", "Share on X"},
		{"en-GB", "sms", "Send by text message"},
		{"de-AT", "whatsapp", "Auf WhatsApp teilen"},
		{"es-MX", "bluesky", "Compartir en Bluesky"},
		{"it", "threads", "Condividi su Threads"},
		{"nl-BE", "copy", "Link kopiëren"},
		{"pt-BR", "reddit", "Compartilhar no Reddit"},
		{"pt-PT", "reddit", "Partilhar no Reddit"},
		{"ar-MA", "mastodon", "المشاركة على Mastodon"},
		{"ja", "telegram", "Share on Telegram"},
		{"", "facebook", "Share on Facebook"},
		{"<nonsense>", "facebook", "Share on Facebook"},
	} {
		for _, target := range Targets(Subject{Headline: "x"}, short, c.lang) {
			if target.Network == c.network && target.Label != c.want {
				t.Errorf("%s in %q: %q, want %q", c.network, c.lang, target.Label, c.want)
			}
		}
	}
	for _, w := range languages() {
		if slices.Contains([]string{w.on, w.mail, w.sms, w.copy, w.native}, "") || !strings.Contains(w.on, "%") {
			t.Errorf("%s lacks a label", w.tag)
		}
	}
}

// read takes an address apart, as the network does, into the text that a post
// begins with and the link in it. Networks that take the link alone say nothing.
func read(t *testing.T, network, href string) (text, link string) {
	t.Helper()
	u, err := url.Parse(href)
	if err != nil {
		t.Fatalf("%s: %v", network, err)
	}
	rest := u.RawQuery
	if network == Mastodon {
		rest = u.EscapedFragment()
	}
	if strings.ContainsAny(rest, "+ \r\n#") {
		t.Fatalf("%s: %s is not percent-encoded", network, rest)
	}
	values := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimPrefix(rest, "&"), "&") {
		name, value, _ := strings.Cut(pair, "=")
		if values[name], err = url.PathUnescape(value); err != nil {
			t.Fatalf("%s: %v", network, err)
		}
	}
	return textAndLink(t, network, href, values)
}

// textAndLink finds both in the parameters of an address.
func textAndLink(t *testing.T, network, href string, values map[string]string) (text, link string) {
	t.Helper()
	split := func(s, separator string) (head, tail string) {
		at := strings.LastIndex(s, separator)
		if at < 0 {
			t.Fatalf("%s: %q holds no link", network, s)
		}
		return s[:at], s[at+len(separator):]
	}
	switch network {
	case LinkedIn:
		return "", values["url"]
	case Facebook:
		return "", values["u"]
	case X, Telegram, Threads:
		return values["text"], values["url"]
	case Reddit:
		return values["title"], values["url"]
	case WhatsApp, Mastodon, Bluesky:
		return split(values["text"], "\n")
	case SMS:
		return split(values["body"], " ")
	case Mail:
		_, link = split("\r\n\r\n"+values["body"], "\r\n\r\n")
		return values["subject"], link
	default:
		return "", href
	}
}

func TestEveryAddressReadsBack(t *testing.T) {
	for _, headline := range []string{
		"Fish & chips", "C# ou C++ ?", "100 % 100%25", "a+b=c", `"Citation" 'simple' « guillemets »`, "L’été à l’œuvre",
		"Une famille 👩‍👩‍👧‍👦 et 🏳️‍🌈 et 🇫🇷", "\u200fشرح المناخ\u200f\u200e (2026)", "日本語の見出し", "<script>alert(1)</script>",
		"a;b:c/d?e@f[g]h!i$j*k,l\\m|n^o`p{q}r~s", "%0D%0ABcc: x@example.org", "100\u202f% : oui\u00a0!", "\ufffd",
	} {
		for network, href := range hrefs(Subject{Headline: headline, Description: headline}) {
			text, link := read(t, network, href)
			if link != short(network) {
				t.Errorf("%s carries %s", network, link)
			}
			if text != "" && text != headline {
				t.Errorf("%s says %q, want %q", network, text, headline)
			}
		}
	}
}

func TestALineBreakInAHeadlineBecomesASpace(t *testing.T) {
	for _, c := range []struct{ headline, want string }{
		{"un\ndeux", "un deux"},
		{"un\r\nBcc: x@example.org", "un Bcc: x@example.org"},
		{"un\tdeux\u2028trois\u0085quatre", "un deux trois quatre"},
		{" un\x00\x1b\n", "un"},
		{"un\xffdeux", "un\ufffddeux"},
	} {
		if text, _ := read(t, Mail, hrefs(Subject{Headline: c.headline})[Mail]); text != c.want {
			t.Errorf("%q: %q, want %q", c.headline, text, c.want)
		}
	}
}

func TestAMailHoldsWhatFits(t *testing.T) {
	long := strings.Repeat("شرح المناخ ", 40)
	for _, c := range []struct {
		name              string
		subject           Subject
		contains, without string
	}{
		{"all", Subject{"Titre", "Chapô"}, "&body=Chap%C3%B4%0D%0A%0D%0Ahttps", "%E2%80%A6"},
		{"no description", Subject{"Titre", ""}, "&body=https", "%0D%0A"},
		{"a long description is cut", Subject{"Titre", strings.Repeat(long, 10)}, "%E2%80%A6%0D%0A%0D%0Ahttps", ""},
		{"a long headline is cut", Subject{strings.Repeat(long, 10), "Chapô"}, "%E2%80%A6&body=", ""},
	} {
		got := hrefs(c.subject)[Mail]
		if len(got) > mailLimit || !strings.Contains(got, c.contains) || c.without != "" && strings.Contains(got, c.without) {
			t.Errorf("%s: %d bytes: %s", c.name, len(got), got)
		}
	}
}
