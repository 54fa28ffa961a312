// SPDX-License-Identifier: Apache-2.0

package feeds_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

const rssHead = `<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><link>https://c.example.org/</link>`

func rssOf(item string) string { return rssHead + "<item>" + item + "</item>" + rssFoot }

func atomOf(entry string) string {
	return `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><entry>` + entry + "</entry></feed>"
}

func wxrOf(item string) string { return wxrHead + "<item>" + item + "</item>" + rssFoot }

func jsonOf(item string) string {
	return `{"version":"https://jsonfeed.org/version/1","items":[` + item + "]}"
}

// shorts writes the parts of an edition that are set, one a line.
func shorts(e article.Edition) string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+"="+value)
		}
	}
	add("headline", e.Headline)
	add("description", e.Description)
	add("body", e.BodyHTML)
	add("language", e.Language)
	for _, a := range e.Authors {
		add("author", strings.TrimSpace(a.Name+" "+a.URL))
	}
	add("section", e.Section)
	add("keywords", strings.Join(e.Keywords, "|"))
	if e.Image != nil {
		add("image", strings.TrimSpace(e.Image.URL+" "+e.Image.Alt))
	}
	add("url", e.CanonicalURL)
	add("holder", e.Copyright)
	add("terms", e.UsageTerms)
	if e.PubStatus != "" {
		add("status", string(e.PubStatus))
	}
	return strings.Join(out, "\n")
}

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		name   string
		format feeds.Format
		in     string
		want   string
	}{
		{"headline: entities, twice escaped", feeds.RSS, rssOf("<title>&amp;laquo;&amp;nbsp;Un&amp;nbsp;&amp;raquo; &amp;amp; &lt;i&gt;deux&lt;/i&gt;</title>"), "headline=«\u00a0Un\u00a0» & deux"},
		{"headline: no markup", feeds.RSS, rssOf("<title>3 &lt; 4 et A&amp;B</title>"), "headline=3 < 4 et A&B"},
		{"headline: CDATA in pieces", feeds.RSS, rssOf("<title>a <![CDATA[b]]> c<![CDATA[ d]]></title>"), "headline=a b c d"},
		{"headline: media's is the last resort", feeds.RSS, rssOf("<media:title>M</media:title><title>T</title>"), "headline=T"},
		{"headline: numeric entity of windows-1252", feeds.RSS, rssOf("<title>l&#8217;&#339;uvre &#x2014; &#146;</title>"), "headline=l’œuvre — ’"},

		{"body: description alone", feeds.RSS, rssOf("<description>&lt;p&gt;Un&lt;/p&gt;</description>"), "body=<p>Un</p>"},
		{"body: content and a standfirst", feeds.RSS, rssOf("<description>Un &amp;amp; chapô</description><content:encoded>&lt;p&gt;Texte&lt;/p&gt;</content:encoded>"), "description=Un & chapô\nbody=<p>Texte</p>"},
		{"body: description begins the content", feeds.RSS, rssOf("<description>Un texte long […]</description><content:encoded>&lt;p&gt;Un &lt;b&gt;texte&lt;/b&gt; long, très long&lt;/p&gt;</content:encoded>"), "body=<p>Un <b>texte</b> long, très long</p>"},
		{"body: empty content", feeds.RSS, rssOf("<content:encoded> </content:encoded><description>D</description>"), "body=D"},
		{"body: unescaped markup", feeds.RSS, rssOf("<description><p>Un <br> <b>deux</b> &amp; trois</p></description>"), "body=<p>Un <br> <b>deux</b> &amp; trois</p>"},
		{"body: lines", feeds.RSS, rssOf("<description>Un\n\nDeux &amp;eacute;</description>"), "body=<p>Un</p>\n<p>Deux é</p>"},
		{"body: Atom text", feeds.Atom, atomOf("<content type='text'>a &lt;b&gt; c</content>"), "body=<p>a &lt;b&gt; c</p>"},
		{"body: Atom html", feeds.Atom, atomOf("<content type='html'>&lt;b&gt;c&lt;/b&gt;</content><summary type='html'>S&lt;br/&gt;T</summary>"), "description=S T\nbody=<b>c</b>"},
		{"body: Atom xhtml with a prefix", feeds.Atom, atomOf("<content type='xhtml'><x:div xmlns:x='http://www.w3.org/1999/xhtml'><x:p>a &lt; b</x:p></x:div></content>"), "body=<div><p>a &lt; b</p></div>"},
		{"body: JSON Feed text", feeds.JSONFeed, jsonOf(`{"content_text":"Un\n\n<deux>"}`), "body=<p>Un</p>\n<p>&lt;deux&gt;</p>"},
		{"body: JSON Feed both", feeds.JSONFeed, jsonOf(`{"content_text":"Un","content_html":"<b>Un</b>","summary":"S"}`), "description=S\nbody=<b>Un</b>"},

		{"language: item", feeds.RSS, rssOf("<dc:language>FR_ca</dc:language>"), "language=fr-CA"},
		{"language: xml:lang first", feeds.RSS, rssHead + "<language>en</language><item xml:lang='br'><dc:language>fr</dc:language></item>" + rssFoot, "language=br"},
		{"language: channel", feeds.RSS, rssHead + "<language> en-us </language><item></item>" + rssFoot, "language=en-US"},
		{"language: after the item is too late", feeds.RSS, rssHead + "<item></item><language>en</language>" + rssFoot, ""},
		{"language: none that is one", feeds.RSS, rssOf("<dc:language>français</dc:language>"), ""},
		{"language: root", feeds.Atom, `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><entry/></feed>`, "language=de"},

		{"authors: mail and name", feeds.RSS, rssOf("<author>a@example.org (Anne)</author>"), "author=Anne"},
		{"authors: mail alone", feeds.RSS, rssOf("<author>a@example.org</author>"), ""},
		{"authors: name and mail", feeds.RSS, rssOf("<author>Anne &lt;a@example.org&gt;</author>"), "author=Anne"},
		{"authors: once each", feeds.RSS, rssOf("<dc:creator>Anne</dc:creator><dc:creator>ANNE</dc:creator><dc:creator>Bo</dc:creator>"), "author=Anne\nauthor=Bo"},
		{"authors: atom in RSS", feeds.RSS, rssOf("<atom:author><atom:name>Anne</atom:name><atom:uri>https://a.example.org/</atom:uri></atom:author>"), "author=Anne https://a.example.org/"},
		{"authors: itunes", feeds.RSS, rssOf("<itunes:author>Anne</itunes:author>"), "author=Anne"},
		{"authors: of a feed, several", feeds.Atom, `<feed xmlns="http://www.w3.org/2005/Atom"><author><name>A</name></author><author><name>B</name></author><entry/></feed>`, "author=A\nauthor=B"},
		{"authors: JSON Feed 1.0", feeds.JSONFeed, jsonOf(`{"author":{"name":"Anne","url":"javascript:x"}}`), "author=Anne"},

		{"categories", feeds.RSS, rssOf("<category>Un</category><category>Deux</category><category>deux</category><dc:subject>Trois</dc:subject>"), "section=Un\nkeywords=Deux|Trois"},
		{"categories: none of WordPress", feeds.RSS, rssOf("<category>Non classé</category><category>Un</category>"), "section=Un"},
		{"categories: media keywords", feeds.RSS, rssOf("<media:keywords>a, b,,a</media:keywords>"), "keywords=a|b"},

		{"image: enclosure", feeds.RSS, rssOf("<enclosure url='/a.jpg' type='image/jpeg'/>"), "image=https://c.example.org/a.jpg"},
		{"image: enclosure without type", feeds.RSS, rssOf("<enclosure url='https://x.example.org/a.PNG?w=1'/>"), "image=https://x.example.org/a.PNG?w=1"},
		{"image: no audio", feeds.RSS, rssOf("<enclosure url='https://x.example.org/a.mp3' type='audio/mpeg'/><media:thumbnail url='https://x.example.org/t.jpg'/>"), "image=https://x.example.org/t.jpg"},
		{"image: group", feeds.RSS, rssOf("<media:group><media:content url='https://x.example.org/v.mp4' type='video/mp4'/><media:content url='https://x.example.org/i' type='image/webp'><media:description>Alt</media:description></media:content></media:group>"), "image=https://x.example.org/i Alt"},
		{"image: itunes", feeds.RSS, rssOf("<itunes:image href='https://x.example.org/i.jpg'/>"), "image=https://x.example.org/i.jpg"},
		{"image: not data", feeds.RSS, rssOf("<enclosure url='data:image/png;base64,AA' type='image/png'/>"), ""},
		{"image: JSON Feed", feeds.JSONFeed, jsonOf(`{"banner_image":"https://x.example.org/b.jpg"}`), "image=https://x.example.org/b.jpg"},

		{"url: relative", feeds.RSS, rssOf("<link>a/b</link>"), "url=https://c.example.org/a/b"},
		{"url: guid", feeds.RSS, rssOf("<guid>https://x.example.org/a</guid>"), "url=https://x.example.org/a"},
		{"url: guid that is none", feeds.RSS, rssOf("<guid isPermaLink='false'>https://x.example.org/a</guid>"), ""},
		{"url: scheme", feeds.RSS, rssOf("<link>javascript:alert(1)</link>"), ""},
		{"url: user info", feeds.RSS, rssOf("<link>https://u:p@x.example.org/</link>"), ""},
		{"url: Atom", feeds.Atom, atomOf("<link rel='replies' href='https://x.example.org/r'/><link href='https://x.example.org/a'/>"), "url=https://x.example.org/a"},
		{"url: JSON Feed", feeds.JSONFeed, jsonOf(`{"external_url":"https://x.example.org/e"}`), "url=https://x.example.org/e"},

		{"rights: holder and terms", feeds.RSS, rssOf("<dc:rights>Copyright (c) 2020-2026, Anne &amp; Cie. All rights reserved.</dc:rights>"), "holder=Anne & Cie\nterms=Copyright (c) 2020-2026, Anne & Cie. All rights reserved."},
		{"rights: holder", feeds.RSS, rssOf("<media:copyright>© Anne</media:copyright>"), "holder=Anne"},
		{"rights: terms", feeds.RSS, rssOf("<dc:rights>Licence ouverte</dc:rights>"), "terms=Licence ouverte"},
		{"rights: sign alone", feeds.RSS, rssOf("<dc:rights>© 2026</dc:rights>"), "terms=© 2026"},

		{"wxr: shortcodes", feeds.WXR, wxrOf("<content:encoded><![CDATA[[sic] [x a=\"b\"]c[/x] [y]d[/y] [audio src=\"a.mp3\"][/audio] [1] [z] <a href=\"[w]\">e</a>]]></content:encoded>"), "body=<p>[sic] c d  [1] [z] <a href=\"[w]\">e</a></p>\nlanguage=fr-FR"},
		{"wxr: unknown status", feeds.WXR, wxrOf("<wp:status>archive</wp:status>"), "language=fr-FR\nstatus=withheld"},
		{"wxr: unknown login", feeds.WXR, wxrOf("<dc:creator>autre</dc:creator>"), "language=fr-FR\nauthor=autre"},
		{"wxr: tags only", feeds.WXR, wxrOf("<category domain='post_tag'>a</category>"), "language=fr-FR\nkeywords=a"},
		{"wxr: future without a date", feeds.WXR, wxrOf("<wp:status>future</wp:status><wp:post_date_gmt>0000-00-00 00:00:00</wp:post_date_gmt>"), "language=fr-FR\nstatus=withheld"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, shorts(one(t, c.in, c.format))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDescriptionIsCut(t *testing.T) {
	e := one(t, rssOf("<description>"+strings.Repeat("été ", 900)+"</description><content:encoded>Corps</content:encoded>"), feeds.RSS)
	if n := len([]rune(e.Description)); n > article.MaxText || n < article.MaxText-10 || !strings.HasSuffix(e.Description, "été…") {
		t.Errorf("%d characters, ends in %q", n, e.Description[max(0, len(e.Description)-20):])
	}
}

func TestIDs(t *testing.T) {
	pattern := regexp.MustCompile(`^[a-z0-9][a-z0-9-]*-[0-9a-f]{8}$`)
	for _, c := range []struct{ in, prefix string }{
		{"<title>Un été</title><link>https://x.example.org/2026/l-ete-des-maires.html</link><guid>1</guid>", "l-ete-des-maires-"},
		{"<title>Un été</title><link>https://x.example.org/%C3%A9t%C3%A9/</link>", "ete-"},
		{"<title>Un été</title><link>https://x.example.org/12345</link>", "un-ete-"},
		{"<title>Un été</title><link>https://x.example.org/?p=5</link>", "un-ete-"},
		{"<title>Un été</title><link>https://x.example.org/index.php?id=5</link>", "un-ete-"},
		{"<title>Титул</title>", "article-"},
		{"<description>Sans titre</description>", "article-"},
		{"", "article-"},
		{"<title>" + strings.Repeat("mot ", 100) + "</title>", "mot-mot-"},
	} {
		e := one(t, rssOf(c.in), feeds.RSS)
		if !strings.HasPrefix(e.ID, c.prefix) || !pattern.MatchString(e.ID) || len(e.ID) > 89 {
			t.Errorf("%s: %q, want %q…", c.in, e.ID, c.prefix)
		}
		if again := one(t, rssOf(c.in), feeds.RSS); again.ID != e.ID {
			t.Errorf("%q, then %q", e.ID, again.ID)
		}
	}
	const link = "<link>https://x.example.org/a</link>"
	id := func(item string) string { return one(t, rssOf(item), feeds.RSS).ID }
	if id(link+"<guid>1</guid><title>A</title>") != id(link+"<guid>1</guid><title>B</title>") {
		t.Error("the id follows the headline although there is a permalink and a guid")
	}
	if id(link+"<guid>1</guid>") == id(link+"<guid>2</guid>") {
		t.Error("two guids, one id")
	}
}
