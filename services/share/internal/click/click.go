// SPDX-License-Identifier: Apache-2.0

// Package click records that links were followed: it batches clicks into the
// log, and counts what the log holds, each click once. No address, user agent
// or referrer is part of a click.
package click

import (
	"strings"
	"time"
)

// Class says who followed a link, as far as one can tell.
type Class string

// The classes.
const (
	Human   Class = "human"
	Preview Class = "preview" // a service that draws a preview of the link
	Bot     Class = "bot"     // any other program that says so
)

// Click is one visit of a short link.
type Click struct {
	ID       string    `json:"id"` // random
	Code     string    `json:"code"`
	Article  string    `json:"article"`
	Language string    `json:"language"` // served
	Partner  string    `json:"partner,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Class    Class     `json:"class"`
	Hour     time.Time `json:"hour"` // UTC, to the hour
}

// previews are tokens of the programs that draw previews (lower case).
var previews = []string{
	"slackbot", "slack-imgproxy", "linkedinbot", "twitterbot", "facebookexternalhit", "facebot", "meta-externalagent",
	"meta-externalfetcher", "whatsapp/", "telegrambot", "discordbot", "mastodon/", "pleroma", "misskey", "cardyb",
	"skypeuripreview", "redditbot", "pinterestbot", "vkshare", "viber", "snap url preview", "linespider", "iframely", "embedly",
}

// Classify says who a user agent belongs to. The string is looked at, not kept.
func Classify(userAgent string) Class {
	ua := strings.ToLower(userAgent)
	for _, token := range previews {
		if strings.Contains(ua, token) {
			return Preview
		}
	}
	for _, token := range []string{"bot", "crawler", "spider"} {
		if strings.Contains(ua, token) {
			return Bot
		}
	}
	return Human
}
