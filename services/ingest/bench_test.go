// SPDX-License-Identifier: Apache-2.0

package ingest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/pkg/bus"
	"github.com/relais-press/relais/pkg/bus/bustest"
	"github.com/relais-press/relais/services/ingest"
)

// BenchmarkPost measures articles posted by 16 clients, beside appends of as
// many bytes to the same log.
func BenchmarkPost(b *testing.B) {
	n := open(b, ingest.Config{AdminKey: adminKey})
	server := httptest.NewServer(n.handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	text := strings.Repeat("La collectivité numérise les décisions du tribunal. ", 40)
	var next atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := next.Add(1)
			body := fmt.Sprintf(`{"id": "a-%d", "headline": "Compte rendu %d", "language": "fr", "bodyText": %q}`, k, k, text)
			req, _ := http.NewRequest("POST", server.URL+"/v1/articles", strings.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+adminKey)
			req.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(req)
			if err != nil || resp.StatusCode != http.StatusCreated {
				b.Errorf("%v %v", resp, err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

// BenchmarkAppend is the raw limit of BenchmarkPost: compare-and-set appends of
// as many bytes by as many clients.
func BenchmarkAppend(b *testing.B) {
	log := bustest.Start(b)
	text := strings.Repeat("La collectivité numérise les décisions du tribunal. ", 40)
	var next atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			k := next.Add(1)
			c := article.Change{EventID: fmt.Sprint(k), Edition: article.Edition{
				ID: fmt.Sprintf("a-%d", k), Language: "fr", SourceLanguage: "fr", Version: 1, PubStatus: article.Usable,
				Headline: "Compte rendu", BodyText: text, BodyHTML: "<p>" + text + "</p>",
			}}
			header, data, err := c.Encode()
			if err == nil {
				_, err = log.Append(b.Context(), bus.Articles, bus.Message{
					Subject: article.Subject(c.Edition.ID, "fr"), ID: c.MessageID(), Header: header, Data: data,
				}, 0)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkImport measures editions imported as NDJSON, from the first byte
// until all are in the log; BenchmarkAppend is beside it, too.
func BenchmarkImport(b *testing.B) {
	n := open(b, ingest.Config{AdminKey: adminKey})
	text := strings.Repeat("La collectivité numérise les décisions du tribunal. ", 40)
	var stream strings.Builder
	for k := range b.N {
		fmt.Fprintf(&stream, `{"id": "a-%d", "headline": "Compte rendu %d", "language": "fr", "bodyText": %q}`+"\n", k, k, text)
	}
	b.ResetTimer()
	if p := n.imports(stream.String(), ndjson, ""); p.Accepted != b.N {
		b.Errorf("import %+v", p)
	}
}
