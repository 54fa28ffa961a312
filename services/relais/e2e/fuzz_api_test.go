// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// fuzzSeeds is how many requests go test makes: some for every operation.
const fuzzSeeds = 2600

// FuzzAPI makes requests out of the OpenAPI document, well-formed, a little wrong and
// hostile, with an editor's key, a partner's, none and a bad one, and sends them to
// the one binary: it never fails, and its answers are as the document says. As a test
// it sends the same requests each time; go test -fuzz sends others.
func FuzzAPI(f *testing.F) {
	p := fuzzStart(f)
	for seed := range uint64(fuzzSeeds) {
		f.Add(seed, fuzzHostile[seed%uint64(len(fuzzHostile))])
	}
	var once sync.Once
	var key string
	f.Fuzz(func(t *testing.T, seed uint64, text string) {
		r := &relay{t: t, base: p.base}
		once.Do(func() {
			r.ready()
			key = r.partner()
			r.edit(http.StatusCreated, "PUT", "/v1/articles/public/fr?wait=searchable", `{"headline": "Un titre", "bodyText": "Un corps.", "section": "Culture"}`)
			r.edit(http.StatusCreated, "POST", "/v1/links", `{"article": "public", "partner": "p", "code": "public"}`)
		})
		g := &fuzzer{rand: rand.New(rand.NewPCG(seed, 7)), text: text, key: key}
		req, body := g.request(t, r.base, seed)
		fuzzSend(t, req, body)
	})
}

// fuzzProcess is a binary that serves until the fuzz target ends.
type fuzzProcess struct{ base string }

func fuzzStart(f *testing.F) fuzzProcess {
	f.Helper()
	cmd := exec.Command(filepath.Join(programs, "relais"), "serve", "--listen", "127.0.0.1:0", "--data", f.TempDir())
	cmd.Env = append(cmd.Environ(), "RELAIS_ADMIN_KEY="+adminKey, "RELAIS_LOG_FORMAT=json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if f.Failed() {
			f.Logf("it said:\n%s", said.String())
		}
	})
	const greeting = "relais answers at "
	var line []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(line), "\n") || !strings.Contains(string(line), greeting); {
		if _, err := out.Read(one); err != nil {
			f.Fatalf("before it listened: %v", err)
		}
		line = append(line, one[0])
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_, base, _ := strings.Cut(string(line), greeting)
	return fuzzProcess{strings.TrimSpace(base)}
}

// fuzzSend sends a request and judges the answer.
func fuzzSend(t *testing.T, req *http.Request, body string) {
	t.Helper()
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	a := answer{resp.StatusCode, resp.Header, b}
	documented := a.status == http.StatusServiceUnavailable || (a.status == http.StatusNotImplemented && req.URL.Path == "/oembed")
	if a.status >= http.StatusInternalServerError && !documented {
		t.Errorf("%s %s %v %q: %d %.500s", req.Method, req.URL, req.Header, body, a.status, a.body)
	}
	switch {
	case a.status == http.StatusServiceUnavailable && req.URL.Path != "/readyz" && a.header.Get("Retry-After") == "":
		t.Errorf("%s %s: 503 without Retry-After", req.Method, req.URL)
	case a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "":
		t.Errorf("%s %s: 405 without Allow", req.Method, req.URL)
	case a.status >= http.StatusBadRequest && strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") && req.Method != http.MethodHead:
		var problem struct {
			Type, Title, RequestID string
			Status                 int
		}
		if err := json.Unmarshal(a.body, &problem); err != nil || problem.Status != a.status || problem.Type == "" || problem.Title == "" || problem.RequestID != a.header.Get("X-Request-Id") {
			t.Errorf("%s %s: %d is no problem: %.300s", req.Method, req.URL, a.status, a.body)
		}
	}
	if a.status == http.StatusRequestURITooLong || a.status == http.StatusRequestHeaderFieldsTooLarge {
		return // before any route is known
	}
	fuzzConforms(t, req, a)
}

