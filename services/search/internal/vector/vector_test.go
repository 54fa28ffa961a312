// SPDX-License-Identifier: Apache-2.0

package vector

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const dimensions = 384

// source gives the same numbers in every run.
func source() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// random returns a vector of any direction.
func random(r *rand.Rand, dimensions int) []float32 {
	v := make([]float32, dimensions)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// near returns a vector that differs from v by noise.
func near(r *rand.Rand, v []float32, noise float64) []float32 {
	w := slices.Clone(v)
	for i := range w {
		w[i] += float32(noise * r.NormFloat64())
	}
	return w
}

func mustSet(t testing.TB, x *Index, key string, v []float32) {
	t.Helper()
	if err := x.Set(key, v); err != nil {
		t.Fatalf("Set %q: %v", key, err)
	}
}

func keys(matches []Match) []string {
	var out []string
	for _, m := range matches {
		out = append(out, m.Key)
	}
	return out
}

// brute computes every cosine in double precision and sorts them all.
func brute(vectors map[string][]float32, query []float32, k int, least float64, admit func(string) bool) []Match {
	var all []Match
	for key, v := range vectors {
		var ab, aa, bb float64
		for i := range v {
			a, b := float64(v[i]), float64(query[i])
			ab, aa, bb = ab+a*b, aa+a*a, bb+b*b
		}
		if c := ab / math.Sqrt(aa*bb); c >= least && (admit == nil || admit(key)) {
			all = append(all, Match{key, c})
		}
	}
	slices.SortFunc(all, compare)
	return all[:min(k, len(all))]
}

func TestNearest(t *testing.T) {
	x := New(2)
	for key, v := range map[string][]float32{
		"east": {1, 0}, "far_east": {100, 0}, "north": {0, 2}, "north_east": {3, 3}, "west": {-1, 0},
	} {
		mustSet(t, x, key, v)
	}
	noNorth := func(key string) bool { return !strings.HasPrefix(key, "north") }
	for _, tc := range []struct {
		name  string
		query []float32
		k     int
		least float64
		admit func(string) bool
		want  []string
	}{
		{"best_first_and_ties_by_key", []float32{5, 0}, 9, -1, nil, []string{"east", "far_east", "north_east", "north", "west"}},
		{"as_many_as_asked_for", []float32{5, 0}, 3, -1, nil, []string{"east", "far_east", "north_east"}},
		{"only_near_enough", []float32{5, 0}, 9, 0.7, nil, []string{"east", "far_east", "north_east"}},
		{"only_admitted_and_as_many_as_asked_for", []float32{5, 1}, 3, -1, noNorth, []string{"east", "far_east", "west"}},
		{"none_near_enough", []float32{0, -1}, 9, 0.5, nil, nil},
		{"none_asked_for", []float32{1, 0}, 0, -1, nil, nil},
		{"less_than_none", []float32{1, 0}, -1, -1, nil, nil},
		{"least_is_no_number", []float32{1, 0}, 9, math.NaN(), nil, nil},
		{"query_of_another_length", []float32{1, 0, 0}, 9, -1, nil, nil},
		{"query_that_is_no_number", []float32{1, float32(math.NaN())}, 9, -1, nil, nil},
		{"query_of_zeros", []float32{0, 0}, 9, -1, nil, nil},
		{"no_query", nil, 9, -1, nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := keys(x.Nearest(tc.query, tc.k, tc.least, tc.admit))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCosine(t *testing.T) {
	x := New(2)
	mustSet(t, x, "a", []float32{3e30, 3e30})
	for _, tc := range []struct {
		query []float32
		want  float64
	}{{[]float32{1e-30, 1e-30}, 1}, {[]float32{1, 0}, math.Sqrt2 / 2}, {[]float32{1, -1}, 0}, {[]float32{-7, -7}, -1}} {
		got := x.Nearest(tc.query, 1, -1, nil)
		if len(got) != 1 || math.Abs(got[0].Cosine-tc.want) > 1e-6 || math.Abs(got[0].Cosine) > 1 {
			t.Errorf("Nearest(%v) = %v, want a cosine of %v", tc.query, got, tc.want)
		}
	}
}

func TestSetRefusesUnfitVectors(t *testing.T) {
	x := New(2)
	mustSet(t, x, "a", []float32{1, 0})
	for _, tc := range []struct {
		name   string
		vector []float32
		says   string
	}{
		{"none", nil, "0 dimensions, not 2"},
		{"too_short", []float32{1}, "1 dimensions, not 2"},
		{"too_long", []float32{1, 2, 3}, "3 dimensions, not 2"},
		{"not_a_number", []float32{1, float32(math.NaN())}, "number 1 is NaN"},
		{"infinite", []float32{float32(math.Inf(-1)), 0}, "number 0 is -Inf"},
		{"zeros", []float32{0, 0}, "only zeros"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := x.Set("a", tc.vector)
			if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("Set: %v, want ErrUnfit that says %q", err, tc.says)
			}
			if got := x.Nearest([]float32{1, 0}, 1, 0.99, nil); len(got) != 1 {
				t.Error("the vector held before is lost")
			}
		})
	}
}

func TestSetKeepsACopy(t *testing.T) {
	x := New(2)
	v := []float32{1, 0}
	mustSet(t, x, "a", v)
	v[0], v[1] = 0, 1
	if got := x.Nearest([]float32{1, 0}, 1, 0.99, nil); len(got) != 1 {
		t.Error("a change of the caller's slice is seen")
	}
}

func TestSetReplaces(t *testing.T) {
	x := New(2)
	mustSet(t, x, "a", []float32{1, 0})
	mustSet(t, x, "a", []float32{0, 1})
	if got := x.Nearest([]float32{1, 0}, 9, 0.5, nil); got != nil {
		t.Errorf("the vector before is found: %v", got)
	}
	if got := x.Nearest([]float32{0, 1}, 9, 0.5, nil); len(got) != 1 || x.Len() != 1 {
		t.Errorf("found %v of %d, want one of one", got, x.Len())
	}
}

func TestFullIndex(t *testing.T) {
	x := New(1)
	x.limit = 300
	for i := range x.limit {
		mustSet(t, x, fmt.Sprint(i), []float32{1})
	}
	if err := x.Set("new", []float32{1}); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), fmt.Sprint(Limit)) {
		t.Errorf("Set of a new key: %v, want ErrFull that names the limit", err)
	}
	mustSet(t, x, "7", []float32{-1})
	x.Delete("8")
	mustSet(t, x, "new", []float32{1})
	if x.Len() != x.limit {
		t.Errorf("Len = %d, want %d", x.Len(), x.limit)
	}
}

