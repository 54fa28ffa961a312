// SPDX-License-Identifier: Apache-2.0

package embedder

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuery(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		for _, text := range []string{"impôts", " impôts ", "impôts"} {
			if diff := cmp.Diff(want("impôts"), d.Query(t.Context(), text)); diff != "" {
				t.Errorf("vector of %q (-want +got):\n%s", text, diff)
			}
		}
		if v := d.Query(t.Context(), " "); v != nil {
			t.Errorf("vector of nothing: %v", v)
		}
		if len(d.asked) != 1 || d.metric("degraded_total") != 0 {
			t.Errorf("%d requests for one text", len(d.asked))
		}
	}, lengths)
}

func TestSlowServerKeepsNobodyWaiting(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		start := time.Now()
		if v := d.Query(t.Context(), "lent"); v != nil {
			t.Errorf("vector %v from a server that is too slow", v)
		}
		if took := time.Since(start); took != patience {
			t.Errorf("it took %v, want %v", took, patience)
		}
		if d.metric("degraded_total") != 1 || d.metric("requests_total", "timeout") != 1 || d.metric("up") != 0 {
			t.Error("the failure is not counted")
		}
		if v := d.Query(t.Context(), "lent"); v == nil {
			t.Error("a failure was kept as the answer")
		}
	}, late(patience+time.Millisecond, lengths), late(patience-time.Millisecond, lengths))
}

func TestQueryDoesNotInsist(t *testing.T) {
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		if v := d.Query(t.Context(), "texte"); v != nil || len(d.asked) != 1 {
			t.Errorf("vector %v after %d requests", v, len(d.asked))
		}
	}, status(http.StatusServiceUnavailable, "", "Retry-After", "0"), lengths)
}

func TestCircuit(t *testing.T) {
	fails := status(http.StatusInternalServerError, "broken "+key)
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		n := 0
		ask := func() bool { n++; return d.Query(t.Context(), fmt.Sprint("question ", n)) != nil }
		expect := func(when string, answered bool, requests int) {
			t.Helper()
			if got := ask(); got != answered || len(d.asked) != requests {
				t.Errorf("%s: answered: %v after %d requests; want %v after %d", when, got, len(d.asked), answered, requests)
			}
		}
		expect("first failure", false, 1)
		expect("second failure", false, 2)
		expect("success in between", true, 3)
		expect("first failure in a row", false, 4)
		expect("second failure in a row", false, 5)
		expect("third failure in a row", false, 6)
		expect("open", false, 6)
		time.Sleep(openFor - time.Nanosecond) //nolint:forbidigo // in a bubble it takes no time
		expect("still open", false, 6)
		time.Sleep(time.Nanosecond) //nolint:forbidigo // in a bubble it takes no time
		expect("probe that fails", false, 7)
		expect("open again", false, 7)
		time.Sleep(openFor) //nolint:forbidigo // in a bubble it takes no time
		expect("probe that succeeds", true, 8)
		expect("closed", true, 9)

		if d.metric("degraded_total") != 9 || d.metric("requests_total", "busy") != 6 || d.metric("up") != 1 {
			t.Errorf("%v degraded, %v busy", d.metric("degraded_total"), d.metric("requests_total", "busy"))
		}
		if lines := strings.Count(d.log.String(), "\n"); lines != 2 {
			t.Errorf("%d lines of log for one failure and its end:\n%s", lines, d.log.String())
		}
	}, fails, fails, lengths, fails, fails, fails, fails, lengths)
}

func TestOneProbeAtATime(t *testing.T) {
	fails := status(http.StatusInternalServerError, "")
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		for i := range maxFailures {
			d.Query(t.Context(), fmt.Sprint(i))
		}
		time.Sleep(openFor) //nolint:forbidigo // in a bubble it takes no time
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); d.Query(ctx, "probe") }()
		synctest.Wait()
		if d.Query(t.Context(), "other"); len(d.asked) != maxFailures+1 {
			t.Errorf("%d requests beside the probe", len(d.asked)-maxFailures-1)
		}
		cancel()
		<-done
		if v := d.Query(t.Context(), "next"); v == nil {
			t.Error("the reader of a probe left, and no other question is one")
		}
	}, fails, fails, fails, late(time.Hour, lengths), lengths)
}

func TestReadersWhoLeaveDoNotOpenTheCircuit(t *testing.T) {
	slow := late(200*time.Millisecond, lengths)
	scenario(t, Config{}, func(t *testing.T, d *desk) {
		for i := range 2 * maxFailures {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			if v := d.Query(ctx, fmt.Sprint(i)); v != nil {
				t.Errorf("vector %v for nobody", v)
			}
		}
		if v := d.Query(t.Context(), "texte"); v == nil || d.metric("degraded_total") != 0 || d.metric("up") != 1 {
			t.Error("readers who left count as failures")
		}
	}, slow)
}

func TestRecent(t *testing.T) {
	r := newRecent(2)
	a, b, c := []float32{1}, []float32{2}, []float32{3}
	r.put("a", a)
	r.put("b", b)
	r.get("a")
	r.put("c", c)
	if r.get("b") != nil || r.get("a") == nil || r.get("c") == nil {
		t.Error("not the text that was used last of all is given up")
	}
	r.put("a", b)
	if got := r.get("a"); got[0] != 2 || r.order.Len() != 2 || len(r.items) != 2 {
		t.Errorf("after another put: %v, %d of %d", got, r.order.Len(), len(r.items))
	}
}
