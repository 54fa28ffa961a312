// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/fault"
)

// maxAnswer is the most bytes of an answer: a full batch of the longest vectors,
// written at length, has 4 MB.
const maxAnswer = 8 << 20

// maxComplaint is how many characters of a server's error message are repeated.
const maxComplaint = 200

// question is the body of a request.
type question struct {
	Model string   `json:"model"`
	Input []string `json:"input"`
}

// answer is the body of a good response.
type answer struct {
	Data []struct {
		Index     *int    `json:"index"`
		Embedding numbers `json:"embedding"`
	} `json:"data"`
}

// request embeds texts in one attempt, and counts it.
func (e *Embedder) request(ctx context.Context, texts []string) ([][]float32, error) {
	start := time.Now()
	vectors, became, err := e.attempt(ctx, texts)
	e.metrics.record(became, time.Since(start))
	return vectors, err
}

func (e *Embedder) attempt(ctx context.Context, texts []string) ([][]float32, outcome, error) {
	body, err := json.Marshal(question{e.cfg.Model, texts})
	if err != nil {
		return nil, badRequest, fmt.Errorf("embedder: write request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, badRequest, fmt.Errorf("embedder: make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Relais")
	if e.cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.cfg.Key)
	}
	res, err := e.http.Do(req)
	if err != nil {
		o, err := broken(ctx, err)
		return nil, o, err
	}
	defer res.Body.Close()
	content, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		o, err := broken(ctx, err)
		return nil, o, err
	case res.StatusCode != http.StatusOK:
		o, err := e.refused(res, content)
		return nil, o, err
	case len(content) > maxAnswer:
		return nil, badAnswer, fmt.Errorf("embedder: the answer has more than %d bytes", maxAnswer)
	}
	vectors, err := e.read(content, len(texts))
	if err != nil {
		return nil, badAnswer, fmt.Errorf("embedder: %w", err)
	}
	return vectors, good, nil
}

// broken is what became of a request that got no whole response.
func broken(ctx context.Context, err error) (outcome, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return canceled, ctx.Err()
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if n, ok := errors.AsType[net.Error](err); ctx.Err() != nil || (ok && n.Timeout()) {
		return timeout, fault.Wrap(fault.Unavailable, "the embedder does not answer in time", err)
	}
	return unreachable, fault.Wrap(fault.Unavailable, "the embedder cannot be reached", err)
}

// refused is what a response other than 200 means.
func (e *Embedder) refused(res *http.Response, content []byte) (outcome, error) {
	err := fmt.Errorf("answers %d %s%s", res.StatusCode, http.StatusText(res.StatusCode), e.complaint(content))
	switch code := res.StatusCode; {
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		f := fault.Wrap(fault.Unavailable, "the embedder is overloaded or out of order", err)
		f.RetryAfter = retryAfter(res.Header.Get("Retry-After"))
		return busy, f
	default:
		return badRequest, fmt.Errorf("embedder: %w", err)
	}
}

// complaint is the message of an error object, without the key it may repeat.
func (e *Embedder) complaint(content []byte) string {
	var body struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(content, &body) != nil || body.Error.Message == "" {
		return ""
	}
	message := body.Error.Message
	if e.cfg.Key != "" {
		message = strings.ReplaceAll(message, e.cfg.Key, "********")
	}
	return ": " + strconv.Quote(cut(message, maxComplaint))
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); 0 for anything else.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 86400)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// read takes n vectors from a response, in the order of the texts.
func (e *Embedder) read(content []byte, n int) ([][]float32, error) {
	var a answer
	if err := json.Unmarshal(content, &a); err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	if len(a.Data) != n {
		return nil, fmt.Errorf("the answer has %d vectors for %d texts", len(a.Data), n)
	}
	vectors := make([][]float32, n)
	for at, d := range a.Data {
		switch {
		case d.Index == nil:
			return nil, fmt.Errorf("vector %d of the answer has no index", at)
		case *d.Index < 0 || *d.Index >= n:
			return nil, fmt.Errorf("the answer has an index %d for %d texts", *d.Index, n)
		case vectors[*d.Index] != nil:
			return nil, fmt.Errorf("the answer has index %d twice", *d.Index)
		}
		v, err := e.unit(d.Embedding)
		if err != nil {
			return nil, fmt.Errorf("vector %d of the answer %w", *d.Index, err)
		}
		vectors[*d.Index] = v
	}
	return vectors, nil
}

// unit checks the dimensions of a vector, which the first one sets unless they are
// configured, and gives it length 1.
func (e *Embedder) unit(v numbers) ([]float32, error) {
	var square float64
	for _, f := range v {
		square += float64(f) * float64(f)
	}
	switch {
	case len(v) == 0 || len(v) > MaxDimensions:
		return nil, fmt.Errorf("has %d dimensions: want 1 to %d", len(v), MaxDimensions)
	case square == 0:
		return nil, errors.New("has only zeros")
	}
	e.dimensions.CompareAndSwap(0, int64(len(v)))
	if want := e.Dimensions(); len(v) != want {
		return nil, fmt.Errorf("has %d dimensions, not %d: another model?", len(v), want)
	}
	length := math.Sqrt(square)
	for i, f := range v {
		v[i] = float32(float64(f) / length)
	}
	return v, nil
}

// numbers are those of a JSON array; each must be finite as a float32.
type numbers []float32

// UnmarshalJSON implements [json.Unmarshaler]. Unlike encoding/json it takes no
// null for a number: some servers write NaN so.
func (n *numbers) UnmarshalJSON(b []byte) error {
	list, array := strings.CutPrefix(string(b), "[")
	if !array {
		return errors.New("an embedding is not an array of numbers")
	}
	list = strings.TrimSpace(strings.TrimSuffix(list, "]"))
	if list == "" {
		return nil
	}
	out := make(numbers, 0, strings.Count(list, ",")+1)
	for item := range strings.SplitSeq(list, ",") {
		f, err := strconv.ParseFloat(strings.TrimSpace(item), 32)
		if err != nil {
			return fmt.Errorf("number %d of an embedding is not a finite number: %s", len(out), cut(item, 20))
		}
		out = append(out, float32(f))
	}
	*n = out
	return nil
}