// fuzzConforms fails the test unless the document allows for the answer.
func fuzzConforms(t *testing.T, req *http.Request, a answer) {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil || req.Method == http.MethodHead {
		return // no path of the document
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		ExcludeResponseBody: !strings.Contains(a.header.Get("Content-Type"), "json"),
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req.Clone(context.Background()), PathParams: params, Route: route, Options: options},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body)), Options: options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer (%d) breaks the contract: %v", req.Method, req.URL, a.status, err)
	}
}

// fuzzOperation is one operation of the document.
type fuzzOperation struct {
	method, path string
	parameters   openapi3.Parameters
	body         *openapi3.RequestBody
}

// fuzzOperations are those of the document, in an order of their own.
var fuzzOperations = sync.OnceValues(func() ([]fuzzOperation, error) {
	doc, err := openapi3.NewLoader().LoadFromFile("../internal/docs/openapi.yaml")
	if err != nil {
		return nil, err
	}
	var out []fuzzOperation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := fuzzOperation{method: method, path: path, parameters: slices.Concat(item.Parameters, op.Parameters)}
			if op.RequestBody != nil {
				o.body = op.RequestBody.Value
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b fuzzOperation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return out, nil
})

// request is the request number seed.
func (g *fuzzer) request(t *testing.T, base string, seed uint64) (*http.Request, string) {
	t.Helper()
	operations, err := fuzzOperations()
	if err != nil {
		t.Fatal(err)
	}
	op := operations[seed%uint64(len(operations))]
	if g.once(20) {
		op.method = g.pick("HEAD", "OPTIONS", "TRACE", "PROPFIND", "POST", "GET", "PATCH")
	}
	g.keep = op.method == http.MethodDelete || (op.method == http.MethodPut && strings.HasPrefix(op.path, "/v1/partners/"))
	path, query := op.path, url.Values{}
	header := http.Header{}
	for _, ref := range op.parameters {
		switch p := ref.Value; {
		case p.In == openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(g.name(p.Name)))
		case g.once(2):
		case p.In == openapi3.ParameterInQuery:
			query.Add(p.Name, g.plain(p.Schema.Value))
		case p.In == openapi3.ParameterInHeader:
			header.Set(p.Name, fuzzHeader(g.plain(p.Schema.Value)))
		}
	}
	body := g.sent(&op, header)
	g.authorize(query, header)
	target := base + path + "?" + query.Encode()
	if g.once(30) {
		target += "&" + fuzzHeader(strings.NewReplacer("#", "", " ", "+").Replace(g.text))
	}
	req, err := http.NewRequestWithContext(t.Context(), op.method, target, strings.NewReader(body))
	if err != nil {
		t.Skipf("no request: %v", err) // the fuzzer's own text makes no address
	}
	req.Header = header
	return req, body
}

// authorize adds a key, or none, and what else proxies and browsers send.
func (g *fuzzer) authorize(query url.Values, header http.Header) {
	switch g.rand.IntN(8) {
	case 0:
	case 1:
		header.Set("Authorization", "Bearer rk_a-key-that-nobody-was-given-0123456789")
	case 2:
		query.Set("key", fuzzHeader(g.text))
	case 3, 4:
		query.Set("key", g.key)
	default:
		header.Set("Authorization", "Bearer "+adminKey)
	}
	for name, values := range map[string][]string{
		"Accept": {"*/*", "text/html", "application/json;q=.1", "image/png", "text/csv", "application/vnd.iptc.ninjs+json", ";;q=x"}, "Accept-Language": {"fr", "en;q=0.5, *", "zz-ZZ", ",,;q=2"},
		"If-None-Match": {"*", `"1"`, `W/"x", "y`}, "Origin": {origin, "null", "https://evil.example"}, "User-Agent": {firefox, "Twitterbot/1.0", ""}, "Range": {"bytes=0-1", "bytes=9-"},
		"Sec-Purpose": {"prefetch"}, "X-Request-Id": {"abc", strings.Repeat("x", 300)}, "Content-Encoding": {"gzip"},
	} {
		if g.once(12) {
			header.Set(name, g.pick(values...))
		}
	}
}

// fuzzHeader is a text as a header may have it.
func fuzzHeader(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
