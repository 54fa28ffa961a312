// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/settings"
)

// want is the vector that lengths gives for a text, of length 1.
func want(text string) []float32 {
	n := float64(len([]rune(text)))
	return []float32{float32(n / math.Hypot(n, 1)), float32(1 / math.Hypot(n, 1))}
}

func TestEmbedKeepsTheOrderOfTheTexts(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		texts := make([]string, 2*maxBatch+5)
		wants := make([][]float32, len(texts))
		for i := range texts {
			texts[i] = strings.Repeat("é", i%9)
			if i%9 > 0 {
				wants[i] = want(texts[i])
			}
		}
		got, err := d.Embed(t.Context(), texts)
		if err != nil {
			t.Fatalf("Embed: %v", err)
		}
		if diff := cmp.Diff(wants, got); diff != "" {
			t.Errorf("vectors (-want +got):\n%s", diff)
		}
		for _, asked := range d.asked {
			if len(asked) > maxBatch {
				t.Errorf("a batch of %d texts", len(asked))
			}
		}
		r := d.requests[0]
		if r.Method != http.MethodPost || r.URL.Path != "/v1/embeddings" ||
			r.Header.Get("Authorization") != "Bearer "+key || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("request: %s %s %v", r.Method, r.URL, r.Header)
		}
		if d.Dimensions() != 2 || d.Model() != "small" || d.Nearness() != DefaultNearness {
			t.Errorf("dimensions %d, model %q, nearness %v", d.Dimensions(), d.Model(), d.Nearness())
		}
		if got := d.metric("requests_total", "ok"); got != 2 || d.metric("seconds") != 2 || d.metric("up") != 1 {
			t.Errorf("metrics: %v requests", got)
		}
	}, lengths)
}

func TestEmbedCutsTexts(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		if _, err := d.Embed(t.Context(), []string{strings.Repeat("œ", 3*maxText), " a\xffb\n"}); err != nil {
			t.Fatalf("Embed: %v", err)
		}
		if diff := cmp.Diff([]string{strings.Repeat("œ", maxText), "a\ufffdb"}, d.asked[0]); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	}, lengths)
}

func TestEmbedAsksNobodyAboutNothing(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		got, err := d.Embed(t.Context(), []string{"", " \n"})
		if err != nil || len(got) != 2 || got[0] != nil || got[1] != nil || len(d.asked) != 0 {
			t.Errorf("Embed = %v, %v after %d requests", got, err, len(d.asked))
		}
	}, lengths)
}

func TestBadAnswers(t *testing.T) {
	vector := func(index, embedding string) string {
		return fmt.Sprintf(`{"data": [{"index": %s, "embedding": %s}]}`, index, embedding)
	}
	for _, tc := range []struct {
		name, answer, says string
	}{
		{"not_json", "<html>", "cannot be read: invalid character '<'"},
		{"cut_short", `{"data": [{"index"`, "cannot be read: unexpected end"},
		{"another_shape", `{"embeddings": [[1, 2]]}`, "0 vectors for 1 texts"},
		{"too_many", `{"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1, 2]}]}`, "2 vectors for 1 texts"},
		{"no_index", `{"data": [{"embedding": [1, 2]}]}`, "vector 0 of the answer has no index"},
		{"index_out_of_range", vector("1", "[1, 2]"), "index 1 for 1 texts"},
		{"negative_index", vector("-1", "[1, 2]"), "index -1 for 1 texts"},
		{"too_short", vector("0", "[1]"), "vector 0 of the answer has 1 dimensions, not 2: another model?"},
		{"too_long", vector("0", "[1, 2, 3]"), "has 3 dimensions, not 2"},
		{"far_too_long", vector("0", "[1"+strings.Repeat(",1", MaxDimensions)+"]"), "has 4097 dimensions: want 1 to 4096"},
		{"empty", vector("0", "[ ]"), "has 0 dimensions"},
		{"zeros", vector("0", "[0, 0.0]"), "has only zeros"},
		{"nan", vector("0", "[1, NaN]"), "cannot be read: invalid character 'N'"},
		{"null", vector("0", "[1, null]"), "number 1 of an embedding is not a finite number: null"},
		{"infinite", vector("0", "[1e39, 1]"), "number 0 of an embedding is not a finite number: 1e39"},
		{"text", vector("0", `["1", 2]`), `number 0 of an embedding is not a finite number: "1"`},
		{"base64", vector("0", `"AACAPw=="`), "an embedding is not an array of numbers"},
		{"nested", vector("0", "[[1, 2]]"), "number 0 of an embedding is not a finite number: [1"},
		{"huge", vector("0", "[1, 2"+strings.Repeat(" ", maxAnswer)+"]"), "more than 8388608 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			scenario(t, Config{Dimensions: 2}, func(t *testing.T, d *desk) {
				got, err := d.Embed(t.Context(), []string{"texte"})
				if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.HasPrefix(err.Error(), "embedder: ") {
					t.Fatalf("Embed = %v, %v; want an error that says %q", got, err, tc.says)
				}
				if fault.Is(err, fault.Unavailable) || len(d.asked) != 1 {
					t.Errorf("%d attempts for %v: it would come again", len(d.asked), err)
				}
				if d.metric("requests_total", "bad_answer") != 1 || d.metric("up") != 0 {
					t.Error("the bad answer is not counted")
				}
			}, body(tc.answer))
		})
	}
}

