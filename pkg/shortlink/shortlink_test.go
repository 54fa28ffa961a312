// SPDX-License-Identifier: Apache-2.0

package shortlink_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/shortlink"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var secret = []byte("secret")

// code is the n-th of the codes that tests try.
func code(n int) string { return shortlink.Derive(secret, fmt.Sprint("purpose-", n), 0) }

func TestACodeFollowsFromItsPurpose(t *testing.T) {
	code := shortlink.Derive(secret, "recap", 0)
	if again := shortlink.Derive(secret, "recap", 0); again != code {
		t.Errorf("the same purpose gave %s and %s", code, again)
	}
	for what, other := range map[string]string{
		"another attempt": shortlink.Derive(secret, "recap", 1),
		"another purpose": shortlink.Derive(secret, "recap ", 0),
		"another secret":  shortlink.Derive([]byte("secret."), "recap", 0),
	} {
		if other == code {
			t.Errorf("%s gave the same code, %s", what, code)
		}
	}
	if code != "71T8BFFN" {
		t.Errorf("codes that were given out would change: %s", code)
	}
}

// TestNoCodeIsOffensive reads codes as people do, apart from the matcher: it
// writes the listed words out in every spelling that two letters allow.
func TestNoCodeIsOffensive(t *testing.T) {
	list, err := os.ReadFile("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		if !strings.HasPrefix(line, "#") {
			for word := range strings.FieldsSeq(line) {
				listed[strings.NewReplacer("l", "i", "v", "u", "9", "g", "3", "e").Replace(word)] = true
			}
		}
	}
	plain := strings.NewReplacer("0", "o", "1", "i", "l", "i", "2", "z", "3", "e", "4", "a", "5", "s", "6", "g", "7", "t", "8", "b", "9", "g", "v", "u")
	const codes = 1_000_000
	refused := 0
	for n, attempt := 0, 0; n < codes; attempt++ {
		code := shortlink.Derive(secret, fmt.Sprint(n), attempt)
		if shortlink.Offensive(code) {
			refused++
			continue
		}
		n, attempt = n+1, -1
		read := plain.Replace(strings.ToLower(code))
		for from := range read {
			for to := from + 3; to <= len(read); to++ {
				if listed[read[from:to]] {
					t.Fatalf("%s holds %s", code, read[from:to])
				}
			}
		}
	}
	share := float64(refused) / (codes + float64(refused))
	t.Logf("%.2f %% of raw codes are refused", 100*share)
	if share > 0.05 {
		t.Errorf("%.1f %% of raw codes are refused: finding one takes too long", 100*share)
	}
}

func TestOffensiveReadsLookAlikes(t *testing.T) {
	for code, want := range map[string]bool{
		"XXFVCKXX": true, "5H1TXXXX": true, "XXN4Z1XX": true, "XX9AHBAX": true, "X7A5SXXX": true, "XXC0NXXX": true, "xxmerdex": true, "P07EPVTE": true,
		"9RXMG2WQ": false, "XC0RNXXX": false, "": false,
	} {
		if got := shortlink.Offensive(code); got != want {
			t.Errorf("Offensive(%q) = %v, want %v", code, got, want)
		}
	}
}

