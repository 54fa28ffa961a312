// SPDX-License-Identifier: Apache-2.0

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/services/search/internal/cache"
)

func open(t *testing.T, limit int) *cache.Cache {
	t.Helper()
	c, err := cache.New(limit, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// says is a production that counts its calls.
func says(body string, calls *atomic.Int32) func(context.Context) (cache.Answer, error) {
	return func(context.Context) (cache.Answer, error) {
		calls.Add(1)
		return cache.Answer{Body: []byte(body)}, nil
	}
}

func ask(t *testing.T, c *cache.Cache, key string, stamp cache.Stamp, produce func(context.Context) (cache.Answer, error)) (string, cache.Result) {
	t.Helper()
	a, result, err := c.Do(t.Context(), key, stamp, produce)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return string(a.Body), result
}

func TestAnAnswerHoldsForItsKeyAndStamp(t *testing.T) {
	c := open(t, 1<<20)
	for i, step := range []struct {
		key   string
		stamp cache.Stamp
		want  cache.Result
	}{
		{"a", cache.Stamp{Epoch: 1, Second: 1}, cache.Miss},
		{"a", cache.Stamp{Epoch: 1, Second: 1}, cache.Hit},
		{"b", cache.Stamp{Epoch: 1, Second: 1}, cache.Miss},
		{"a", cache.Stamp{Epoch: 1, Position: 1, Second: 1}, cache.Miss},
		{"a", cache.Stamp{Epoch: 1, Position: 1, Second: 1}, cache.Hit},
		{"a", cache.Stamp{Epoch: 2, Second: 1}, cache.Miss},
		{"a", cache.Stamp{Epoch: 2, Second: 2}, cache.Miss},
		{"a", cache.Stamp{Epoch: 2, Second: 2}, cache.Hit},
		{"a", cache.Stamp{Epoch: 1, Second: 1}, cache.Miss},
	} {
		var calls atomic.Int32
		fresh := fmt.Sprint(step.key, step.stamp)
		if body, got := ask(t, c, step.key, step.stamp, says(fresh, &calls)); body != fresh || got != step.want {
			t.Errorf("step %d: %s %q, want %s %q", i, got, body, step.want, fresh)
		}
	}
}

func TestErrorsAndPanicsAreNotKept(t *testing.T) {
	c := open(t, 1<<20)
	bad := errors.New("bad")
	if _, _, err := c.Do(t.Context(), "a", cache.Stamp{}, func(context.Context) (cache.Answer, error) { return cache.Answer{}, bad }); !errors.Is(err, bad) {
		t.Errorf("error %v", err)
	}
	if _, _, err := c.Do(t.Context(), "a", cache.Stamp{}, func(context.Context) (cache.Answer, error) { panic("oh") }); err == nil || !strings.Contains(err.Error(), "oh") {
		t.Errorf("a panic gives %v", err)
	}
	var calls atomic.Int32
	if _, got := ask(t, c, "a", cache.Stamp{}, says("good", &calls)); got != cache.Miss {
		t.Errorf("after an error: %s", got)
	}
}

func TestTheBytesAreBounded(t *testing.T) {
	c := open(t, 8<<10)
	var calls atomic.Int32
	kilobyte := strings.Repeat("x", 1<<10)
	for i := range 100 {
		ask(t, c, fmt.Sprint(i), cache.Stamp{}, says(kilobyte, &calls))
		ask(t, c, "0", cache.Stamp{}, says(kilobyte, &calls)) // used all the time
	}
	if n := calls.Load(); n != 100 {
		t.Errorf("%d calls: what is used is dropped, or what is equal is not found", n)
	}
	if _, got := ask(t, c, "1", cache.Stamp{}, says(kilobyte, &calls)); got != cache.Miss {
		t.Error("what was not used for long is kept")
	}
	for range 2 {
		if _, got := ask(t, c, "big", cache.Stamp{}, says(strings.Repeat(kilobyte, 9), &calls)); got != cache.Miss {
			t.Error("what is larger than all room is kept")
		}
	}
	if _, got := ask(t, c, "0", cache.Stamp{}, says(kilobyte, &calls)); got != cache.Hit {
		t.Error("something too large drove out what is used")
	}
}

func TestEqualQuestionsShareOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, 1<<20)
		var calls, shared atomic.Int32
		release := make(chan struct{})
		produce := func(context.Context) (cache.Answer, error) {
			<-release
			return says("once", &calls)(t.Context())
		}
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				body, result := ask(t, c, "a", cache.Stamp{}, produce)
				if body != "once" {
					t.Errorf("answer %q", body)
				}
				if result == cache.Shared {
					shared.Add(1)
				}
			})
		}
		synctest.Wait()
		close(release)
		group.Wait()
		if calls.Load() != 1 || shared.Load() != 49 {
			t.Errorf("%d calls, %d shared", calls.Load(), shared.Load())
		}
	})
}

func TestOneWhoLeavesTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, 1<<20)
		var ended atomic.Bool
		release := make(chan struct{})
		produce := func(ctx context.Context) (cache.Answer, error) {
			select {
			case <-release:
				return cache.Answer{Body: []byte("here")}, nil
			case <-ctx.Done():
				ended.Store(true)
				return cache.Answer{}, ctx.Err()
			}
		}
		first, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, _, err := c.Do(first, "a", cache.Stamp{}, produce); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		group.Go(func() {
			if body, result := ask(t, c, "a", cache.Stamp{}, produce); body != "here" || result != cache.Shared {
				t.Errorf("who stayed got %s %q", result, body)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		if ended.Load() {
			t.Fatal("the call ended although somebody waits")
		}
		close(release)
		group.Wait()

		alone, leaveToo := context.WithCancel(t.Context())
		release = make(chan struct{})
		group.Go(func() { _, _, _ = c.Do(alone, "b", cache.Stamp{}, produce) })
		synctest.Wait()
		leaveToo()
		group.Wait()
		synctest.Wait()
		if !ended.Load() {
			t.Error("the call goes on although nobody waits")
		}
	})
}
