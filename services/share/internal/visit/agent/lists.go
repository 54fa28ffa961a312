// SPDX-License-Identifier: Apache-2.0

package agent

// list is what programs of a kind have in their user agents, as they spell it.
type list struct {
	kind     Kind
	literals []string
}

// lists are looked through in this order, whatever the place in the string, and
// all before the list of crawlers.
func lists() []list {
	return []list{
		{Bot, []string{"BrandVerity"}}, // calls itself the app of Twitter
		{Browser, inApp()},
		{Preview, previews()},
		{Monitor, monitors()},
		{Scanner, scanners()},
		{Office, []string{"Microsoft Office", "ms-office", "MSOffice", "Microsoft Outlook", "Microsoft-WebDAV-MiniRedir"}},
		// Search engines that draw pages for their own results.
		{Bot, []string{"BingPreview/", "Google Web Preview"}},
	}
}

// inApp are the browsers inside apps, some of which lists of crawlers flag, and
// the browsers that do not begin with "Mozilla/".
func inApp() []string {
	return []string{
		"MetaIAB", "FBAN/", "FBAV/", "FB_IAB/", "Instagram ", "Barcelona ", "[LinkedInApp]", "[Pinterest/", "Snapchat/",
		"musical_ly", "BytedanceWebview", "ByteLocale/", "trill_", "MicroMessenger/", "WindowsWechat", " Line/", "KAKAOTALK",
		"NAVER(inapp", "DaumApps/", "GSA/", "Twitter for iPhone", "Twitter for iPad", "TwitterAndroid", "Telegram-Android/",
		"Weibo (", " QQ/", "MQQBrowser/", "SogouMobileBrowser/", "SogouMSE", "SogouSearch Android",
		"coc_coc_browser/", "Opera Mini/", "Opera/9", "UCWEB/", "UCBrowser/",
	}
}

func previews() []string {
	return []string{
		// The first is Messages of Apple, too, which calls itself Safari, Facebook and Twitter at once.
		"facebookexternalhit", "Facebot", "Twitterbot", "meta-externalagent", "meta-externalfetcher", "LinkedInBot",
		"Slackbot", "Slack-ImgProxy", "WhatsApp/", // Signal says WhatsApp, too
		"TelegramBot", "Discordbot", "SkypeUriPreview", "redditbot", "Pinterestbot", "pinterest.com/bot", "vkShare", "Viber",
		"Snap URL Preview", "Linespider", "Iframely", "Embedly", "Cardyb", "Signal-Android", "Notion/", "NotionEmbedder",
		"Tumblr/", "kakaotalk-scrap", "Yahoo Link Preview", "Mattermost-Bot", "Rocket.Chat", "Discourse Forum Onebox", "Synapse", "ZulipURLPreview", "Nextcloud Server Crawler",
		// The fediverse: every instance that sees a post draws its own preview.
		"Mastodon/", "Pleroma", "Akkoma", "Misskey", "SummalyBot", "Sharkey", "Firefish", "Calckey", "Iceshrimp", "CherryPick/",
		"gotosocial", "GoToSocial", "Friendica", "Lemmy/", "PieFed", "Mbin/", "KBin", "/kbin", "PeerTube/", "Pixelfed", "Hubzilla",
		"BookWyrm/", "WriteFreely", "Takahe/", "takahe/", "snac/", "ActivityPub", "Bridgy Fed",
	}
}

func monitors() []string {
	return []string{
		"UptimeRobot", "Pingdom", "StatusCake", "Better Uptime", "BetterUptime", "Better Stack", "BetterStack", "Site24x7",
		"GoogleStackdriverMonitoring", "Google-Cloud-Monitoring", "kube-probe", "Blackbox", "blackbox", "Datadog", "NewRelic",
		"Checkly", "HetrixTools", "updown.io", "Uptime-Kuma", "Amazon-Route53-Health-Check", "ELB-HealthChecker",
		"Cloudflare-Healthchecks", "Cloudflare-Traffic-Manager", "GoogleHC/", "Envoy/HC", "Consul Health Check", "Zabbix",
		"check_http", "Icinga", "OhDear", "Freshping", "Uptime.com", "NodePing", "Catchpoint", "Gatus", "Monit/",
	}
}

func scanners() []string {
	return []string{
		"Barracuda", "BarracudaCentral", "Proofpoint", "proofpoint", "Mimecast", "mimecast", "SafeLinks", "Safelinks",
		"BitSightBot", "urlscan", "VirusTotal", "virustotal", "Google-Safety", "PaloAlto", "Palo Alto", "Netcraft", "CheckPoint",
		"Check Point", "TrendMicro", "Trend Micro", "Forcepoint", "Zscaler", "FortiGuard", "Fortinet", "Sophos", "Symantec",
		"MessageLabs", "IronPort", "Cloudmark", "Kaspersky", "McAfee", "Bitdefender", "PhishTank", "CheckPhish",
		"SpamAssassin", "rspamd", "Rspamd", "Hornetsecurity", "Abnormal Security", "AbnormalSecurity",
		"Cofense", "TwinWaveScanner", "Expanse", "LightspeedSystemsCrawler", "SafeDNSBot",
	}
}
