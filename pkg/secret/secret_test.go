// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/relais-press/relais/pkg/secret"
)

const (
	editor  = "rk_0123456789-ABCDEFGHIJ_abcdefghijkl"
	partner = "pk_0123456789-ABCDEFGHIJ_abcdefghijkl"
	user    = "SUAOVVW6Q5OYP44JMUCDUIKWYWCFNUPZSB77ADDLUUGNV7BXPM72LS3ZDM"
)

func TestRedact(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"no such path: /v1/articles", "no such path: /v1/articles"},
		{"/v1/" + editor + "/x", "/v1/rk_…/x"},
		{"?key=" + partner + "&q=a", "?key=pk_…&q=a"},
		{`{"` + editor + `": "` + partner + `"}`, `{"rk_…": "pk_…"}`},
		{"Bearer " + editor, "Bearer rk_…"},
		{"rk_chosen.by.the-owner!with=signs+2", "rk_…"},
		{"seed " + user + ".", "seed SU…."},
		{"work_in_progress_of_many_letters", "work_in_progress_of_many_letters"}, // rk_ inside a word
		{"begins with rk_ or pk_", "begins with rk_ or pk_"},
		{"SUBJECT OF THE MATTER", "SUBJECT OF THE MATTER"},
	} {
		if got := secret.Redact(tc.in); got != tc.want {
			t.Errorf("%q: %q, want %q", tc.in, got, tc.want)
		}
	}
}

func TestAttr(t *testing.T) {
	address, err := url.Parse("https://relais.example/v1/search?key=" + partner)
	if err != nil {
		t.Fatal(err)
	}
	for name, handler := range map[string]func(*bytes.Buffer, *slog.HandlerOptions) slog.Handler{
		"text": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(b, o) },
		"json": func(b *bytes.Buffer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(b, o) },
	} {
		var b bytes.Buffer
		log := slog.New(handler(&b, &slog.HandlerOptions{ReplaceAttr: secret.Attr})).With("given", editor)
		log.Error("message with "+editor, "text", editor, "error", fmt.Errorf("wrapped: %w", errors.New(editor)), "url", address,
			slog.Group("inner", "seed", user), "n", 3)
		got := b.String()
		for _, s := range []string{editor, partner, user} {
			if strings.Contains(got, s) {
				t.Errorf("%s: %s", name, got)
			}
		}
		if !strings.Contains(got, "ERROR") || strings.Count(got, "…") != 6 {
			t.Errorf("%s: %s", name, got)
		}
	}
}
