// SPDX-License-Identifier: Apache-2.0

package shortlink_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/pkg/shortlink"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestCodesAreOneHoweverTheyAreTyped(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		code := shortlink.NewCode()
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
	for range 200 {
		code := shortlink.NewCode()
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
	for range 2000 {
		code := shortlink.NewCode()
		for i := range len(code) - 2 { // the random symbols among themselves
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