// Whatever is set and deleted, in any order, the index finds what a plain map
// and a loop find.
func TestIndexIsAMap(t *testing.T) {
	r := source()
	x, held := New(8), map[string][]float32{}
	for step := range 6000 {
		key := fmt.Sprint(r.IntN(900))
		if growing := step < 3000; r.IntN(10) < 3 == growing {
			x.Delete(key)
			delete(held, key)
		} else {
			v := random(r, 8)
			mustSet(t, x, key, v)
			held[key] = v
		}
		if x.Len() != len(held) {
			t.Fatalf("step %d: Len = %d, want %d", step, x.Len(), len(held))
		}
		if step%20 != 0 {
			continue
		}
		query, k, least := random(r, 8), 1+r.IntN(20), r.Float64()
		even := func(key string) bool { return strings.HasSuffix(key, "2") || least > 0.5 }
		want, got := brute(held, query, k, least, even), x.Nearest(query, k, least, even)
		if diff := cmp.Diff(keys(want), keys(got)); diff != "" {
			t.Fatalf("step %d (-want +got):\n%s", step, diff)
		}
	}
	for key := range held {
		x.Delete(key)
		x.Delete(key)
	}
	if got := x.Nearest(random(r, 8), 9, -1, nil); got != nil || x.Len() != 0 {
		t.Errorf("an emptied index finds %v of %d", got, x.Len())
	}
}

func TestRecall(t *testing.T) {
	const (
		vectors, queries, k = 3000, 20, 10
		want                = 0.99
	)
	r := source()
	x, held := New(dimensions), map[string][]float32{}
	var all [][]float32
	for i := range vectors {
		v := random(r, dimensions)
		mustSet(t, x, fmt.Sprint(i), v)
		held[fmt.Sprint(i)] = v
		all = append(all, v)
	}
	found := 0
	for i := range queries {
		q := near(r, all[i], 1.5)
		best := keys(x.Nearest(q, k, -1, nil))
		for _, m := range brute(held, q, k, -1, nil) {
			if slices.Contains(best, m.Key) {
				found++
			}
		}
	}
	if recall := float64(found) / (queries * k); recall < want {
		t.Errorf("recall of the best %d = %.3f, want at least %v", k, recall, want)
	}
}

func TestSearchesSeeWholeChanges(t *testing.T) {
	x := New(2)
	mustSet(t, x, "stays", []float32{1, 1})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprint(w, i%600)
				if err := x.Set(key, []float32{1, float32(i % 7)}); err != nil {
					t.Errorf("Set: %v", err)
				}
				if i%3 == 0 {
					x.Delete(key)
				}
			}
		})
		wg.Go(func() {
			for range 200 {
				got := x.Nearest([]float32{1, 1}, 5000, 0, nil)
				seen := map[string]bool{}
				for _, m := range got {
					if seen[m.Key] {
						t.Errorf("%q is found twice", m.Key)
					}
					seen[m.Key] = true
				}
				if !seen["stays"] {
					t.Error("a vector nobody touched is not found")
				}
			}
		})
	}
	wg.Wait()
}

// admit may use the index that asks it.
func TestAdmitMayChangeTheIndex(t *testing.T) {
	x := New(1)
	mustSet(t, x, "a", []float32{1})
	got := x.Nearest([]float32{1}, 9, 0, func(key string) bool { x.Delete(key); return true })
	if len(got) != 1 || x.Len() != 0 {
		t.Errorf("found %v and left %d, want one and none", got, x.Len())
	}
}

// full returns an index that has no room left, and the megabytes it takes.
func full(b *testing.B) (*Index, *rand.Rand, float64) {
	b.Helper()
	r := source()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x := New(dimensions)
	for i := range Limit {
		mustSet(b, x, fmt.Sprintf("urn:newsml:example:%d.fr", i), random(r, dimensions))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	return x, r, float64(after.HeapAlloc-before.HeapAlloc) / 1e6
}

func BenchmarkNearest(b *testing.B) {
	x, r, size := full(b)
	q := random(r, dimensions)
	for b.Loop() {
		x.Nearest(q, 10, 0.1, nil)
	}
	b.ReportMetric(size, "MB")
}

func BenchmarkSet(b *testing.B) {
	x, r, _ := full(b)
	v := random(r, dimensions)
	for b.Loop() {
		mustSet(b, x, "urn:newsml:example:777.fr", v)
	}
}
