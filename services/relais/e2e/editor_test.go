// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// deskTab is the editor's page in a browser, over the one binary.
type deskTab struct {
	*tab
	*relay
	t *testing.T

	mu         sync.Mutex
	complaints []string // of the browser: what a policy blocked, what a script threw
}

// openEditor opens the page; the test fails at its end if the browser
// complained about anything but an answer the test asked for.
func openEditor(t *testing.T, address string) *deskTab {
	t.Helper()
	r := &relay{t: t, dir: t.TempDir(), parts: map[string]*process{}, boot: bootOne}
	r.boot(r)
	r.ready()
	d := &deskTab{tab: newTab(t), relay: r, t: t}
	if err := chromedp.Listen(d.ctx, d.hear); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, c := range d.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	d.visit(address)
	return d
}

func (d *deskTab) hear(ev any) {
	complaint := ""
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		if ev.Entry.Source != log.EntrySourceNetwork { // a 4xx is an answer
			complaint = string(ev.Entry.Source) + ": " + ev.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		complaint = ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			complaint += ": " + ev.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		complaint = "console." + string(ev.Type)
	}
	if complaint != "" {
		d.mu.Lock()
		d.complaints = append(d.complaints, complaint)
		d.mu.Unlock()
	}
}

func (d *deskTab) visit(address string) {
	d.t.Helper()
	d.do("open "+address, chromedp.Navigate(d.base+address))
	d.is("document.activeElement.id === 'key' || document.activeElement.id === 'source' || document.activeElement.id === 'edit-title'")
}

// press hits one key, with modifiers.
func (d *deskTab) press(key string, modifiers ...chromedp.Modifier) {
	d.t.Helper()
	d.do("press "+fmt.Sprintf("%q", key), chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)))
}

// tabTo moves the focus forward with the Tab key until it is on an element.
func (d *deskTab) tabTo(id string) {
	d.t.Helper()
	for range 120 {
		d.press(kb.Tab)
		if d.text("document.activeElement.id") == id {
			return
		}
	}
	d.t.Fatalf("the Tab key does not lead to %s", id)
}

// insert types a text at once where the focus is, in place of what is selected.
func (d *deskTab) insert(text string) {
	d.t.Helper()
	if _, err := chromedp.Call(d.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		d.t.Fatalf("type: %v", err)
	}
}

// set replaces what a field holds.
func (d *deskTab) set(id, text string) {
	d.t.Helper()
	d.is("document.getElementById('" + id + "').focus() ?? true")
	d.is("document.getElementById('" + id + "').select?.() ?? true")
	if text == "" {
		d.press(kb.Backspace)
		return
	}
	d.insert(text)
}

func (d *deskTab) click(id string) {
	d.t.Helper()
	d.do("click "+id, chromedp.Click("#"+id))
}

// login gives the key and waits for the start.
func (d *deskTab) login() {
	d.t.Helper()
	d.set("key", adminKey)
	d.press(kb.Enter)
	d.is("!document.getElementById('start-view').hidden && document.activeElement.id === 'source'")
}

