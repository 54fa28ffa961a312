// SPDX-License-Identifier: Apache-2.0

package usage_test

import (
	"bytes"
	"os"
	"reflect"
	"testing"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/usage"
)

func example() usage.Batch {
	return usage.Batch{Writer: "MZXW6YTBOI", Number: 7, Searches: []usage.Searches{
		{Day: "2026-03-01", Partner: "gazette", Language: "fr", Asked: 12, Found: 9},
		{Day: "2026-03-01", Partner: "revue", Asked: 1},
	}}
}

func TestABatchIsWrittenAsTheLogKnowsIt(t *testing.T) {
	golden, err := os.ReadFile("testdata/batch.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	golden = bytes.TrimSpace(golden)
	batch := example()
	if data, err := batch.Encode(); err != nil || !bytes.Equal(data, golden) {
		t.Errorf("encoded (%v):\n%s\nwant:\n%s", err, data, golden)
	}
	if got, err := usage.Decode(golden); err != nil || !reflect.DeepEqual(got, batch) {
		t.Errorf("decoded %+v (%v), want %+v", got, err, batch)
	}
	if id := batch.MessageID(); id != "MZXW6YTBOI.7" {
		t.Errorf("message id %s", id)
	}
}

func TestWhatIsNoBatchIsMalformed(t *testing.T) {
	row := func(fields string) string { return `{"writer":"w","number":1,"searches":[{` + fields + `}]}` }
	for _, tc := range []struct {
		name, data string
		good       bool
	}{
		{"a row", row(`"day":"2026-03-01","partner":"a","asked":1,"found":1`), true},
		{"a name of a later version", row(`"day":"2026-03-01","partner":"a","asked":1,"found":1,"clicked":3`), true},
		{"no rows", `{"writer":"w","number":1}`, true},
		{"nothing", ``, false},
		{"cut off", `{"writer":"w","number":1`, false},
		{"a list", `[]`, false},
		{"no writer", `{"number":1}`, false},
		{"no number", `{"writer":"w"}`, false},
		{"a number below zero", `{"writer":"w","number":-1}`, false},
		{"no day", row(`"partner":"a","asked":1,"found":1`), false},
		{"a moment for a day", row(`"day":"2026-03-01T00:00:00Z","partner":"a","asked":1,"found":1`), false},
		{"a day that is none", row(`"day":"2026-02-30","partner":"a","asked":1,"found":1`), false},
		{"no partner", row(`"day":"2026-03-01","asked":1,"found":1`), false},
		{"more found than asked", row(`"day":"2026-03-01","partner":"a","asked":1,"found":2`), false},
		{"less than nothing found", row(`"day":"2026-03-01","partner":"a","asked":1,"found":-1`), false},
	} {
		_, err := usage.Decode([]byte(tc.data))
		if tc.good && err != nil || !tc.good && !fault.Is(err, fault.Malformed) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	batch := example()
	data, err := batch.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"writer":"w","number":18446744073709551615,"searches":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := usage.Decode(data)
		if err != nil {
			return
		}
		again, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if other, err := usage.Decode(again); err != nil || !reflect.DeepEqual(other, b) {
			t.Errorf("read again: %+v (%v), want %+v", other, err, b)
		}
	})
}
