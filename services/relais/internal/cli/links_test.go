// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/relais/internal/cli"
)

func TestLinksAreSentAsTheyAre(t *testing.T) {
	const all = `{"read": 2, "created": 1, "existing": 1, "rejected": 0, "errors": []}`
	const some = `{"read": 5, "created": 1, "existing": 1, "rejected": 3, "errors": [{"line": 4, "detail": "nope"}, {"line": 0, "detail": "whole"}]}`
	file := filepath.Join(t.TempDir(), "links.CSV")
	if err := os.WriteFile(file, []byte("the list"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name           string
		command        cli.LinksImport
		french         bool
		answer         string
		sent, out, err string
		fails          bool
	}{
		{"a file", cli.LinksImport{File: file}, true, all, "/v1/links/import text/csv the list", "2 lus, 1 créés, 1 existants, 0 refusés\n", "", false},
		{"the input", cli.LinksImport{File: "-", Format: "shlink"}, false, all, "/v1/links/import?format=shlink application/octet-stream typed", "2 read, 1 created, 1 existing, 0 rejected\n", "", false},
		{"not all taken", cli.LinksImport{File: "-"}, false, some, "", "5 read, 1 created, 1 existing, 3 rejected\n", "line 4: nope\nwhole\n… and 1 more\n", true},
		{"not all taken, in French", cli.LinksImport{File: "-"}, true, some, "", "5 lus, 1 créés, 1 existants, 3 refusés\n", "ligne 4 : nope\nwhole\n… et 1 de plus\n", true},
		{"no such file", cli.LinksImport{File: file + ".none"}, false, all, "", "", "", true},
		{"refused", cli.LinksImport{File: "-"}, false, "", "", "", "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sent := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				sent = r.URL.RequestURI() + " " + r.Header.Get("Content-Type") + " " + string(body)
				if r.Header.Get("Authorization") != "Bearer rk_key" || tc.answer == "" {
					w.WriteHeader(http.StatusForbidden)
				}
				_, _ = io.WriteString(w, tc.answer)
			}))
			defer server.Close()
			var out, errs strings.Builder
			tc.command.Server = cli.Server{URL: server.URL, Key: "rk_key"}
			err := tc.command.Run(t.Context(), cli.Terminal{In: strings.NewReader("typed"), Out: &out, Err: &errs, French: tc.french})
			if (err != nil) != tc.fails || out.String() != tc.out || errs.String() != tc.err || (tc.sent != "" && sent != tc.sent) {
				t.Errorf("%v; sent %q, out %q, err %q", err, sent, out.String(), errs.String())
			}
		})
	}
	if err := (&cli.LinksImport{File: "-"}).Run(t.Context(), cli.Terminal{}); err == nil {
		t.Error("without a key")
	}
}
