// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secretsSend sends a request and reads the answer; header is names and values in turn.
func secretsSend(t *testing.T, req *http.Request, header ...string) answer {
	t.Helper()
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, b}
}

// secretsMisplaced sends a key everywhere it does not belong, and returns what
// the answers say.
func secretsMisplaced(r *relay, key string) string {
	r.t.Helper()
	var said bytes.Buffer
	send := func(method, path, body string, header ...string) {
		r.t.Helper()
		req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, strings.NewReader(body))
		if err != nil {
			r.t.Fatal(err)
		}
		a := secretsSend(r.t, req, header...)
		said.WriteString("\n" + method + " " + strings.ReplaceAll(path, key, "KEY") + ": ")
		_ = a.header.Write(&said)
		said.Write(a.body)
	}
	auth := []string{"Authorization", "Bearer " + adminKey, "Content-Type", "application/json"}
	as := func(header ...string) []string { return append(append([]string{}, auth...), header...) }
	q := url.QueryEscape(key)
	for _, path := range []string{
		"/" + key, "/v1/" + key, "/v1/articles/" + key, "/v1/articles/a/" + key, "/v1/links/" + key, "/s/" + key, "/s/" + key + "+", "/v1/share/" + key, "/v1/content/" + key,
		"/v1/feeds/" + key, "/v1/imports/" + key, "/v1/keys/" + key, "/v1/partners/" + key, "/cards/" + key + "/fr.png", "/problems/" + key, "/widget/" + key, "/editor/" + key, "/partners/" + key,
	} {
		send("GET", path, "")
		send("DELETE", path, "", auth...)
		send("PUT", path, "{", auth...)
	}
	for _, path := range []string{"/v1/articles?cursor=" + q, "/v1/articles?" + q + "=1", "/v1/articles?updatedSince=" + q, "/v1/articles?language=" + q, "/v1/stats?from=" + q, "/v1/stats?groupBy=" + q, "/v1/links/x/stats?from=" + q, "/v1/audit?" + q + "=1"} {
		send("GET", path, "", auth...)
	}
	for _, path := range []string{"/v1/search?key=" + q + "x", "/v1/search?key=" + q + "&lang=" + q, "/v1/latest?key=" + q + "&limit=" + q, "/v1/changes?key=" + q + "&since=" + q, "/oembed?url=" + q, "/stats?key=" + q + "x"} {
		send("GET", path, "")
	}
	for _, header := range []string{"Referer", "User-Agent", "X-Request-Id", "If-None-Match", "If-Match", "Idempotency-Key", "Accept-Language", "Accept", "Origin", "Cookie", "X-Forwarded-For", "Traceparent"} {
		send("GET", "/v1/articles", "", as(header, key)...)
		send("PUT", "/v1/articles/misplaced/fr", `{"headline": "x"}`, as(header, key)...)
		send("GET", "/s/22222222", "", header, key)
		send("GET", "/v1/search?q=x&key="+url.QueryEscape(key)+"x", "", header, key)
	}
	send("GET", "/v1/articles", "", "Authorization", "Basic "+key)
	send("GET", "/v1/articles", "", "Authorization", key)
	send("GET", "/v1/articles", "", "Authorization", "Bearer "+key+key)
	for _, body := range []string{key, `{"` + key + `": 1}`, `{"headline": "` + key, `{"headline": {"` + key + `": 1}}`, `{"language": "` + key + `"}`, `{"id": "` + key + `"}`, `["` + key + `"]`} {
		for _, path := range []string{"/v1/articles", "/v1/extract", "/v1/links", "/v1/keys", "/v1/partners/p/keys"} {
			send("POST", path, body, auth...)
		}
		send("PUT", "/v1/partners/q", body, auth...)
		send("PATCH", "/v1/articles/misplaced/fr", body, auth...)
		send("POST", "/v1/articles", body, "Authorization", "Bearer "+adminKey, "Content-Type", key)
	}
	return said.String()
}

// TestNoKeyIsWrittenDown runs the main job with every process at the debug level,
// puts keys where they belong and where they do not, and looks for them in what
// the processes print, measure, answer and keep.
func TestNoKeyIsWrittenDown(t *testing.T) {
	t.Setenv("RELAIS_LOG_LEVEL", "debug")
	each(t, func(t *testing.T, r *relay) {
		key := r.partner()
		var editor struct{ Key string }
		r.edit(http.StatusCreated, "POST", "/v1/keys", `{"name": "desk", "role": "editor"}`, "Idempotency-Key", "one").into(t, &editor)
		r.edit(http.StatusCreated, "POST", "/v1/keys", `{"name": "desk", "role": "editor"}`, "Idempotency-Key", "one")
		id := r.recap()
		if !r.finds(key, "collectivites", id) {
			t.Error("the recap is not found")
		}
		r.must(http.StatusCreated, "POST", "/v1/links?key="+key, `{"article": "`+id+`", "channel": "mail"}`, "Content-Type", "application/json")
		for _, secret := range []string{adminKey, editor.Key, key} {
			// A publishable key is public: pages that are asked for with one link on with it.
			if said := secretsMisplaced(r, secret); secret != key && strings.Contains(said, secret) {
				for line := range strings.SplitSeq(said, "\n") {
					if strings.Contains(line, secret) {
						t.Errorf("an answer says a key: %.300s", line)
					}
				}
			}
		}
		places := map[string]string{"/metrics": string(r.must(http.StatusOK, "GET", "/metrics", "").body)}
		for _, name := range []string{"relais", "relais-ingest", "relais-search", "relais-share", "nats-server"} { // the log last
			p := r.parts[name]
			if p == nil {
				continue
			}
			p.stop()
			p.mu.Lock()
			places["output of "+name] = p.output.String()
			p.mu.Unlock()
			if strings.HasPrefix(name, "relais") && !strings.Contains(places["output of "+name], `"DEBUG"`) {
				t.Errorf("%s does not log at the debug level", name)
			}
		}
		secretsFiles(t, r.dir, places)
		for place, text := range places {
			for _, secret := range []string{adminKey, editor.Key, key} {
				if i := strings.Index(text, secret); i >= 0 {
					t.Errorf("%s holds a key: …%s…", place, text[max(0, i-200):min(len(text), i+60)])
				}
			}
		}
	})
}

// secretsFiles reads every file of a folder but the one that is there to hold a key.
func secretsFiles(t *testing.T, dir string, into map[string]string) {
	t.Helper()
	before := len(into)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "admin.key" {
			return err
		}
		b, err := os.ReadFile(path)
		into[strings.TrimPrefix(path, dir)] = string(b)
		return err
	})
	if err != nil || len(into)-before < 5 {
		t.Errorf("%d files read: %v", len(into)-before, err)
	}
}
