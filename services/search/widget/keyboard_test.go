// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// keyboard reads README's keyboard: what each key does, as "key, where".
func keyboard(t *testing.T) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## Keyboard\n")
	section, _, _ = strings.Cut(section, "\n#")
	var out, columns []string
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(regexp.MustCompile(`</?kbd>`).ReplaceAllString(strings.TrimSpace(line), ""), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case len(cells) < 2 || strings.HasPrefix(cells[0], "---"):
		case columns == nil:
			columns = cells
		default:
			for i, does := range cells[1:] {
				if does != "" {
					out = append(out, cells[0]+", "+columns[i+1])
				}
			}
		}
	}
	return out
}

// atShare is an expression: the share link of a row has the focus.
func atShare(row string) string {
	return "focused().matches('[part=share]') && deep('[aria-selected=true]')?.id === '" + row + "'"
}

const (
	shut    = "deep('[part=panel]').hidden && deep('#q').getAttribute('aria-expanded') === 'false'"
	typing  = "focused() === deep('#q') && !deep('#q').hasAttribute('aria-activedescendant')"
	onRow   = "deep('#q').getAttribute('aria-activedescendant') === "
	caretAt = "deep('#q').selectionStart === "
)

// TestEveryKeyOfTheContract presses each key that README promises, where it
// promises it, and fails for a promise that no test keeps.
func TestEveryKeyOfTheContract(t *testing.T) {
	first := browsertest.Start(t)
	var kept []string
	for _, tc := range []struct {
		keeps []string
		test  func(v view)
	}{
		{[]string{"↓, in the box", "↑, in the box", "Esc, in the box", "Alt + ↓ / ↑, in the box"}, opensAndCloses},
		{[]string{"←, in the box", "Home End, in the box"}, givesBackTheCaret},
		{[]string{"Enter, in the box"}, entersAnArticle},
		{[]string{"Ctrl/⌘ + Enter, in the box", "Ctrl/⌘ + Enter, on a share link"}, opensNewTabs},
		{[]string{"→, in the box", "↓, on a share link", "↑, on a share link", "Home End, on a share link", "←, on a share link", "Esc, on a share link"}, walksTheShareLinks},
		{[]string{"Tab, in the box", "Tab, on a share link"}, tabsThrough},
		{[]string{"Enter, on a share link"}, entersAShareLink},
	} {
		kept = append(kept, tc.keeps...)
		t.Run(strings.Join(tc.keeps, "; "), func(t *testing.T) {
			v := see(t, first, newStage(t, hall("fr", "<relais-search></relais-search>")))
			v.types("blockchain")
			v.Is("!deep('[part=panel]').hidden && deepAll('[role=option]').length === 8")
			tc.test(v)
		})
	}
	promised := keyboard(t)
	slices.Sort(promised)
	slices.Sort(kept)
	if diff := cmp.Diff(promised, kept); diff != "" {
		t.Errorf("the keys of README.md and those that are tested (-README +tested):\n%s", diff)
	}
}

// with presses a key together with a modifier.
func (v view) with(m chromedp.Modifier, key string) {
	v.Helper()
	v.Do("press a key", chromedp.KeyEvent(key, chromedp.KeyModifiers(m)))
}

func opensAndCloses(v view) {
	v.Press(kb.Escape)
	v.Is(shut + " && deep('#q').value === 'blockchain'")
	v.Press(kb.ArrowDown)
	v.Is("!deep('[part=panel]').hidden && " + onRow + "'o0'")
	v.Press(kb.ArrowDown)
	v.Is(onRow + "'o1'")
	v.Press(kb.ArrowUp, kb.ArrowUp)
	v.Is(typing)
	v.Press(kb.ArrowUp)
	v.Is(onRow + "'o7'")
	v.with(chromedp.ModifierAlt, kb.ArrowUp)
	v.Is(shut + " && " + typing)
	v.with(chromedp.ModifierAlt, kb.ArrowDown)
	v.Is("!deep('[part=panel]').hidden && " + typing)
	v.Press(kb.Escape, kb.Escape)
	v.Is(shut + " && deep('#q').value === ''")
}

func givesBackTheCaret(v view) {
	for key, at := range map[string]string{kb.ArrowLeft: "9", kb.Home: "0", kb.End: "10"} {
		v.Press(kb.End, kb.ArrowDown)
		v.Is(onRow + "'o0'")
		v.Press(key)
		v.Is(typing + " && " + caretAt + at)
	}
}

func entersAnArticle(v view) {
	v.Press(kb.ArrowDown, kb.ArrowDown, kb.Enter)
	v.At(v.stage.page.URL + "/public-ledgers")
	v.Do("go back", chromedp.Navigate(v.stage.page.URL))
	v.types("blockchain")
	v.Press(kb.Enter)
	v.At(v.stage.api.URL + "/search?lang=fr&key=pk_test&q=blockchain")
}

func opensNewTabs(v view) {
	v.Once(`(document.addEventListener('click', e => {
		const a = e.composedPath().find(n => n.href);
		if (a?.target === '_blank') heard.push('new tab ' + a.href), e.preventDefault();
	}), true)`)
	v.Press(kb.ArrowDown)
	v.with(chromedp.ModifierCtrl, kb.Enter)
	v.Is("heard.at(-1) === " + browsertest.Quote("new tab "+v.stage.page.URL+"/collectivites") + " && heard.at(-2).startsWith('relais:open ')")
	v.Press(kb.ArrowDown, kb.ArrowRight)
	v.Is(atShare("o0"))
	v.Once("(deep('[role=toolbar]').addEventListener('click', e => { heard.push('click ' + e.ctrlKey + e.defaultPrevented); e.preventDefault(); }), true)")
	v.with(chromedp.ModifierCtrl, kb.Enter)
	v.Is("heard.at(-1) === 'click truefalse' && heard.at(-2).startsWith('relais:share')")
	v.At(v.stage.page.URL + "/")
}

func walksTheShareLinks(v view) {
	v.Press(kb.ArrowDown, kb.ArrowRight)
	v.Is(atShare("o0"))
	v.Press(kb.ArrowDown)
	v.Is(atShare("o1"))
	v.Press(kb.ArrowDown) // the third article has none
	v.Is(atShare("o3"))
	v.Press(kb.ArrowUp)
	v.Is(atShare("o1"))
	v.Press(kb.Home)
	v.Is(atShare("o0"))
	v.Press(kb.End)
	v.Is(atShare("o7"))
	v.Press(kb.ArrowLeft)
	v.Is("focused() === deep('#q') && " + onRow + "'o7'")
	v.Press(kb.ArrowRight)
	v.Is(atShare("o7"))
	v.Press(kb.Escape)
	v.Is(shut + " && " + typing)
}

func tabsThrough(v view) {
	v.Press(kb.Tab)
	v.Is("focused() === deep('[part=share]')")
	v.Press(kb.Tab)
	v.Is("focused() === deep('[part=all]')")
	v.Press(kb.Tab)
	v.Is("document.activeElement === document.body && " + shut)
}

func entersAShareLink(v view) {
	v.Press(kb.ArrowDown, kb.ArrowDown, kb.ArrowRight)
	v.Is(atShare("o1"))
	v.Press(kb.Enter)
	v.At(v.stage.api.URL + "/s/b2")
}
