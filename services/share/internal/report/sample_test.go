// SPDX-License-Identifier: Apache-2.0

package report

import "time"

// n is a count.
func n(v int) *int64 { return new(int64(v)) }

// few is n, kept back under 5.
func few(v int64) *int64 {
	if v > 0 && v < 5 {
		return nil
	}
	return &v
}

// sample is what an editor sees of some days that end on 30 November 2026.
func sample(lang string, days int) *Data {
	to := time.Date(2026, time.November, 30, 0, 0, 0, 0, time.UTC)
	d := &Data{
		Language: lang, From: to.AddDate(0, 0, 1-days), To: to, Days: days,
		Uniques: n(9_871),
		Classes: map[string]*int64{
			"human": n(12_345), "preview": n(2_310), "scanner": n(412), "bot": n(1_904), "prefetch-refused": n(88), "monitor": n(720), "unknown": nil,
		},
		Channels: map[string]*int64{
			"linkedin": n(4_200), "whatsapp": n(2_750), "mail": n(1_630), "x": n(980), "bluesky": n(720), "qr": n(611), "copy": n(540),
			"": n(402), "mastodon": n(310), "facebook": n(190), "newsletter": n(12), "reddit": nil,
		},
		Partners: map[string]*int64{"ird": n(5_100), "cirad": n(3_900), "umontpellier": n(2_120), "": n(1_180), "agropolis": n(45), "petit": nil},
		Names: map[string]string{
			"ird": "IRD le Mag’", "cirad": "Cirad", "umontpellier": "Université de Montpellier, service de la communication",
			"agropolis": "Agropolis", "petit": "Petit journal",
		},
		Pairs: []Pair{
			{"fr", "fr", n(7_010)},
			{"en", "en", n(1_980)},
			{"en", "fr", n(240)},
			{"es", "en", n(411)},
			{"es", "es", n(96)},
			{"ar", "fr", n(377)},
			{"ar", "ar", nil},
			{"de", "en", n(205)},
			{"pt-BR", "en", n(133)},
			{"pt-BR", "fr", nil},
			{"", "fr", n(88)},
			{"zh-Hant", "en", n(12)},
		},
		Steps: []Step{{"searches", n(21_400)}, {"found", n(18_350)}, {"visits", n(4_120)}, {"shares", n(640)}},
		Articles: []Article{
			{"climat-villes", "Comment les villes s’adaptent aux canicules", "fr", n(3_204), n(2_611)},
			{"eau-sahel", "L’eau au Sahel : ce que disent les nappes", "fr", n(1_877), n(1_502)},
			{"water", "Water in the Sahel: what aquifers tell", "en", n(640), n(588)},
			{"miyah", "المياه في الساحل: ماذا تقول الطبقات الجوفية", "ar", n(44), n(40)},
			{"neuf", "", "", nil, nil},
		},
		CSV: map[string]string{},
	}
	for _, table := range []string{"day", "class", "channel", "partner", "language", "funnel", "article"} {
		d.CSV[table] = "/v1/stats?format=csv&groupBy=" + table
	}
	d.ByDay = perDay(d.From, days)
	return d
}

// perDay makes up what each of some days brought, weekends less.
func perDay(from time.Time, days int) []Day {
	var out []Day
	for i := range days {
		visits := int64(300+(i*7919)%190) * int64(1+i%5) / 3
		if date := from.AddDate(0, 0, i); date.Weekday() == time.Saturday || date.Weekday() == time.Sunday {
			visits /= 3
		}
		out = append(out, Day{Date: from.AddDate(0, 0, i), Visits: new(visits), Uniques: new(visits * 4 / 5)})
	}
	return out
}

// own is what a small partner sees of its own.
func own(lang string) *Data {
	d := sample(lang, 30)
	d.Site, d.Key, d.Partners, d.Names = &Site{ID: "petit", Name: "Petit journal"}, "pk_0123456789abcdef", nil, nil
	d.Classes = map[string]*int64{"human": n(61), "preview": nil, "bot": n(12)}
	d.Uniques = n(55)
	d.Channels = map[string]*int64{"mail": n(40), "linkedin": n(21), "sms": nil}
	d.Pairs = []Pair{{"fr", "fr", n(52)}, {"oc", "fr", nil}}
	d.Steps = nil
	d.Articles = d.Articles[4:]
	for i := range d.ByDay {
		visits := int64(i*13%11) * int64(i%3)
		d.ByDay[i].Visits, d.ByDay[i].Uniques = few(visits), few(visits*4/5)
	}
	return d
}

// bare is a period in which nothing happened.
func bare(lang string) *Data {
	d := sample(lang, 30)
	d.Classes, d.Channels, d.Partners, d.Pairs, d.Steps, d.Articles, d.Uniques = nil, nil, nil, nil, nil, nil, n(0)
	for i := range d.ByDay {
		d.ByDay[i].Visits, d.ByDay[i].Uniques = n(0), n(0)
	}
	return d
}
