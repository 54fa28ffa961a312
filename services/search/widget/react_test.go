// SPDX-License-Identifier: Apache-2.0

package widget_test

import (
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/relais-press/relais/services/search/internal/browsertest"
	"github.com/relais-press/relais/services/search/widget/npmtest"
)

// reacts are the versions of React the example is written for.
func reacts() map[string]map[string][2]string {
	return map[string]map[string][2]string{
		"18": {
			"react":     {"18.3.1", "sha512-wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ=="},
			"react-dom": {"18.3.1", "sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw=="},
			"scheduler": {"0.23.2", "sha512-UOShsPwz7NrMUqhR6t0hWjFduvOzbtv7toDH1/hIrfRNIDBnnBWd0CwJTGvTpngVlmwGCdP9/Zl/tVrDqcuYzQ=="},
		},
		"19": {
			"react":     {"19.3.1", "sha512-QNhWdt7nrgVWWQG58QuGsAR3jv3Hbe4mb4vz7w2csnHavciZJgda1CPNaldF6eVxv90ud3jUXpKlHL69gO38yw=="},
			"react-dom": {"19.3.1", "sha512-Y0bARz53lhEC1NMCASs0/j+faB/zqt3R8hpvg1e8+61ZVJ4UL0UdC4cBbXfZMcIuhrfgeILTLe+ZeBCavQPtKQ=="},
			"scheduler": {"0.28.0", "sha512-juorfCmIkIw8tT+p5BXSm6PJjQF/ycEYmKyzURCIt/RaZIhL+PulbQ9Yu2z1HdOJDdqDTlxA1+xKBmHXJsczAw=="},
		},
	}
}

func TestReactExample(t *testing.T) {
	first := browsertest.Start(t)
	for version, packages := range reacts() {
		t.Run(version, func(t *testing.T) {
			bundle := bundleReact(t, packages)
			t.Run("mounts", func(t *testing.T) {
				p := openReact(t, first, bundle)
				p.mounts()
				p.hears()
				p.changes()
				p.leaves()
			})
			t.Run("hydrates what a server wrote", func(t *testing.T) {
				p := openReact(t, first, bundle)
				p.hydrates()
				p.hears()
			})
		})
	}
}

// reactPage is a page that runs testdata/react/app.tsx.
type reactPage struct{ *tab }

// openReact opens an empty page with the strictest policy and runs the bundle in it.
func openReact(t *testing.T, first *browsertest.Tab, bundle string) reactPage {
	t.Helper()
	p := reactPage{open(t, first, `<div id="root"></div>`)}
	p.run(bundle)
	return p
}

// run runs a script in the page; props(label, name) are those of the page.
func (p reactPage) run(script string) {
	p.Helper()
	props := `const props = (label, name) => ({ address: ` + browsertest.Quote(p.site.api.URL) + `, article: 'blockchain-collectivites', label, name });`
	if _, err := chromedp.Run(p.Context, chromedp.Evaluate[any]("(() => {"+props+script+"\n})(), null")); err != nil {
		p.Fatalf("run in the page: %v", err)
	}
}

const reactScripts = `document.querySelectorAll('script[src$="/widget/v1.js"]').length`

// mounts: one script however often an effect runs, the elements with their attributes.
func (p reactPage) mounts() {
	p.Helper()
	p.run("mount(props('Chercher', 'first'))")
	p.Is("w && $('input[name=q]') && " + reactScripts + " === 1")
	p.Once("$('label').textContent === 'Chercher'")
	p.Once("document.querySelector('relais-related').outerHTML.includes('article=\"blockchain-collectivites\" limit=\"3\" heading=\"Connexes\"')")
	p.Once("document.querySelector('relais-share').getAttribute('article') === 'blockchain-collectivites'")
	p.Is("document.querySelector('relais-latest').shadowRoot.querySelectorAll('[part~=hit]').length > 0")
}

