// SPDX-License-Identifier: Apache-2.0

package count

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/share/internal/click"
)

func TestWhatAMessageMayHold(t *testing.T) {
	const k = `{"code": "AB", "class": "human", "hour": "2026-11-27T08:00:00Z"}`
	for _, tc := range []struct {
		name, data string
		clicks     int // -1: malformed
	}{
		{"a batch", `{"writer": "w", "number": 7, "clicks": [` + k + `,` + k + `]}`, 2},
		{"a bare list, as before batches had numbers", ` [` + k + `]`, 1},
		{"nobody clicked", `{"writer": "w", "number": 1, "clicks": []}`, 0},
		{"a field that is not known", `[{"id": "1",` + k[1:] + `]`, 1},
		{"a class that is not known", strings.Replace(`[`+k+`]`, "human", "martian", 1), 1},
		{"nothing", ``, -1},
		{"several", `{"writer": "w", "number": 1, "clicks": [` + k + `]}` + "\n\n" + `{"writer": "w", "number": 2, "clicks": [` + k + `,` + k + `]}` + "\n", 3},
		{"one of several is none", `{"writer": "w", "number": 1, "clicks": [` + k + `]}` + "\n{", -1},
		{"half of it", `{"writer": "w", "num`, -1},
		{"another shape", `"clicks"`, -1},
		{"no writer", `{"number": 1, "clicks": [` + k + `]}`, -1},
		{"no number", `{"writer": "w", "clicks": [` + k + `]}`, -1},
		{"a negative number", `{"writer": "w", "number": -1, "clicks": []}`, -1},
		{"a writer without end", `{"writer": "` + strings.Repeat("w", 200) + `", "number": 1}`, -1},
		{"no hour", `[{"code": "AB", "class": "human"}]`, -1},
		{"no code", `[{"class": "human", "hour": "2026-11-27T08:00:00Z"}]`, -1},
		{"more than a key has room for", strings.Replace(`[`+k+`]`, "AB", strings.Repeat("A", 256), 1), -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			batches, err := decode([]byte(tc.data))
			clicks := 0
			for _, b := range batches {
				clicks += len(b.Clicks)
			}
			if tc.clicks < 0 {
				if !fault.Is(err, fault.Malformed) {
					t.Errorf("%v, want Malformed", err)
				}
			} else if err != nil || clicks != tc.clicks {
				t.Errorf("%d clicks (%v), want %d", clicks, err, tc.clicks)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"writer": "w", "number": 7, "clicks": [{"code": "AB", "channel": "\u0000", "hour": "2026-11-27T08:00:00Z"}]}`))
	f.Add([]byte(`[{"code": "\ud800", "visitor": "v", "class": "human", "hour": "0000-01-01T00:00:00-23:59"}]`))
	book, _, err := openBook(f.TempDir()+"/counts", true)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		batches, err := decode(data)
		if err != nil {
			if !fault.Is(err, fault.Malformed) {
				t.Fatal(err)
			}
			return
		}
		for i := range batches {
			batches[i].Writer = "" // counted whatever came before
		}
		m := bus.Message{Sequence: book.Position + 1, Time: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
		if err := book.take(m, batches); err != nil {
			t.Fatal(err)
		}
		for at := range book.pending {
			key := at.key(nil, links)
			for _, want := range []string{at.article, at.code, at.channel, at.partner, at.wanted, at.language} {
				var got []byte
				if got, key, err = nextField(key); err != nil || string(got) != want {
					t.Fatalf("%q comes back as %q (%v)", want, got, err)
				}
			}
		}
		if err := book.flush(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheRunsOfAWriter(t *testing.T) {
	for _, tc := range []struct {
		numbers []uint64
		fresh   string // of each, in turn
		runs    string
	}{
		{[]uint64{1, 2, 3}, "yyy", "[{1 3}]"},
		{[]uint64{1, 1, 2, 1, 2}, "ynynn", "[{1 2}]"},
		{[]uint64{1, 2, 4, 5, 3, 3, 4}, "yyyyynn", "[{1 5}]"},
		{[]uint64{9, 7, 5, 6, 8}, "yyyyy", "[{5 9}]"},
		{[]uint64{5, 1, 3}, "yyy", "[{1 1} {3 3} {5 5}]"},
		{[]uint64{math.MaxUint64, math.MaxUint64 - 1, math.MaxUint64, 1}, "yyny", fmt.Sprintf("[{1 1} {%d %d}]", uint64(math.MaxUint64-1), uint64(math.MaxUint64))},
	} {
		w := &writer{}
		var fresh strings.Builder
		for _, n := range tc.numbers {
			fresh.WriteByte("ny"[map[bool]int{true: 1}[w.add(n)]])
		}
		if fresh.String() != tc.fresh || fmt.Sprint(w.runs) != tc.runs {
			t.Errorf("%v: new %s, runs %v; want %s, %s", tc.numbers, &fresh, w.runs, tc.fresh, tc.runs)
		}
	}
	numbers := make([]uint64, 0, 2000)
	for i := range cap(numbers) {
		numbers = append(numbers, uint64(i%1000+1))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
	w, fresh := &writer{}, 0
	for _, n := range numbers {
		if w.add(n) {
			fresh++
		}
	}
	if fresh != 1000 || fmt.Sprint(w.runs) != "[{1 1000}]" {
		t.Errorf("each number twice, in any order: %d new, %v", fresh, w.runs)
	}
}

func FuzzWriter(f *testing.F) {
	f.Add((&writer{20000, []run{{1, 500}, {502, 900}}}).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := decodeWriter(data)
		if err != nil {
			return
		}
		again, err := decodeWriter(w.encode())
		if err != nil || again.last != w.last || !slices.Equal(again.runs, w.runs) {
			t.Errorf("%+v comes back as %+v (%v)", w, again, err)
		}
	})
}

func TestTallies(t *testing.T) {
	for i, class := range click.Classes() {
		if place(class) != i {
			t.Errorf("%s is at %d in files, and shown at %d: a new format", class, place(class), i)
		}
	}
	for _, n := range []tally{{}, {uniques: 3}, {[classes]int64{1}, 1}, {[classes]int64{0, 0, 0, 0, 0, 0, 9}, 0}, {[classes]int64{1 << 40, 2, 3, 4, 5, 6, 7}, 1 << 40}} {
		got := n
		if err := got.plus(n.encode()); err != nil || got.sum() != 2*n.sum() || got.uniques != 2*n.uniques || got.distance(&tally{}) != 2*n.distance(&tally{}) {
			t.Errorf("%+v twice is %+v (%v)", n, got, err)
		}
	}
	if err := new(tally).plus([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}); err == nil {
		t.Error("more numbers than classes are read")
	}
	for at, want := range map[string]string{"2026-11-27T23:59:59Z": "2026-11-27", "2026-11-28T00:30:00+01:00": "2026-11-27", "1969-12-31T23:00:00Z": "1969-12-31"} {
		moment, err := time.Parse(time.RFC3339, at)
		if got := DayOf(moment); err != nil || got != Day(want) {
			t.Errorf("%s is on %s", at, got)
		}
	}
}
