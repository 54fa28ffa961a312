// SPDX-License-Identifier: Apache-2.0

package meilisearch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"

	"github.com/relais-press/relais/services/search/internal/engine"
	"github.com/relais-press/relais/services/search/internal/engine/meilisearch"
)

// The variables that name a server to test against. Without one, tests replay
// what a server answered when they were recorded.
const (
	serverURL = "RELAIS_TEST_MEILI_URL"
	serverKey = "RELAIS_TEST_MEILI_KEY"
	record    = "RELAIS_TEST_MEILI_RECORD" // any value: keep the answers
)

// config is a configuration for one test: of the server named by the environment,
// or of a recording. Its prefix is the test's own and the same in every run.
func config(t *testing.T) meilisearch.Config {
	t.Helper()
	sum := sha256.Sum256([]byte(t.Name()))
	cfg := meilisearch.Config{
		URL: os.Getenv(serverURL), MasterKey: os.Getenv(serverKey), Prefix: "test-" + hex.EncodeToString(sum[:6]),
	}
	live := cfg.URL != "" && cfg.MasterKey != ""
	if live {
		clean(t, &cfg)
		t.Cleanup(func() { clean(t, &cfg) })
	}
	if live && os.Getenv(record) == "" {
		return cfg
	}
	if !live {
		recording, err := cassette.LoadWithFS(cassetteName(t.Name()), compressed{})
		fatal(t, err)
		recording.Matcher = same
		cfg.URL, cfg.MasterKey, cfg.HTTPClient = "http://meilisearch.test", "recorded", &http.Client{Transport: replay{recording}}
		return cfg
	}
	rec, err := recorder.New(cassetteName(t.Name()),
		recorder.WithMode(recorder.ModeRecordOnly), recorder.WithFS(compressed{}), recorder.WithHook(scrub, recorder.BeforeSaveHook))
	fatal(t, err)
	t.Cleanup(func() { fatal(t, rec.Stop()) })
	cfg.HTTPClient = rec.GetDefaultClient()
	return cfg
}

func newEngine(t *testing.T) engine.Engine {
	t.Helper()
	e, err := open(t, config(t)).Open(t.Context(), engine.SlotA)
	fatal(t, err)
	return e
}

// cassetteName is the file of a test's recording, without its ending.
func cassetteName(test string) string {
	return filepath.Join("testdata", regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(test, "-"))
}

// replay answers requests from a recording, in its order. The recorder would, too,
// but describes every interaction to a log that nobody reads.
type replay struct{ recording *cassette.Cassette }

func (r replay) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	i, err := r.recording.GetInteraction(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s is not as it was recorded: %w", req.Method, req.URL, err)
	}
	return i.GetHTTPResponse()
}

// same reports whether a request is the one that was recorded: letter by letter,
// but for the host.
func same(r *http.Request, recorded cassette.Request) bool {
	if r.Method != recorded.Method || "http://meilisearch.test"+r.URL.RequestURI() != recorded.URL {
		return false
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && string(body) == recorded.Body
}

var keyValue = regexp.MustCompile(`"key":"[^"]*"`)

// scrub takes out of a recording what is secret, what differs between machines,
// and the waiting for tasks.
func scrub(i *cassette.Interaction) error {
	path := regexp.MustCompile(`^https?://[^/]*`).ReplaceAllString(i.Request.URL, "")
	i.DiscardOnSave = strings.HasPrefix(path, "/tasks/") &&
		(strings.Contains(i.Response.Body, `"status":"enqueued"`) || strings.Contains(i.Response.Body, `"status":"processing"`))
	i.Request.URL, i.Request.Host, i.Request.RemoteAddr = "http://meilisearch.test"+path, "meilisearch.test", ""
	i.Request.Headers, i.Request.Form = nil, nil
	i.Response.Headers = http.Header{"Content-Type": i.Response.Headers["Content-Type"]}
	i.Response.Duration = 0
	if strings.HasPrefix(path, "/keys") {
		i.Response.Body = keyValue.ReplaceAllString(i.Response.Body, `"key":"scrubbed"`)
		i.Response.ContentLength = -1
	}
	return nil
}

// compressed keeps recordings on disk, compressed.
type compressed struct{}

func (compressed) ReadFile(name string) ([]byte, error) {
	file, err := os.Open(name + ".gz")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (compressed) WriteFile(name string, data []byte) error {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(name+".gz", out.Bytes(), 0o644)
}

func (compressed) IsFileExists(name string) bool {
	_, err := os.Stat(name + ".gz")
	return err == nil
}

// clean deletes what a test leaves in a server, or an earlier run of it has left.
func clean(t *testing.T, cfg *meilisearch.Config) {
	t.Helper()
	for _, index := range []string{"-a", "-b", "-state"} {
		path := "/indexes/" + cfg.Prefix + index
		var found struct{ UID string }
		if call(t, cfg, http.MethodGet, path, &found); found.UID == "" {
			continue
		}
		var task struct{ TaskUID json.Number }
		call(t, cfg, http.MethodDelete, path, &task)
		for status := ""; status != "succeeded"; <-time.After(10 * time.Millisecond) {
			var got struct{ Status string }
			call(t, cfg, http.MethodGet, "/tasks/"+task.TaskUID.String(), &got)
			if status = got.Status; status == "failed" {
				t.Fatalf("index %s%s was not deleted", cfg.Prefix, index)
			}
		}
	}
	var keys struct{ Results []struct{ UID, Name string } }
	call(t, cfg, http.MethodGet, "/keys?limit=1000", &keys)
	for _, k := range keys.Results {
		if k.Name == "relais "+cfg.Prefix {
			call(t, cfg, http.MethodDelete, "/keys/"+k.UID, nil)
		}
	}
}

func call(t *testing.T, cfg *meilisearch.Config, method, path string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, cfg.URL+path, nil)
	fatal(t, err)
	req.Header.Set("Authorization", "Bearer "+cfg.MasterKey)
	res, err := http.DefaultClient.Do(req)
	fatal(t, err)
	defer res.Body.Close()
	if out != nil {
		fatal(t, json.NewDecoder(res.Body).Decode(out))
	}
}
