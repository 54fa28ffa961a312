// SPDX-License-Identifier: Apache-2.0

package click

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestEncodeIsWhatJSONReads(t *testing.T) {
	hour := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for _, b := range []Batch{
		{Writer: "W", Number: 1, Clicks: []Click{{Code: "ABCDEFGH", Article: "recap", Class: Human, Hour: hour}}},
		{Writer: "W", Number: 1 << 60, Clicks: []Click{
			{Code: "A", Article: "b", Language: "zh-Hant", Wanted: "fr", Partner: "p", Channel: "mail", Class: PrefetchRefused, Hour: hour, Visitor: "AAAAAAAAAAA"},
			{Code: "œ\"\\\n\x00", Article: "</script>\xff", Class: "", Hour: hour.Add(time.Hour)},
		}},
	} {
		var got Batch
		if err := json.Unmarshal(b.Encode(), &got); err != nil {
			t.Fatalf("%s: %v", b.Encode(), err)
		}
		plain, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		var want Batch
		if err := json.Unmarshal(plain, &want); err != nil {
			t.Fatal(err)
		}
		if fast, err := Decode(b.Encode()); err != nil || !reflect.DeepEqual(fast, want) {
			t.Errorf("%s\ndecoded as %+v (%v),\nwant %+v", b.Encode(), fast, err, want)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nread as %+v,\nwant %+v", b.Encode(), got, want)
		}
	}
}

// FuzzDecode holds the two ways to read a batch against each other.
func FuzzDecode(f *testing.F) {
	b := Batch{Writer: "W", Number: 7, Clicks: []Click{
		{Code: "A", Article: "b", Language: "fr", Wanted: "en", Partner: "p", Channel: "c", Class: Human, Hour: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), Visitor: "v"},
		{Code: "B", Article: "b", Class: Bot, Hour: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)},
	}}
	f.Add(b.Encode())
	f.Add([]byte(`{"writer":"W","number":01,"clicks":[]}`))
	f.Add([]byte(`{"number":1,"writer":"W","clicks":[{"code":"A","code":"B"}]}`))
	f.Add([]byte("{\"writer\":\"\xff\",\"number\":1,\"clicks\":[]}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, gotErr := Decode(line)
		var want Batch
		wantErr := json.Unmarshal(line, &want)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, encoding/json %v", line, gotErr, wantErr)
		}
		if gotErr != nil {
			return
		}
		if len(got.Clicks) == 0 && len(want.Clicks) == 0 {
			got.Clicks, want.Clicks = nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q\nread as %+v,\nencoding/json %+v", line, got, want)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	batch := Batch{Writer: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", Number: 7}
	for range 64 {
		batch.Clicks = append(batch.Clicks, Click{
			Code: "ABCDEFGH", Article: "blockchain-et-collectivites", Language: "fr", Wanted: "fr", Partner: "gazette", Channel: "mail",
			Class: Human, Hour: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), Visitor: "AAAAAAAAAAA",
		})
	}
	line := batch.Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}