func TestCodesAreOneHoweverTheyAreTyped(t *testing.T) {
	seen := map[string]bool{}
	for n := range 2000 {
		code := code(n)
		if len(code) != shortlink.CodeLength || strings.Trim(code, alphabet) != "" || seen[code] {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
		for _, typed := range []string{
			code, strings.ToLower(code), strings.NewReplacer("0", "O", "1", "I").Replace(code), strings.NewReplacer("0", "o", "1", "l").Replace(code),
		} {
			if got, ok, _ := shortlink.Fold(typed); !ok || got != code {
				t.Fatalf("Fold(%q) = %q, %v, want %q", typed, got, ok, code)
			}
		}
	}
}

func TestOneWrongSymbolIsNoticed(t *testing.T) {
	for n := range 200 {
		code := code(n)
		for i := range code {
			for _, other := range alphabet {
				if byte(other) == code[i] {
					continue
				}
				wrong := code[:i] + string(other) + code[i+1:]
				if _, ok, mistyped := shortlink.Fold(wrong); ok || !mistyped {
					t.Fatalf("%s for %s is taken for a code", wrong, code)
				}
			}
		}
	}
}

func TestTwoSwappedSymbolsAreNoticed(t *testing.T) {
	for n := range 2000 {
		code := code(n)
		for i := range len(code) - 2 { // the symbols before the check among themselves
			swapped := code[:i] + string([]byte{code[i+1], code[i]}) + code[i+2:]
			if _, ok, _ := shortlink.Fold(swapped); ok && swapped != code {
				t.Fatalf("%s for %s is taken for a code", swapped, code)
			}
		}
	}
}

func TestFoldRefuses(t *testing.T) {
	for _, s := range []string{"", "short", "much-too-long", "UUUUUUUU", "é1234567", "../../..", "0000000\n"} {
		if code, ok, mistyped := shortlink.Fold(s); ok || mistyped {
			t.Errorf("Fold(%q) = %q, %v, %v", s, code, ok, mistyped)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("00000000")
	f.Add("o0iIlL1l")
	f.Fuzz(func(t *testing.T, s string) {
		code, ok, _ := shortlink.Fold(s)
		if !ok {
			return
		}
		if again, ok, _ := shortlink.Fold(code); !ok || again != code {
			t.Errorf("Fold(%q) = %q, which folds to %q, %v", s, code, again, ok)
		}
	})
}

func same(s string) string { return s }

func TestOnlyTheSignerCreditsAPlacement(t *testing.T) {
	signer := shortlink.NewSigner([]byte("secret"))
	other := shortlink.NewSigner([]byte("another"))
	for _, p := range []shortlink.Placement{{Channel: "qr"}, {Partner: "gazette", Channel: "mail"}} {
		segment := "ABCDEFGH" + signer.Suffix("ABCDEFGH", p)
		if code, got := signer.Split(segment, same); code != "ABCDEFGH" || got != p {
			t.Errorf("Split(%q) = %q, %+v", segment, code, got)
		}
		if _, got := signer.Split(strings.ToLower(segment), strings.ToUpper); got != p {
			t.Errorf("in lower case: %+v", got)
		}
		if code, got := signer.Split(strings.ToUpper(segment), same); code != "ABCDEFGH" || got != p {
			t.Errorf("in upper case: %q, %+v", code, got)
		}
		if code, got := signer.Split("ABCDEFGH~v12"+segment[8:], same); code != "ABCDEFGH" || got != p {
			t.Errorf("with a version mark: %q, %+v", code, got)
		}
		for _, forged := range []string{
			"ABCDEFGH" + other.Suffix("ABCDEFGH", p), segment[:len(segment)-1], segment + "A", "ABCDEFGJ" + segment[8:],
			strings.Replace(segment, "qr", "x", 1) + "0",
		} {
			if code, got := signer.Split(forged, same); got != (shortlink.Placement{}) || len(code) != 8 {
				t.Errorf("forged %q credits %+v", forged, got)
			}
		}
	}
	if got := signer.Suffix("ABCDEFGH", shortlink.Placement{Partner: "p"}); got != "" {
		t.Errorf("a placement without a channel has the suffix %q", got)
	}
}

func TestAVersionMarkSaysNothing(t *testing.T) {
	signer := shortlink.NewSigner(secret)
	for segment, want := range map[string]string{
		"ABCDEFGH": "ABCDEFGH", "ABCDEFGH~v2": "ABCDEFGH", "ABCDEFGH~V20": "ABCDEFGH", "la-blockchain~v3.x": "la-blockchain",
		"ABCDEFGH~v": "ABCDEFGH~v", "ABCDEFGH~2": "ABCDEFGH~2", "ABCDEFGH~v2x": "ABCDEFGH~v2x", "ABCDEFGH~v2~v3": "ABCDEFGH~v2~v3", "~v2": "", "": "",
	} {
		if code, p := signer.Split(segment, same); code != want || p != (shortlink.Placement{}) {
			t.Errorf("Split(%q) = %q, %+v, want %q", segment, code, p, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	signer := shortlink.NewSigner(secret)
	for _, seed := range []string{"ABCDEFGH", "ABCDEFGH~v2.qr.0000", "ABCDEFGH" + signer.Suffix("ABCDEFGH", shortlink.Placement{Channel: "qr"}), "....", "~v1.~v2."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, segment string) {
		code, p := signer.Split(segment, same)
		if !strings.HasPrefix(segment, code) || strings.Contains(code, ".") {
			t.Errorf("Split(%q) = %q", segment, code)
		}
		if p == (shortlink.Placement{}) {
			return
		}
		if again, q := signer.Split(code+signer.Suffix(code, p), same); q != p || (again != code && !strings.Contains(code, "~")) {
			t.Errorf("%q credits %+v, written out again %q %+v", segment, p, again, q)
		}
	})
}

func TestCodesFollowTheLog(t *testing.T) {
	b := bustest.Start(t)
	bucket, err := b.Bucket(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := shortlink.NewCodes(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- codes.Run(ctx) }()
	if _, ok := codes.URL("https://r.example", "recap", "p", "widget"); ok {
		t.Error("a code before there is one")
	}
	for key, value := range map[string]string{shortlink.KeySecret: "secret", shortlink.PrefixArticle + "recap": "ABCDEFGH"} {
		if _, err := bucket.Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	want := "https://r.example/s/ABCDEFGH" + shortlink.NewSigner([]byte("secret")).Suffix("ABCDEFGH", shortlink.Placement{Partner: "p", Channel: "widget"})
	for deadline := time.Now().Add(10 * time.Second); ; {
		if got, ok := codes.URL("https://r.example", "recap", "p", "widget"); ok {
			if got != want {
				t.Errorf("URL = %q, want %q", got, want)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("waited 10 s for the code")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
