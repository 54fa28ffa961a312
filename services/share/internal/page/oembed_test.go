// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/share/internal/page"
)

func TestOEmbed(t *testing.T) {
	o := open(t).OEmbed(someCard(), 0, 0)
	if o.Version != "1.0" || o.Type != "rich" || o.Title != someCard().Headline || o.AuthorName != "Ada Martin" || o.AuthorURL != "https://gazette.example/ada" ||
		o.ProviderName != "La Gazette" || o.ProviderURL != "https://gazette.example/" || o.CacheAge != 3600 || o.Width != 600 ||
		o.ThumbnailURL != someCard().Image || o.ThumbnailWidth != 1200 || o.ThumbnailHeight != 630 {
		t.Errorf("answer %+v", o)
	}
	nodes := parse(t, o.HTML)
	q := find(nodes, "blockquote")
	if len(q) != 1 || q[0].attr["cite"] != someCard().URL || q[0].attr["lang"] != "fr" || !strings.HasSuffix(q[0].text, "— Ada Martin, La Gazette") {
		t.Errorf("markup %s", o.HTML)
	}
	if a := find(nodes, "a"); len(a) != 1 || a[0].attr["href"] != someCard().URL || a[0].text != someCard().Headline {
		t.Errorf("links %v", a)
	}
	if err := xml.Unmarshal([]byte(o.HTML), new(struct{})); err != nil {
		t.Errorf("the markup is no XHTML: %v", err)
	}

	c := someCard()
	c.Site, c.SiteURL, c.Authors, c.Image = "", "", nil, ""
	if o := open(t).OEmbed(c, 0, 0); o.ProviderName != "Relais" || o.ProviderURL != public || o.ThumbnailWidth != 0 || o.AuthorName != "" {
		t.Errorf("answer %+v", o)
	}
}

func TestOEmbedObeysItsBounds(t *testing.T) {
	p := open(t)
	for _, c := range []struct {
		width, height int
		describes     bool
		pictures      bool
	}{
		{0, 0, true, true},
		{1200, 630, true, true},
		{1199, 0, true, false},
		{0, 629, true, false},
		{320, 0, true, false},
		{300, 150, false, false},
		{1, 1, false, false},
		{5000, 5000, true, true},
	} {
		o := p.OEmbed(someCard(), c.width, c.height)
		if (c.width > 0 && o.Width > c.width) || (c.height > 0 && o.Height > c.height) || o.Width < 1 || o.Height < 1 {
			t.Errorf("%+v gives %d × %d", c, o.Width, o.Height)
		}
		if got := strings.Contains(o.HTML, "soixantaine"); got != c.describes {
			t.Errorf("%+v: describes %v", c, got)
		}
		if (o.ThumbnailURL != "") != c.pictures || (o.ThumbnailWidth > 0) != c.pictures || (o.ThumbnailHeight > 0) != c.pictures {
			t.Errorf("%+v: thumbnail %+v", c, o)
		}
	}
}

func TestOEmbedFormats(t *testing.T) {
	o := open(t).OEmbed(someCard(), 0, 0)
	for format, media := range map[string]string{"": "application/json", "json": "application/json", "xml": "text/xml; charset=utf-8"} {
		got, body, err := o.Encode(format)
		if err != nil || got != media {
			t.Fatalf("%q: %s, %v", format, got, err)
		}
		var back page.OEmbed
		decode := json.Unmarshal
		if format == "xml" {
			decode = xml.Unmarshal
			if !strings.HasPrefix(string(body), `<?xml version="1.0" encoding="utf-8" standalone="yes"?>`+"\n<oembed><version>1.0</version>") {
				t.Errorf("xml %s", body)
			}
		}
		if err := decode(body, &back); err != nil {
			t.Fatal(err)
		}
		back.XMLName = o.XMLName
		if !reflect.DeepEqual(back, o) {
			t.Errorf("%q gives %+v, want %+v", format, back, o)
		}
	}
	if _, _, err := o.Encode("yaml"); !errors.Is(err, page.ErrFormat) {
		t.Errorf("yaml: %v", err)
	}
}

func FuzzOEmbed(f *testing.F) {
	p := open(f)
	for _, text := range hostile() {
		f.Add(text, 300, 200)
	}
	f.Fuzz(func(t *testing.T, text string, width, height int) {
		o := p.OEmbed(page.Card{
			URL: text, Language: text, Headline: text, Description: text, Site: text, SiteURL: text, Image: text, Authors: []page.Author{{Name: text, URL: text}},
		}, width, height)
		for _, n := range parse(t, o.HTML) {
			if !slices.Contains(strings.Fields("html head body blockquote p strong a cite"), n.name) {
				t.Errorf("element %s in %s", n.name, o.HTML)
			}
		}
		_, body, err := o.Encode("xml")
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(body, new(page.OEmbed)); err != nil {
			t.Errorf("%v: %s", err, body)
		}
	})
}
