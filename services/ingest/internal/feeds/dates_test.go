// SPDX-License-Identifier: Apache-2.0

package feeds_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

func dated(date string) string {
	return "<rss><channel><item><title>A</title><pubDate>" + date + "</pubDate></item></channel></rss>"
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"Tue, 03 Nov 2026 08:30:00 GMT":           "2026-11-03T08:30:00Z",
		"Tue, 03 Nov 2026 08:30:00 +0100":         "2026-11-03T07:30:00Z",
		"Mon, 03 Nov 2026 08:30:00 -0330":         "2026-11-03T12:00:00Z", // not a Monday
		"3 Nov 2026 08:30 Z":                      "2026-11-03T08:30:00Z",
		"Tue,3 Nov 26 8:30 EST":                   "2026-11-03T13:30:00Z",
		"Sun, 06 Nov 94 08:49:37 UT":              "1994-11-06T08:49:37Z",
		"Sunday, 06-Nov-94 08:49:37 GMT":          "1994-11-06T08:49:37Z",
		"Sun Nov  6 08:49:37 1994":                "1994-11-06T08:49:37Z",
		"Sun Nov 6 08:49:37 PST 1994":             "1994-11-06T16:49:37Z",
		"Sun Nov 6 08:49:37 +0100 1994":           "1994-11-06T07:49:37Z",
		"Wed, 1 Jul 2026 7:05:00 CEST":            "2026-07-01T05:05:00Z",
		"Wed, 1 Jul 2026 07:05:00 +0200 (CEST)":   "2026-07-01T05:05:00Z",
		"Thu, 1 Jan 2026 07:05:00 CET":            "2026-01-01T06:05:00Z",
		"Thu, 1 Jan 2026 07:05:00 GMT+2":          "2026-01-01T05:05:00Z",
		"Thu, 1 Jan 2026 24:00:00 GMT":            "2026-01-02T00:00:00Z",
		"Thu, 31 Dec 2016 23:59:60 GMT":           "2016-12-31T23:59:59Z",
		"Thu, 1 Jan 2026":                         "2026-01-01T00:00:00Z",
		"January 5, 2026":                         "2026-01-05T00:00:00Z",
		"Monday, January 5th, 2026 3:04 PM":       "2026-01-05T15:04:00Z",
		"Jan 5, 2026, 12:30 a.m. EST":             "2026-01-05T05:30:00Z",
		"mar., 3 nov. 2026 09:15:00 +0100":        "2026-11-03T08:15:00Z",
		"mardi 3 novembre 2026 à 9h15":            "2026-11-03T09:15:00Z",
		"1er août 2026":                           "2026-08-01T00:00:00Z",
		"lun, 02 févr. 2026 10:00:00 +0000":       "2026-02-02T10:00:00Z",
		"25 décembre 2025 - 18:00":                "2025-12-25T18:00:00Z",
		"30 juin 2026":                            "2026-06-30T00:00:00Z",
		"14 juillet 2026":                         "2026-07-14T00:00:00Z",
		"Di, 03 Mär 2026 08:30:00 MEZ":            "2026-03-03T07:30:00Z",
		"3. Oktober 2026":                         "2026-10-03T00:00:00Z",
		"Do., 31. Dez. 2026 12:00 MESZ":           "2026-12-31T10:00:00Z",
		"3 de enero de 2026":                      "2026-01-03T00:00:00Z",
		"2026-11-03T08:30:00Z":                    "2026-11-03T08:30:00Z",
		"2026-11-03t08:30:00.123456+01:00":        "2026-11-03T07:30:00Z",
		"2026-11-03T08:30+0100":                   "2026-11-03T07:30:00Z",
		"2026-11-03 08:30:00":                     "2026-11-03T08:30:00Z",
		"2026-11-03 08:30:00 +01":                 "2026-11-03T07:30:00Z",
		"2026-11-03T08:30:00+01:00[Europe/Paris]": "2026-11-03T07:30:00Z",
		"2026-11-03":                              "2026-11-03T00:00:00Z",
		"2026-11-03-07:00":                        "2026-11-03T07:00:00Z",
		"20261103":                                "2026-11-03T00:00:00Z",
		"20261103T083000Z":                        "",
		"25/12/2026 10:00":                        "2026-12-25T10:00:00Z",
		"12/25/2026":                              "2026-12-25T00:00:00Z",
		"05.04.2026":                              "2026-04-05T00:00:00Z",
		"05/05/2026":                              "2026-05-05T00:00:00Z",
		"05/04/2026":                              "",
		"31/02/2026":                              "",
		"Thu, 30 Feb 2026 10:00:00 GMT":           "",
		"Thu, 1 Jan 2026 25:00:00 GMT":            "",
		"Thu, 1 Jan 2026 10:00:00 IST":            "",
		"Thu, 1 Jan 2026 10:00:00 +9900":          "",
		"Mon, 30 Nov -0001 00:00:00 +0000":        "",
		"0000-00-00 00:00:00":                     "",
		"hier":                                    "",
		"2026":                                    "",
		"1767225600":                              "",
		strings.Repeat("9", 500):                  "",
	} {
		items := mustRead(t, dated(in), feeds.RSS)
		got := ""
		if !items[0].Edition.DatePublished.IsZero() {
			got = items[0].Edition.DatePublished.Format(time.RFC3339)
		}
		if got != want || (want == "") != fault.Is(items[0].Err, fault.Invalid) {
			t.Errorf("%q: %q, %v; want %q", in, got, items[0].Err, want)
		}
		if want == "" && !strings.Contains(fmt.Sprint(items[0].Err), "/datePublished") {
			t.Errorf("%q: %v", in, items[0].Err)
		}
	}
	if items := mustRead(t, dated(" "), feeds.RSS); items[0].Err != nil {
		t.Errorf("no date: %v", items[0].Err)
	}
}