func TestDoubleIndex(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		_, err := d.Embed(t.Context(), []string{"un", "deux"})
		if err == nil || !strings.Contains(err.Error(), "index 0 twice") {
			t.Errorf("Embed: %v, want an error that says which index", err)
		}
	}, body(`{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}`))
}

func TestTheFirstAnswerSetsTheDimensions(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		if _, err := d.Embed(t.Context(), []string{"un"}); err != nil || d.Dimensions() != 2 {
			t.Fatalf("Embed: %v, then %d dimensions", err, d.Dimensions())
		}
		_, err := d.Embed(t.Context(), []string{"deux"})
		if err == nil || !strings.Contains(err.Error(), "1 dimensions, not 2") {
			t.Errorf("Embed: %v, want an error about dimensions", err)
		}
	}, lengths, body(`{"data": [{"index": 0, "embedding": [1]}]}`))
}

func TestAttempts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		script []handler
		after  time.Duration
		calls  int
		says   string // of the error
		later  bool   // is it Unavailable
	}{
		{"recovers", []handler{status(500, ""), status(503, ""), lengths}, 750 * time.Millisecond, 3, "", false},
		{"rate_limit", []handler{status(429, "", "Retry-After", "7"), lengths}, 7 * time.Second, 2, "", false},
		{"rate_limit_until", []handler{status(429, "", "Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT"), lengths}, 9 * time.Second, 2, "", false},
		{"absurd_header", []handler{status(503, "", "Retry-After", "soon"), lengths}, 250 * time.Millisecond, 2, "", false},
		{"connection_ends", []handler{hangUp, lengths}, 250 * time.Millisecond, 2, "", false},
		{"hangs", []handler{late(time.Hour, lengths), lengths}, maxDuration + 250*time.Millisecond, 2, "", false},
		{"never_recovers", []handler{status(500, "out of memory")}, 3750 * time.Millisecond, 5, `answers 500 Internal Server Error: "out of memory"`, true},
		{"asks_for_too_much", []handler{status(429, "quota", "Retry-After", "3600")}, 0, 1, "answers 429", true},
		{"asks_for_ages", []handler{status(429, "quota", "Retry-After", "99999999999")}, 0, 1, "answers 429", true},
		{"no_such_model", []handler{status(404, "no model "+key)}, 0, 1, `embedder: answers 404 Not Found: "no model ********"`, false},
		{"redirect", []handler{status(307, "", "Location", "http://elsewhere.example/")}, 0, 1, "answers 307", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			scenario(t, Config{}, func(t *testing.T, d *desk) {
				start := time.Now()
				got, err := d.Embed(t.Context(), []string{"texte"})
				if took := time.Since(start); took != tc.after || len(d.asked) != tc.calls {
					t.Errorf("%d requests in %v, want %d in %v", len(d.asked), took, tc.calls, tc.after)
				}
				if tc.says == "" {
					if err != nil || len(got) != 1 {
						t.Errorf("Embed = %v, %v", got, err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), key) {
					t.Errorf("Embed: %v, want an error that says %q", err, tc.says)
				}
				if fault.Is(err, fault.Unavailable) != tc.later {
					t.Errorf("Embed: %v, want Unavailable: %v", err, tc.later)
				}
			}, tc.script...)
		})
	}
}

func TestEmbedEndsWithItsContext(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		if _, err := d.Embed(ctx, []string{"texte"}); !errors.Is(err, context.Canceled) || time.Since(start) != time.Second {
			t.Errorf("canceled in a pause: %v after %v", err, time.Since(start))
		}

		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start = time.Now()
		if _, err := d.Embed(ctx, []string{"texte"}); !fault.Is(err, fault.Unavailable) || time.Since(start) != 0 {
			t.Errorf("no time for the pause: %v after %v", err, time.Since(start))
		}

		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := d.Embed(ctx, []string{"texte"}); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled in a request: %v", err)
		}
		if d.metric("requests_total", "canceled") != 1 {
			t.Error("the canceled request is not counted")
		}
	}, status(503, "", "Retry-After", "30"), status(503, "", "Retry-After", "30"), late(time.Hour, lengths))
}