// shown waits until a node with an id is shown and holds a text.
func (d *deskTab) shown(id, text string) {
	d.t.Helper()
	node := "document.getElementById('" + id + "')"
	d.is(node + ".checkVisibility() && " + node + ".textContent.replace(/[\\u00a0\\u202f]/g, ' ').includes(" + quote(text) + ")")
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// arrives waits until every stage of the shown version is reached.
func (d *deskTab) arrives() {
	d.t.Helper()
	d.is("document.querySelectorAll('#stages [data-done=true]').length === 3")
}

// keepsTheKey checks that the key is nowhere but in this tab's session storage.
func (d *deskTab) keepsTheKey() {
	d.t.Helper()
	d.is("!location.href.includes('rk_') && localStorage.length === 0 && document.cookie === ''")
	d.is("JSON.stringify(sessionStorage) === JSON.stringify({'relais.key': " + quote(adminKey) + "})")
	d.is("!performance.getEntries().some(e => e.name.includes('rk_')) && !document.documentElement.outerHTML.includes('rk_end')")
}

// picture keeps a picture of the whole page, in one look.
func (d *deskTab) picture(name, scheme string, width int64) {
	d.t.Helper()
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(d.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		d.t.Fatal(err)
	}
	d.do("resize", chromedp.EmulateViewport(width, 900))
	if wide := d.text("String(document.documentElement.scrollWidth)"); wide > fmt.Sprint(width) && len(wide) >= len(fmt.Sprint(width)) {
		d.t.Errorf("%s: the page is %s pixels wide in a window of %d", name, wide, width)
	}
	dir := os.Getenv("RELAIS_ARTIFACTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(d.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		d.t.Fatalf("screenshot: %v", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// accessible looks for controls without a name and for references that lead
// nowhere.
func (d *deskTab) accessible() {
	d.t.Helper()
	faults := d.text(`(() => {
		const all = (selector) => [...document.querySelectorAll(selector)];
		const ids = all('[id]').map(e => e.id), out = ids.filter((id, i) => ids.indexOf(id) !== i).map(id => 'two of ' + id);
		for (const e of all('input, textarea, select')) if (!e.labels.length) out.push('no label: ' + e.id);
		for (const e of all('button, a[href], h1, h2, h3, legend')) if (e.checkVisibility() && !e.textContent.trim()) out.push('no text: ' + e.outerHTML);
		for (const e of all('iframe')) if (!e.title) out.push('no title: ' + e.id);
		for (const name of ['aria-describedby', 'aria-labelledby'])
			for (const e of all('[' + name + ']'))
				for (const id of e.getAttribute(name).split(' ')) if (!document.getElementById(id)) out.push(name + ' leads nowhere: ' + id);
		if (all('h1').filter(e => e.checkVisibility()).length !== 1) out.push('not one h1');
		if (all('main').length !== 1 || all('header').length !== 1) out.push('landmarks');
		return out.join('; ') })()`)
	if faults != "" {
		d.t.Errorf("for assistive technology: %s", faults)
	}
}

func (d *deskTab) pictures(name string) {
	d.t.Helper()
	d.accessible()
	d.picture("editor-"+name+"-dark.png", "dark", 1200)
	d.picture("editor-"+name+"-320.png", "light", 320)
	d.picture("editor-"+name+"-light.png", "light", 1200)
}

// TestAnEditorPublishesTheRecapByKeyboard goes the whole way in French with
// nothing but the keys.
func TestAnEditorPublishesTheRecapByKeyboard(t *testing.T) {
	recap, err := os.ReadFile("../internal/demo/recap/blockchain-et-collectivites-quelles-potentialites.fr.txt")
	if err != nil {
		t.Fatal(err)
	}
	d := openEditor(t, "/editor?lang=fr")
	d.is("document.documentElement.lang === 'fr' && document.title.startsWith('L’éditeur')")
	d.pictures("key")
	d.insert(adminKey)
	d.press(kb.Enter)
	d.is("document.activeElement.id === 'source'")
	d.insert(string(recap))
	d.pictures("start")
	d.tabTo("extract-button")
	d.press(kb.Enter)
	d.is("document.activeElement.id === 'edit-title'")
	d.is("document.getElementById('f-headline').value.replace(/[\\u00a0\\u202f]/g, ' ') === 'Blockchain et collectivités : quelles potentialités ?'")
	d.is("document.getElementById('f-headline').lang === 'fr' && document.getElementById('f-language').value === 'fr'")
	d.shown("warnings", "Lignes laissées de côté, parce qu’elles appartiennent à la page : « • 3 min », « Plus d’articles »")
	d.is("document.querySelector('#f-body-notes li.warning') && document.getElementById('f-body').getAttribute('aria-describedby').includes('f-body-notes')")
	d.shown("body-mode", "En texte")
	d.shown("measure", "414 mots, 2 min de lecture")
	d.is("!document.getElementById('f-body').value.includes('ARTICLES CONNEXES')")
	d.pictures("edit")
	d.tabTo("f-headline")
	d.press("a", chromedp.ModifierCtrl)
	d.insert("La blockchain au service des collectivités")
	d.shown("headline-count", "42 caractères sur 300")
	d.tabTo("publish")
	d.press(kb.Enter)
	d.shown("published-text", "La version 1 est publiée.")
	d.is("document.activeElement.id === 'published-title'")
	d.arrives()
	d.shown("watching", "Arrivée partout.")
	d.is("document.getElementById('live').textContent !== '' && document.getElementById('p-id').textContent === 'la-blockchain-au-service-des-collectivites'")
	d.is("location.search.includes('article=la-blockchain-au-service-des-collectivites')")
	d.keepsTheKey()
	d.pictures("published")

	d.tabTo("cancel")
	d.press(kb.Enter)
	d.is("document.getElementById('cancel-dialog').open && document.activeElement.id === 'c-reason'")
	d.insert("Des propos mal attribués.")
	d.tabTo("cancel-button")
	d.press(kb.Enter)
	d.shown("cancel-problem", "Cochez la dernière case")
	d.is("document.activeElement.id === 'c-sure'")
	d.pictures("cancel")
	d.press(" ")
	d.tabTo("cancel-button")
	d.press(kb.Enter)
	d.shown("canceled", "Des propos mal attribués.")
	d.is("document.getElementById('p-status').textContent === 'annulé' && document.getElementById('cancel').hidden")
	d.arrives()
	d.keepsTheKey()
	d.pictures("canceled")
	if got := string(d.edit(http.StatusOK, "GET", "/v1/articles/la-blockchain-au-service-des-collectivites/fr", "").body); !strings.Contains(got, `"canceled"`) {
		t.Errorf("the log holds %s", got)
	}
}

// paste makes a paste event with text and HTML, as a browser does for what was
// copied from a page.
func (d *deskTab) paste(text, html string) {
	d.t.Helper()
	d.is("(() => { const data = new DataTransfer(); data.setData('text/plain', " + quote(text) + "); data.setData('text/html', " + quote(html) + ");" +
		"return !document.getElementById('source').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})) })()")
}

func TestAnEditorCorrectsWhatWasPastedWithItsFormatting(t *testing.T) {
	d := openEditor(t, "/editor?lang=en")
	d.is("document.documentElement.lang === 'en'")
	d.set("key", "pk_a-public-key")
	d.press(kb.Enter)
	d.shown("key-notes", "public key")
	d.set("key", "rk_nobody-knows-this-key-0123456789")
	d.press(kb.Enter)
	d.shown("key-notes", "not known")
	d.login()

	d.paste("Registres et communes Un texte avec un lien.",
		`<h1>Registres et communes</h1><p>Un texte avec <a href="https://exemple.example/">un lien</a>, que lit une commune française.</p><script>alert(1)</script>`)
	d.is("!document.getElementById('formatting').hidden && document.getElementById('source-type').value === 'text/html'")
	d.click("extract-button")
	d.shown("body-mode", "As HTML")
	d.is("document.getElementById('f-body').value.includes('<a href=\"https://exemple.example/\"') && !document.getElementById('f-body').value.includes('script')")
	d.is("document.getElementById('preview-frame').sandbox.length === 0 && document.getElementById('preview-frame').srcdoc.includes('un lien')")
	d.is("document.querySelector('#preview summary').click() ?? document.getElementById('preview-frame').checkVisibility()")
	d.click("add-people")
	d.is("document.activeElement.closest('fieldset.row') !== null")
	d.insert("Claire Balva")
	d.press(kb.Tab)
	d.insert(strings.Repeat("x", 301))
	d.set("f-headline", "")
	d.click("publish")
	d.shown("problem", "Nothing was stored")
	d.is("document.activeElement.id === 'problem' && document.getElementById('f-headline').getAttribute('aria-invalid') === 'true'")
	d.is("document.querySelector('#f-headline-notes li.error') && document.querySelectorAll('#problem-list a').length === 2")
	d.shown("problem-list", "Person 1, Role")
	d.pictures("problem")
	d.is("document.querySelectorAll('#problem-list a')[1].click() ?? document.activeElement.dataset.member === 'role'")
	d.is("document.activeElement.select() ?? true")
	d.insert("présidente")
	d.set("f-headline", "Registres et communes")
	d.click("publish")
	d.shown("published-text", "Version 1 is published.")
	d.arrives()

	at := "/v1/articles/registres-et-communes/fr"
	d.edit(http.StatusOK, "PATCH", at, `{"section": "Justice"}`)
	d.set("f-headline", "Registres partagés et communes")
	d.set("f-correction", "The headline was short.")
	d.click("publish")
	d.shown("problem", "Somebody else has published a version meanwhile")
	d.click("problem-actions")
	d.is("document.querySelector('#problem-actions button').click() ?? true")
	d.is("document.getElementById('p-version').textContent === '2' && document.getElementById('f-section').value === 'Justice'")
	d.set("f-headline", "Registres partagés et communes")
	d.set("f-correction", "The headline was short.")
	d.is("document.getElementById('f-pubStatus-withheld').click() ?? true")
	d.click("publish")
	d.shown("published-text", "Version 3 is published.")
	d.shown("p-status", "withheld")
	d.arrives()
	var e struct {
		Version                         int
		PubStatus, Correction, Headline string
		People                          []struct{ Name, Role string }
	}
	d.edit(http.StatusOK, "GET", at, "").into(t, &e)
	if e.Version != 3 || e.PubStatus != "withheld" || e.Correction == "" || len(e.People) != 1 || e.People[0].Role != "présidente" {
		t.Errorf("the log holds %+v", e)
	}
	d.keepsTheKey()
	d.do("reload the page", chromedp.Reload())
	d.is("document.getElementById('p-version')?.textContent === '3' && document.getElementById('f-pubStatus-withheld').checked")
	d.click("forget")
	d.is("!document.getElementById('key-view').hidden && sessionStorage.length === 0 && location.search === '?lang=en'")
}

// TestSuggestionsAreShownAndAdded hands the page an answer of /v1/extract with
// suggestions in it.
func TestSuggestionsAreShownAndAdded(t *testing.T) {
	d := openEditor(t, "/editor?lang=fr")
	d.login()
	d.is(`(() => { const real = window.fetch; let lost = 0; window.fetch = async (path, init) => {
		if (path.endsWith('/status') && lost++ === 0) throw new TypeError('the network is away');
		const answer = await real(path, init);
		if (path !== '/v1/extract' || !init.headers['Content-Type'].startsWith('text/plain')) return answer;
		const found = await answer.json();
		found.edition.people = [{name: 'Claire Balva', role: 'CEO'}];
		found.suggestions = [
			{pointer: '/people/0', value: {name: 'Claire Balva', role: 'CEO'}, confidence: 0.93, applied: true},
			{pointer: '/people/1', value: {name: 'Nina Fabrizi-Racine'}, confidence: 0.61, applied: false},
			{pointer: '/organisations/0', value: 'La 27ème Région', confidence: 0.5, applied: false},
			{pointer: '/event', value: {name: 'Blockchain', location: 'Paris'}, confidence: 0.4, applied: false},
			{pointer: '/event/startDate', value: '2018-11-20T18:30:00Z', confidence: 0.3, applied: false},
			{pointer: '/nobody/knows', value: 1, confidence: 0.3, applied: false},
		];
		return Response.json(found);
	}; return true })()`)
	d.insert("Un titre pour voir\n\nUn texte assez long pour que le titre en soit un, et que la langue soit sûre.")
	d.click("extract-button")
	d.shown("rows-people", "confiance 93 %")
	d.is("document.querySelectorAll('#suggestions-list li').length === 4")
	d.shown("suggestions-list", "Début : 20 nov. 2018")
	d.pictures("suggestions")
	for range 4 {
		d.is("document.querySelector('#suggestions-list button').click() ?? true")
	}
	d.is("document.getElementById('suggestions').hidden && document.querySelectorAll('#rows-people .row').length === 2")
	d.is("document.getElementById('f-organisations').value === 'La 27ème Région' && document.getElementById('f-event-name').value === 'Blockchain'")
	d.is("document.activeElement.id === 'f-event-startDate' && document.activeElement.value.startsWith('2018-11-')")
	d.click("publish")
	d.shown("published-text", "La version 1 est publiée.")
	d.arrives() // although the first try to follow it was lost
	var e struct {
		People        []struct{ Name string }
		Organisations []string
		Event         struct{ Location, StartDate string }
	}
	d.edit(http.StatusOK, "GET", "/v1/articles/un-titre-pour-voir/fr", "").into(t, &e)
	if len(e.People) != 2 || e.People[1].Name != "Nina Fabrizi-Racine" || len(e.Organisations) != 1 || e.Event.Location != "Paris" ||
		e.Event.StartDate != "2018-11-20T18:30:00Z" {
		t.Errorf("the log holds %+v", e)
	}
}

// TestAnEmbargoIsNotTakenForWithheld opens an article that an embargo holds
// back: publishing it again must not withhold it for good.
func TestAnEmbargoIsNotTakenForWithheld(t *testing.T) {
	d := openEditor(t, "/editor?lang=fr")
	d.edit(http.StatusCreated, "PUT", "/v1/articles/demain/fr", `{"headline": "Demain", "bodyText": "Un texte.", "embargoedUntil": "2999-01-01T08:30:15Z",
		"image": {"url": "https://exemple.example/i.png"}, "usageTerms": "CC BY"}`)
	d.login()
	d.set("open-id", "hier")
	d.press(kb.Enter)
	d.shown("open-notes", "Il n’y a pas d’article « hier »")
	d.set("open-id", "demain")
	d.press(kb.Enter)
	d.shown("p-status", "retenu")
	d.is("document.getElementById('f-pubStatus-usable').checked && document.getElementById('f-id').readOnly")
	d.set("f-section", "Justice")
	d.click("publish")
	d.shown("published-text", "La version 2 est publiée.")
	d.click("publish")
	d.shown("published-text", "Rien n’a changé")
	a := string(d.edit(http.StatusOK, "GET", "/v1/articles/demain/fr", "").body)
	for _, want := range []string{`"embargoedUntil":"2999-01-01T08:30:15Z"`, `"section":"Justice"`, `"https://exemple.example/i.png"`, `"CC BY"`} {
		if !strings.Contains(a, want) {
			t.Errorf("without %s: %s", want, a)
		}
	}
	d.edit(http.StatusOK, "PATCH", "/v1/articles/demain/fr", `{"embargoedUntil": null}`)
	var e struct{ PubStatus string }
	d.edit(http.StatusOK, "GET", "/v1/articles/demain/fr", "").into(t, &e)
	if e.PubStatus != "usable" {
		t.Errorf("once the embargo is gone the article is %s", e.PubStatus)
	}
}

// TestWhatAnEditorEmptiesStaysEmpty takes the people that were found out of the
// form: they are not found again.
func TestWhatAnEditorEmptiesStaysEmpty(t *testing.T) {
	d := openEditor(t, "/editor?lang=fr")
	d.login()
	d.set("source", "Une rencontre à Paris\n\nClaire Balva (CEO de Blockchain Partner) a ouvert la rencontre, que les communes attendaient depuis longtemps.")
	d.click("extract-button")
	d.is("document.querySelectorAll('#rows-people .row').length === 1")
	d.is("document.querySelector('#rows-people .remove').click() === undefined && document.querySelectorAll('#rows-people .row').length === 0")
	d.set("f-keywords", " ")
	d.click("publish")
	d.shown("published-text", "La version 1 est publiée.")
	var e struct {
		People   []struct{ Name string }
		Keywords []string
		Places   []string
	}
	d.edit(http.StatusOK, "GET", "/v1/articles/une-rencontre-a-paris/fr", "").into(t, &e)
	if len(e.People) != 0 || len(e.Keywords) != 0 || len(e.Places) != 1 {
		t.Errorf("published %+v", e)
	}
}

// TestAKeyThatIsRevokedLosesNoWork revokes the key of somebody who writes.
func TestAKeyThatIsRevokedLosesNoWork(t *testing.T) {
	d := openEditor(t, "/editor?lang=fr")
	var key struct{ ID, Key string }
	d.edit(http.StatusCreated, "POST", "/v1/keys", `{"role": "editor", "name": "bureau"}`).into(t, &key)
	d.set("key", key.Key)
	d.press(kb.Enter)
	d.is("document.activeElement.id === 'source'")
	d.insert("Un titre pour voir\n\nUn texte assez long pour que le titre en soit un, et que la langue soit sûre.")
	d.click("extract-button")
	d.is("document.activeElement.id === 'edit-title'")
	d.set("f-description", "Ce que j’ai écrit.")
	d.edit(http.StatusNoContent, "DELETE", "/v1/keys/"+key.ID, "")
	d.click("publish")
	d.shown("key-notes", "Ce que vous avez écrit est encore là")
	d.is("sessionStorage.length === 0 && document.activeElement.id === 'key'")
	d.insert(adminKey)
	d.press(kb.Enter)
	d.is("document.activeElement.id === 'edit-title' && document.getElementById('f-description').value === 'Ce que j’ai écrit.'")
	d.click("publish")
	d.shown("published-text", "La version 1 est publiée.")
	d.arrives()
	d.click("forget")
	d.is("!document.getElementById('key-view').hidden && location.search === '?lang=fr'")

	d.visit("/editor?lang=en&article=un-titre-pour-voir&language=fr")
	d.insert(adminKey)
	d.press(kb.Enter)
	d.is("document.activeElement.id === 'edit-title' && document.getElementById('p-id').textContent === 'un-titre-pour-voir'")
	d.is("document.getElementById('other-language').href.endsWith('/editor?lang=fr&article=un-titre-pour-voir&language=fr')")
	d.keepsTheKey()
}

// TestFilesAreReadByWhatTheyAre chooses files, one of them not in UTF-8.
func TestFilesAreReadByWhatTheyAre(t *testing.T) {
	d := openEditor(t, "/editor?lang=fr")
	d.login()
	for _, c := range []struct{ name, content, kind, want string }{
		{"ancien.txt", "Un \xe9t\xe9 \x96 \xe0 Saint-\xc9tienne", "text/plain", "Un été – à Saint-Étienne"},
		{"notes.md", "# Un été\n\nUn texte.", "text/markdown", "# Un été\n\nUn texte."},
		{"page.html", "<h1>Un été</h1>", "text/html", "<h1>Un été</h1>"},
	} {
		file := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		d.do("choose "+c.name, chromedp.SetUploadFiles("#source-file", []string{file}))
		d.is("document.getElementById('source').value === " + quote(c.want) + " && document.getElementById('source-type').value === " + quote(c.kind))
	}
	file := filepath.Join(t.TempDir(), "page.pdf")
	if err := os.WriteFile(file, []byte("%PDF"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.do("choose a PDF", chromedp.SetUploadFiles("#source-file", []string{file}))
	d.shown("source-notes", "page.pdf n’est pas un fichier .html, .md ou .txt.")
	d.set("source", "")
	d.click("extract-button")
	d.shown("source-notes", "Il n’y a encore rien à lire")
}

// TestOpenStatusStreamsDoNotHoldUpTheEnd stops the programs while a client
// follows an edition.
func TestOpenStatusStreamsDoNotHoldUpTheEnd(t *testing.T) {
	each(t, func(t *testing.T, r *relay) {
		r.edit(http.StatusCreated, "PUT", "/v1/articles/recap/fr", `{"headline": "Un titre", "bodyText": "Un texte."}`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+"/v1/articles/recap/fr/status", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+adminKey)
		req.Header.Set("Accept", "text/event-stream")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		linked := false
		for !linked && lines.Scan() {
			linked = strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), `"linked"`)
		}
		if !linked {
			t.Fatalf("the stream ended (%v) before the edition was linked", lines.Err())
		}
		for _, name := range []string{"relais", "relais-ingest"} {
			if p := r.parts[name]; p != nil {
				if took := p.stop(); took > 5*time.Second {
					t.Errorf("%s took %s to stop", name, took)
				}
			}
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Errorf("the stream ended with %v", err)
		}
	})
}
