// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-press/relais/services/search/internal/browsertest"
)

// tree is what assistive technology is given, one line a node of the roles that
// are named, in reading order: role, name in quotes, then states.
func (v view) tree(roles ...string) []string {
	v.Helper()
	answer, err := chromedp.Call(v.Context, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		v.Fatal(err)
	}
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range answer.Nodes {
		nodes[n.NodeID] = n
	}
	var out []string
	var walk func(n *accessibility.Node)
	walk = func(n *accessibility.Node) {
		if n == nil {
			return
		}
		if role := text(n.Role); !n.Ignored && slices.Contains(roles, role) {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %q %s", role, text(n.Name), states(n))))
		}
		for _, id := range n.ChildIDs {
			walk(nodes[id])
		}
	}
	walk(answer.Nodes[0])
	return out
}

// states are the properties of a node that readers are told.
func states(n *accessibility.Node) string {
	var out []string
	for _, p := range n.Properties {
		if slices.Contains([]string{"expanded", "selected", "live", "atomic", "hasPopup", "autocomplete", "pressed"}, string(p.Name)) {
			out = append(out, string(p.Name)+"="+text(p.Value))
		}
	}
	return strings.Join(out, " ")
}

func text(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if json.Unmarshal(v.Value, &s) != nil {
		return string(v.Value)
	}
	return s
}

// shareLink is the share link of the first article.
const shareLink = `link "Partager l’article «\u00a0Blockchain et collectivités : quelles potentialités ?\u00a0»"`

// rendering is what assistive technology is given of one state of the elements.
type rendering struct {
	main  string
	does  func(v view) // brings about the state
	roles []string     // that are looked at
	want  []string
}

func TestWhatAScreenReaderIsGiven(t *testing.T) {
	first := browsertest.Start(t)
	for _, renderings := range []map[string]rendering{ofTheBox(), ofAResultsPage(), ofTheBlocks()} {
		for name, r := range renderings {
			t.Run(name, func(t *testing.T) {
				v := see(t, first, newStage(t, hall("fr", r.main)))
				v.settled()
				r.does(v)
				if diff := cmp.Diff(r.want, v.tree(r.roles...)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

func ofTheBox() map[string]rendering {
	return map[string]rendering{
		"the box": {"<relais-search></relais-search>", func(view) {}, []string{"search", "combobox", "listbox", "status"}, []string{
			`search "Rechercher un article"`,
			`combobox "Rechercher un article" autocomplete=list hasPopup=listbox expanded=false`,
			`status "" live=polite atomic=true`,
		}},
		"the popup": {"<relais-search></relais-search>", func(v view) {
			v.types("blockchain")
			v.Press(kb.ArrowDown)
			v.Is("deep('[aria-selected=true]')")
		}, []string{"combobox", "listbox", "toolbar"}, []string{
			`combobox "Rechercher un article" autocomplete=list hasPopup=listbox expanded=true`,
			`listbox "Résultats"`,
			`toolbar "Partager l’article"`,
		}},
		"an article and its share link": {`<relais-search limit="1"></relais-search>`, func(v view) {
			v.types("blockchain")
			v.Press(kb.ArrowDown)
			v.Is("deep('[aria-selected=true]') && deep('[role=status]').textContent")
		}, []string{"option", "link", "status"}, []string{
			`option "Blockchain et collectivités : quelles potentialités ? Claire Balva a rappelé les bases de la Blockchain, pour planter le décor, face à un public divers. Événements · 12 oct. 2017 · 3\u00a0min de lecture" selected=true`,
			shareLink,
			`link "Plus de résultats"`,
			`status "" live=polite atomic=true`,
		}},
	}
}

func ofAResultsPage() map[string]rendering {
	return map[string]rendering{
		"a results page": {`<relais-search mode="page" limit="1"></relais-search>`, func(v view) { v.types("blockchain") }, []string{"search", "searchbox", "region", "group", "button", "list", "link"}, []string{
			`search "Rechercher un article"`,
			`searchbox "Rechercher un article"`,
			`button "Effacer"`,
			`region "Résultats"`,
			`group "Rubrique"`,
			`button "Événements 812" pressed=false`,
			`button "Collectivités 401" pressed=false`,
			`button "Legal tech 21" pressed=false`,
			`group "Langue"`,
			`button "français 1100" pressed=false`,
			`button "anglais 134" pressed=false`,
			`group "Année"`,
			`button "2026 600" pressed=false`,
			`button "2017 634" pressed=false`,
			`group "Personne"`,
			`button "Claire Balva 12" pressed=false`,
			`list ""`,
			`link "Blockchain et collectivités : quelles potentialités ?"`,
			shareLink,
			`button "Plus de résultats"`,
		}},
	}
}

func ofTheBlocks() map[string]rendering {
	return map[string]rendering{
		"latest": {`<relais-latest limit="1"></relais-latest>`, func(view) {}, []string{"heading", "list", "link"}, []string{
			`heading "Gazette"`,
			`heading "Plus d’articles"`,
			`list "Plus d’articles"`,
			`link "Blockchain et collectivités : quelles potentialités ?"`,
			shareLink,
		}},
		"related": {`<relais-related article="x" limit="1"></relais-related>`, func(view) {}, []string{"heading", "list", "link"}, []string{
			`heading "Gazette"`,
			`heading "Articles connexes"`,
			`list "Articles connexes"`,
			`link "Blockchain et collectivités : quelles potentialités ?"`,
			shareLink,
		}},
		"share": {`<relais-share article="x"></relais-share>`, func(view) {}, []string{"heading", "list", "link", "button", "status"}, []string{
			`heading "Gazette"`,
			`heading "Partager l’article"`,
			`list "Partager l’article"`,
			`link "Partager sur LinkedIn"`,
			`link "Partager sur X"`,
			`link "Partager sur Facebook"`,
			`link "Partager sur WhatsApp"`,
			`link "Partager sur Telegram"`,
			`link "Partager sur Mastodon"`,
			`link "Partager sur Bluesky"`,
			`link "Partager sur Threads"`,
			`link "Partager sur Reddit"`,
			`link "Partager sur Mail"`,
			`link "Partager sur SMS"`,
			`button "Partager sur Copy"`,
			`status "" live=polite atomic=true`,
		}},
	}
}
