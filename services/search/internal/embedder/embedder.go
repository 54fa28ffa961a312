// SPDX-License-Identifier: Apache-2.0

// Package embedder turns texts into vectors that are near each other when the
// texts mean the like. A server does the work: any that answers POST
// /v1/embeddings as the OpenAI API reference says ("Create embeddings"), with
// floats, be it on the same machine or a vendor's.
//
// Documents are embedded with patience; questions are not kept waiting. When the
// server fails them, they go without a vector and a circuit opens:
//
//	closed ── 3 failures in a row ──▶ open ── 10 s ──▶ one probe ── success ──▶ closed
//	                                   ▲                   │
//	                                   └───── failure ─────┘
package embedder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
)

// Config names the server and its model. Its zero value is off.
type Config struct {
	URL        string  `name:"embedder-url" env:"RELAIS_EMBEDDER_URL" placeholder:"URL" help:"Search by meaning, too: an OpenAI-compatible server of embeddings, with or without /v1/embeddings; empty: words alone."`
	Model      string  `name:"embedder-model" env:"RELAIS_EMBEDDER_MODEL" placeholder:"NAME" help:"The embedder's model; required with a URL."`
	Key        string  `name:"embedder-key" env:"RELAIS_EMBEDDER_KEY" secret:"" placeholder:"KEY" help:"Sent to the embedder as a bearer token; empty: none."`
	Dimensions int     `name:"embedder-dimensions" env:"RELAIS_EMBEDDER_DIMENSIONS" default:"0" placeholder:"N" help:"Numbers in a vector of the model; another length is an error; 0: what the first answer has."`
	Nearness   float64 `name:"embedder-nearness" env:"RELAIS_EMBEDDER_NEARNESS" default:"0.5" placeholder:"COSINE" help:"Least cosine, above 0 and up to 1, at which an article matches a question; it depends on the model."`
}

// DefaultNearness is the Nearness of a Config that has none.
const DefaultNearness = 0.5

// MaxDimensions is the most numbers a vector may have.
const MaxDimensions = 4096

// The limits of Embed.
const (
	maxBatch     = 16              // texts in a request: few, since questions may have to wait for them
	maxText      = 8000            // characters of a text
	maxAttempts  = 5               // for one request
	maxPause     = time.Minute     // between two attempts, whatever the server asks for
	firstPause   = time.Second / 4 // before the second attempt; it doubles from there
	maxDuration  = 2 * time.Minute // of one attempt
	maxDial      = 5 * time.Second // of a connection, and of its handshake
	maxIdle      = 30 * time.Second
	maxIdleConns = 8
)

// Embedder is a client of a server of embeddings. A nil Embedder is one that is
// off: its methods may be called and return nothing. It is safe for concurrent use.
type Embedder struct {
	cfg        Config
	endpoint   string
	http       *http.Client
	log        *slog.Logger
	metrics    *metrics
	dimensions atomic.Int64 // 0: not known yet

	circuit circuit
	recent  *recent
}

// New returns an embedder; nil when the Config has no URL. It opens nothing.
func New(cfg Config, log *slog.Logger, registry prometheus.Registerer) (*Embedder, error) {
	return newEmbedder(cfg, log, registry, (&net.Dialer{Timeout: maxDial}).DialContext)
}

type dial func(ctx context.Context, network, address string) (net.Conn, error)