func TestEndpoint(t *testing.T) {
	for raw, want := range map[string]string{
		"http://host":                "http://host/v1/embeddings",
		"http://host:8080/":          "http://host:8080/v1/embeddings",
		"https://host/v1":            "https://host/v1/embeddings",
		"https://host/v1/":           "https://host/v1/embeddings",
		"https://host/v1/embeddings": "https://host/v1/embeddings",
		"https://host/openai/deployments/d/embeddings/": "https://host/openai/deployments/d/embeddings",
		"https://host/ai": "https://host/ai/v1/embeddings",
		"http://[::1]:80": "http://[::1]:80/v1/embeddings",
	} {
		if got, err := endpoint(raw); err != nil || got != want {
			t.Errorf("endpoint(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	const host = "http://host"
	for name, cfg := range map[string]Config{
		"no_scheme":      {URL: "host:80", Model: "m"},
		"no_host":        {URL: "http:///v1", Model: "m"},
		"another_scheme": {URL: "ftp://host", Model: "m"},
		"not_a_url":      {URL: "http://secret\x00", Model: "m"},
		"user":           {URL: "http://me:secret@host", Model: "m"},
		"query":          {URL: "http://host?key=secret", Model: "m"},
		"no_model":       {URL: host},
		"dimensions":     {URL: host, Model: "m", Dimensions: -1},
		"vast":           {URL: host, Model: "m", Dimensions: MaxDimensions + 1},
		"nearness":       {URL: host, Model: "m", Nearness: 1.1},
		"no_nearness":    {URL: host, Model: "m", Nearness: math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err == nil || e != nil || strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "=secret") {
				t.Errorf("New = %v, %v; want an error without secrets", e, err)
			}
		})
	}
}

func TestOff(t *testing.T) {
	registry := prometheus.NewRegistry()
	e, err := New(Config{Model: "m"}, slog.New(slog.DiscardHandler), registry)
	if e != nil || err != nil {
		t.Fatalf("New without a URL = %v, %v", e, err)
	}
	got, err := e.Embed(t.Context(), []string{"un", "deux"})
	if err != nil || len(got) != 2 || got[0] != nil {
		t.Errorf("Embed = %v, %v; want no vector for each text", got, err)
	}
	if v := e.Query(t.Context(), "un"); v != nil || e.Model() != "" || e.Dimensions() != 0 || e.Nearness() != 0 {
		t.Errorf("Query = %v, model %q, %d dimensions, nearness %v", v, e.Model(), e.Dimensions(), e.Nearness())
	}
	if families, err := registry.Gather(); err != nil || len(families) != 0 {
		t.Errorf("metrics of what is off: %v, %v", families, err)
	}
}

func TestSettings(t *testing.T) {
	var cfg Config
	parser, err := settings.Parser(&cfg, "test", "A test.")
	if err != nil {
		t.Fatalf("Parser: %v", err)
	}
	ctx, err := parser.Parse([]string{"--embedder-url=http://host", "--embedder-model=m", "--embedder-key", key})
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if diff := cmp.Diff(Config{URL: "http://host", Model: "m", Key: key, Nearness: DefaultNearness}, cfg); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	var out strings.Builder
	if err := settings.Dump(&out, ctx); err != nil {
		t.Fatalf("Dump: %v", err)
	}
	if !strings.Contains(out.String(), "# RELAIS_EMBEDDER_KEY=********\n") || strings.Contains(out.String(), key) {
		t.Errorf("the dump shows the key or does not name it:\n%s", out.String())
	}
}

// What is taken for a vector is what encoding/json takes for one, but for nulls.
func FuzzNumbers(f *testing.F) {
	for _, seed := range []string{"[1,2]", "[ -0.5e-3 ,\n1E4 ]", "[]", "[null]", "[1e39]", "[[1],2]", `["1,2"]`, "{}", "null"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got numbers
		var want []float32
		gotErr, wantErr := json.Unmarshal([]byte(text), &got), json.Unmarshal([]byte(text), &want)
		if gotErr == nil && wantErr != nil {
			t.Fatalf("%q is taken for %v, but: %v", text, got, wantErr)
		}
		if gotErr != nil && wantErr == nil && !strings.Contains(text, "null") {
			t.Fatalf("%q is refused: %v", text, gotErr)
		}
		if gotErr == nil && !slices.Equal(got, want) {
			t.Errorf("%q is taken for %v, not %v", text, got, want)
		}
	})
}
