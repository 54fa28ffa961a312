// SPDX-License-Identifier: Apache-2.0

// Package docs publishes the contract: the OpenAPI document, and a page made of
// it that people can read.
package docs

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the document and the page's template
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/web"
)

// Document is the OpenAPI 3.1 document, in YAML.
//
//go:embed openapi.yaml
var Document []byte

//go:embed docs.html
var pageSource string

// Docs serves the contract.
type Docs struct {
	routes *web.Router
	page   []byte
	csp    string
}

// New renders the page once.
func New(deps lifecycle.Deps) (*Docs, error) {
	page, err := render()
	if err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	_, rest, _ := strings.Cut(pageSource, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	d := &Docs{page: page, csp: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	if d.routes, err = web.NewRouter("docs", deps.Logger, deps.Metrics); err != nil {
		return nil, err
	}
	d.routes.Handle("docs", http.MethodGet, "/docs", d.show)
	d.routes.Handle("openapi", http.MethodGet, "/openapi.yaml", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		return web.WriteBytes(w, r, http.StatusOK, "application/yaml", Document)
	})
	return d, nil
}

// Handler answers /docs and /openapi.yaml.
func (d *Docs) Handler() http.Handler { return d.routes }

// Run waits for ctx: a page has nothing to do.
func (d *Docs) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (d *Docs) show(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", d.csp)
	return web.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", d.page)
}

// The parts of the document that the page shows.
type document struct {
	Info struct {
		Title       string
		Description string
	}
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]yaml.Node
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
	}
}

type operation struct {
	OperationID          string `yaml:"operationId"`
	Method, Path         string `yaml:"-"`
	Tags                 []string
	Summary, Description string
	Security             []map[string][]string
	Parameters           []parameter
	RequestBody          struct {
		Ref     string `yaml:"$ref"`
		Content map[string]struct{ Example yaml.Node }
	} `yaml:"requestBody"`
	Responses map[string]response
}

type parameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
}

// group is the operations of one tag.
type group struct {
	Name, Description string
	Operations        []operation
}

func render() ([]byte, error) {
	var doc document
	if err := yaml.Unmarshal(Document, &doc); err != nil {
		return nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	groups, err := doc.groups()
	if err != nil {
		return nil, err
	}
	page, err := template.New("docs").Funcs(template.FuncMap{"paragraphs": paragraphs, "upper": strings.ToUpper}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("read docs.html: %w", err)
	}
	var b bytes.Buffer
	err = page.Execute(&b, map[string]any{"Title": doc.Info.Title, "Description": doc.Info.Description, "Groups": groups})
	return b.Bytes(), err
}

// groups sorts the operations by tag, path and method, with references resolved.
func (d *document) groups() ([]group, error) {
	byTag := map[string][]operation{}
	for path, items := range d.Paths {
		var shared []parameter
		if node, ok := items["parameters"]; ok {
			if err := node.Decode(&shared); err != nil {
				return nil, fmt.Errorf("parameters of %s: %w", path, err)
			}
		}
		for method, node := range items {
			if method == "parameters" {
				continue
			}
			op := operation{Method: method, Path: path}
			if err := node.Decode(&op); err != nil || len(op.Tags) != 1 {
				return nil, fmt.Errorf("%s %s needs one tag: %w", method, path, err)
			}
			op.Parameters = append(slices.Clone(shared), op.Parameters...)
			d.resolve(&op)
			byTag[op.Tags[0]] = append(byTag[op.Tags[0]], op)
		}
	}
	out := make([]group, 0, len(d.Tags))
	for _, tag := range d.Tags {
		slices.SortFunc(byTag[tag.Name], func(a, b operation) int {
			return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
		})
		out = append(out, group{tag.Name, tag.Description, byTag[tag.Name]})
	}
	return out, nil
}

func (d *document) resolve(op *operation) {
	for i, p := range op.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			op.Parameters[i] = d.Components.Parameters[name]
		}
	}
	for status, r := range op.Responses {
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			op.Responses[status] = d.Components.Responses[name]
		}
	}
}

// Key says which key the operation takes.
func (o operation) Key() string {
	var keys []string
	for _, s := range o.Security {
		for name := range s {
			keys = append(keys, map[string]string{"bearer": "rk_…", "publishable": "pk_…"}[name])
		}
	}
	return strings.Join(keys, ", ")
}

// Example is the example of the operation's own request body, as JSON.
func (o operation) Example() string {
	var value any
	node := o.RequestBody.Content["application/json"].Example
	if node.IsZero() || node.Decode(&value) != nil {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if enc.Encode(value) != nil {
		return ""
	}
	return strings.TrimSpace(b.String())
}

// span is a piece of a text, set as code or not.
type span struct {
	Text string
	Code bool
}

// paragraphs cuts a description at its blank lines and sets what stands in
// backticks as code; lines within a paragraph are joined.
func paragraphs(s string) [][]span {
	var out [][]span
	for p := range strings.SplitSeq(strings.TrimSpace(s), "\n\n") {
		var spans []span
		for i, text := range strings.Split(strings.Join(strings.Fields(strings.ReplaceAll(p, "**", "")), " "), "`") {
			if text != "" {
				spans = append(spans, span{text, i%2 == 1})
			}
		}
		if len(spans) > 0 {
			out = append(out, spans)
		}
	}
	return out
}