func newEmbedder(cfg Config, log *slog.Logger, registry prometheus.Registerer, dial dial) (*Embedder, error) {
	if cfg.URL == "" {
		return nil, nil
	}
	endpoint, err := endpoint(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("embedder: %w", err)
	}
	cfg.Nearness = cmp.Or(cfg.Nearness, DefaultNearness)
	switch {
	case cfg.Model == "":
		return nil, fmt.Errorf("embedder: a URL needs a model")
	case cfg.Dimensions < 0 || cfg.Dimensions > MaxDimensions:
		return nil, fmt.Errorf("embedder: %d dimensions: want 1 to %d, or 0", cfg.Dimensions, MaxDimensions)
	case math.IsNaN(cfg.Nearness) || cfg.Nearness < 0 || cfg.Nearness > 1:
		return nil, fmt.Errorf("embedder: nearness %v: want a cosine above 0 and up to 1", cfg.Nearness)
	}
	e := &Embedder{cfg: cfg, endpoint: endpoint, log: log, recent: newRecent(maxRecent)}
	e.dimensions.Store(int64(cfg.Dimensions))
	e.http = &http.Client{
		Timeout: maxDuration,
		// Texts may be under embargo: they go where the operator said, nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dial, TLSHandshakeTimeout: maxDial,
			IdleConnTimeout: maxIdle, MaxIdleConnsPerHost: maxIdleConns, ForceAttemptHTTP2: true,
		},
	}
	e.metrics, err = newMetrics(registry)
	return e, err
}

// endpoint completes a URL that may lack /v1/embeddings or a part of it.
func endpoint(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", fmt.Errorf("the URL cannot be read") // the cause would show it, and it may hold a secret
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return "", fmt.Errorf("the URL must start with http:// or https:// and a host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("the URL must have no user, query or fragment; secrets belong into the key")
	}
	path := strings.TrimRight(u.Path, "/")
	switch {
	case strings.HasSuffix(path, "/embeddings"):
	case strings.HasSuffix(path, "/v1"):
		path += "/embeddings"
	default:
		path += "/v1/embeddings"
	}
	return u.Scheme + "://" + u.Host + path, nil
}

// Model is the name of the model; empty when off.
func (e *Embedder) Model() string {
	if e == nil {
		return ""
	}
	return e.cfg.Model
}

// Dimensions is how many numbers a vector has; 0 when off, and while that is not
// configured and no text has been embedded.
func (e *Embedder) Dimensions() int {
	if e == nil {
		return 0
	}
	return int(e.dimensions.Load())
}

// Nearness is the least cosine at which a document matches a question; 0 when off.
func (e *Embedder) Nearness() float64 {
	if e == nil {
		return 0
	}
	return e.cfg.Nearness
}

// Embed returns one vector of length 1 for each text, in the order of the texts;
// nil for a text that is blank, and for every text when off. Texts are cut to
// 8,000 characters.
//
// A server that cannot be reached or is overloaded is asked again, up to five
// times, after pauses that double or that it asks for. What then fails, or would
// outlast ctx, is a fault of kind Unavailable: the same texts may be tried later.
// Any other error but ctx's own says what is wrong with the request or the
// answer, and would come again.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	if e == nil {
		return vectors, nil
	}
	var inputs []string
	var places []int
	for i, text := range texts {
		if text = cut(text, maxText); text != "" {
			inputs, places = append(inputs, text), append(places, i)
		}
	}
	for batch := range slices.Chunk(inputs, maxBatch) {
		embedded, err := e.insist(ctx, batch)
		if err != nil {
			return nil, err
		}
		for i, v := range embedded {
			vectors[places[i]] = v
		}
		places = places[len(batch):]
	}
	return vectors, nil
}

// insist embeds one batch, in several attempts if need be.
func (e *Embedder) insist(ctx context.Context, batch []string) ([][]float32, error) {
	for attempt := 1; ; attempt++ {
		vectors, err := e.request(ctx, batch)
		if err == nil || !fault.Is(err, fault.Unavailable) || attempt == maxAttempts {
			return vectors, err
		}
		pause, ok := pauseAfter(ctx, attempt, err)
		if !ok {
			return nil, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		case <-timer.C:
		}
	}
}

// pauseAfter is how long to wait after a failed attempt; false when that is longer
// than the caller or anyone would wait.
func pauseAfter(ctx context.Context, attempt int, err error) (time.Duration, bool) {
	pause := firstPause << (attempt - 1)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		pause = max(pause, f.RetryAfter)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return 0, false
	}
	return pause, pause <= maxPause
}