// hydrates: the markup of the server works without JavaScript, and React takes it over as it is.
func (p reactPage) hydrates() {
	p.Helper()
	p.run("window.written = markup(props('Chercher', 'first'))")
	p.Once("written.includes('<form action=\"" + p.site.api.URL + "/search\"><input type=\"hidden\" name=\"key\" value=\"pk_test\"/>')")
	p.run(`const policy = trustedTypes.createPolicy('test', { createHTML: s => s });
		document.getElementById('root').innerHTML = policy.createHTML(written);
		hydrate(props('Chercher', 'first'))`)
	p.Is("w && $('input[name=q]') && " + reactScripts + " === 1")
	p.Once("complaints.length === 0")
}

// hears: each event calls its handler once, and preventDefault keeps the reader on the page.
func (p reactPage) hears() {
	p.Helper()
	p.search("blockchain")
	p.Once("calls.at(-1) === 'first search blockchain 1234' && calls.length === heard.length")
	p.click("[part~=hit]")
	p.Is("calls.at(-1) === 'first open blockchain-collectivites 1'")
	p.click("input[name=q]")
	p.Is("!$('[part=panel]').hidden")
	p.click("[part~=share]")
	p.Is("calls.at(-1) === 'first share blockchain-collectivites'")
	p.Once("calls.length === heard.length")
}

// changes: new props reach the element, new handlers replace the old ones.
func (p reactPage) changes() {
	p.Helper()
	p.run("calls.length = 0; update(props('Trouver', 'second'))")
	p.Is("$('label').textContent === 'Trouver'")
	p.run("document.querySelector('relais-latest').shadowRoot.querySelector('[part~=hit]').click()")
	p.Is("calls.includes('second latest blockchain-collectivites') && !calls.some(c => c.startsWith('first latest'))")
}

// leaves: nothing stays but the script, and mounting again loads no second one.
func (p reactPage) leaves() {
	p.Helper()
	p.run("unmount()")
	p.Is("document.getElementById('root').childElementCount === 0")
	p.run("mount(props('Encore', 'third'))")
	p.Is("w && $('label').textContent === 'Encore' && " + reactScripts + " === 1")
	p.Once("complaints.length === 0")
}

// bundleReact bundles the app with these packages, as developers have them: the
// development build of React mounts twice in StrictMode.
func bundleReact(t *testing.T, packages map[string][2]string) string {
	t.Helper()
	files := map[string]fs.FS{}
	for name, pin := range packages {
		files[name] = npmtest.Open(t, name, pin[0], pin[1])
	}
	app, err := filepath.Abs("testdata/react/app.tsx")
	if err != nil {
		t.Fatal(err)
	}
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{app},
		Bundle:      true,
		Format:      api.FormatIIFE,
		Target:      api.ES2022,
		JSX:         api.JSXAutomatic,
		Define:      map[string]string{"process.env.NODE_ENV": `"development"`},
		Plugins:     []api.Plugin{packagesOf(files)},
		LogLevel:    api.LogLevelSilent,
	})
	for _, m := range result.Errors {
		t.Fatalf("bundle the example: %s (%v)", m.Text, m.Location)
	}
	return string(result.OutputFiles[0].Contents)
}

// packagesOf finds imports in packages: "react" and "react-dom/client", and
// what their files require beside themselves.
func packagesOf(files map[string]fs.FS) api.Plugin {
	const npm = "npm"
	found := func(file string) api.OnResolveResult {
		if file = strings.TrimSuffix(file, ".js") + ".js"; file == "react-dom/server.js" {
			file = "react-dom/server.browser.js"
		}
		return api.OnResolveResult{Path: file, Namespace: npm}
	}
	return api.Plugin{Name: npm, Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^(react|react-dom|scheduler)(/|$)`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if !strings.Contains(args.Path, "/") {
				return found(args.Path + "/index.js"), nil
			}
			return found(args.Path), nil
		})
		b.OnResolve(api.OnResolveOptions{Filter: `^\.`, Namespace: npm}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			return found(path.Join(path.Dir(args.Importer), args.Path)), nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".", Namespace: npm}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			name, file, _ := strings.Cut(args.Path, "/")
			source, err := fs.ReadFile(files[name], file)
			text := string(source)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, err
		})
	}}
}
