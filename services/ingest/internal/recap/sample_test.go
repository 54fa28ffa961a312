// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/relais-press/relais/services/ingest/internal/recap"
)

// sample is the sample recap as extraction hands it over: without the page's
// furniture, list items on lines that begin with "• ".
func sample(tb testing.TB) recap.Source {
	tb.Helper()
	raw, err := os.ReadFile("testdata/recap-blockchain-collectivites.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var body []string
	src := recap.Source{Language: "fr", Published: time.Date(2017, 11, 20, 9, 30, 0, 0, time.UTC)}
	for line := range strings.Lines(string(raw)) {
		switch line = strings.TrimSpace(line); {
		case line == "", strings.HasSuffix(line, "3 min"), line == "Plus d’articles", line == "ARTICLES CONNEXES", strings.HasPrefix(line, "Partager"):
		case src.Headline == "":
			src.Headline = line
		default:
			body = append(body, line)
		}
	}
	src.Text = strings.Join(body, "\n\n")
	return src
}
