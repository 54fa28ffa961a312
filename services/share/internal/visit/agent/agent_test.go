// SPDX-License-Identifier: Apache-2.0

package agent_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/share/internal/click"
	"github.com/relais-press/relais/services/share/internal/visit/agent"
)

func table(t testing.TB) *agent.Table {
	t.Helper()
	tab, err := agent.New()
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestReadersAreBrowsers(t *testing.T) {
	tab := table(t)
	data, err := os.ReadFile("testdata/browsers.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(lines) < 60 {
		t.Fatalf("%d browsers", len(lines))
	}
	for _, ua := range lines {
		if got := tab.Kind(ua); got != agent.Browser {
			t.Errorf("Kind(%q) = %d, want Browser", ua, got)
		}
	}
}

func TestProgramsSayWhatTheyAre(t *testing.T) {
	tab := table(t)
	const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	for _, c := range []struct {
		ua   string
		want agent.Kind
	}{
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0", agent.Preview},
		{"Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)", agent.Preview},
		{"Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com", agent.Preview},
		{"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", agent.Preview},
		{"WhatsApp/2", agent.Preview},
		{"WhatsApp/2.23.20.0 A", agent.Preview},
		{"Notion/1.0 (https://notion.so; team@makenotion.com)", agent.Preview},
		{"TelegramBot (like TwitterBot)", agent.Preview},
		{"Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", agent.Preview},
		{"http.rb/5.1.1 (Mastodon/4.2.0; +https://mastodon.example/)", agent.Preview},
		{"Mastodon/4.4.1 (http.rb/5.3.1; +https://social.example/)", agent.Preview},
		{"Pleroma 2.6.0; https://pleroma.example <admin@pleroma.example>", agent.Preview},
		{"Misskey/2024.5.0 (https://misskey.example)", agent.Preview},
		{"SummalyBot/5.1.0", agent.Preview},
		{"gotosocial/0.19.2+git-90851fc (+https://social.example)", agent.Preview},
		{"Mozilla/5.0 (compatible; ZulipURLPreview/9.0; +https://chat.example)", agent.Preview},

		{"Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", agent.Monitor},
		{"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", agent.Monitor},
		{chrome + " StatusCake", agent.Monitor},
		{"Better Uptime Bot Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", agent.Monitor},
		{"GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)", agent.Monitor},
		{"kube-probe/1.31", agent.Monitor},
		{"Blackbox Exporter/0.25.0", agent.Monitor},
		{"updown.io daemon 2.11", agent.Monitor},
		{"Uptime-Kuma/1.23.13", agent.Monitor},

		{"Mozilla/5.0 (compatible; BitSightBot/1.0)", agent.Scanner},
		{chrome + " (compatible; Google-Safety; +http://www.google.com/bot.html)", agent.Scanner},
		{"Barracuda Sentinel (EE)", agent.Scanner},
		{"Mozilla/5.0 (compatible; NetcraftSurveyAgent/1.0; +info@netcraft.com)", agent.Scanner},

		{"Mozilla/4.0 (compatible; ms-office; MSOffice 16)", agent.Office},
		{"Microsoft Office Word 2014", agent.Office},
		{"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)", agent.Office},

		{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", agent.Bot},
		{"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36", agent.Bot},
		{"curl/8.5.0", agent.Bot},
		{"Wget/1.21", agent.Bot},
		{"Go-http-client/2.0", agent.Bot},
		{"python-requests/2.32.3", agent.Bot},
		{"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36", agent.Bot},
		{"BrandNewListlessBot/1.0", agent.Bot},
		{"Mozilla/5.0 (compatible; Listless/1.0; +https://listless.example/)", agent.Bot},
		{"Mozilla/5.0 (compatible; some site crawler)", agent.Bot},

		{"", agent.Unknown},
		{"MyReader 3.1", agent.Unknown},
		{"mozilla", agent.Unknown},
		{strings.Repeat("x", 100_000) + "Googlebot/", agent.Unknown},
	} {
		if got := tab.Kind(c.ua); got != c.want {
			t.Errorf("Kind(%.150q) = %d, want %d", c.ua, got, c.want)
		}
	}
}

// Every example of the list of crawlers must be known for something else than a
// reader, but for two that are readers: a browser inside an app, and one on a
// telephone whose release of Android is listed.
func TestCrawlersAreNotReaders(t *testing.T) {
	tab := table(t)
	data, err := os.ReadFile("crawler-user-agents.json")
	if err != nil {
		t.Fatal(err)
	}
	var crawlers []struct {
		Pattern   string
		Instances []string
	}
	if err := json.Unmarshal(data, &crawlers); err != nil {
		t.Fatal(err)
	}
	readers := map[string]bool{`MetaIAB Facebook`: true, `AP3A\.240617\.008`: true}
	n := 0
	for _, c := range crawlers {
		for _, ua := range c.Instances {
			n++
			k := tab.Kind(ua)
			if (k.Class() == click.Human) != readers[c.Pattern] || k == agent.Unknown {
				t.Errorf("%s: Kind(%q) = %d", c.Pattern, ua, k)
			}
		}
	}
	if n < 2000 {
		t.Errorf("only %d examples", n)
	}
}

func TestKindsAreCountedUnderClasses(t *testing.T) {
	for k, want := range map[agent.Kind]click.Class{
		agent.Unknown: click.Unknown, agent.Browser: click.Human, agent.Preview: click.Preview, agent.Monitor: click.Monitor,
		agent.Scanner: click.Scanner, agent.Office: click.Bot, agent.Bot: click.Bot, 99: click.Unknown,
	} {
		if got := k.Class(); got != want {
			t.Errorf("Kind(%d).Class() = %s, want %s", k, got, want)
		}
	}
}

func FuzzKind(f *testing.F) {
	tab := table(f)
	for _, ua := range []string{"", "M", "Mozilla/5.0", "Googlebot/2.1", "\xff\x00", strings.Repeat("Google", 1000), "wget bot"} {
		f.Add(ua)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		if k := tab.Kind(ua); k > agent.Bot || k != tab.Kind(strings.Clone(ua)) {
			t.Errorf("Kind(%q) = %d", ua, k)
		}
	})
}

func BenchmarkKind(b *testing.B) {
	tab := table(b)
	for name, ua := range map[string]string{
		"browser": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
		"crawler": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"hostile": strings.Repeat("Googl", 500),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				tab.Kind(ua)
			}
		})
	}
}
