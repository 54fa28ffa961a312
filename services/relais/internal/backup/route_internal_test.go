// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestASnapshotMayTakeLong has a stream of HTTP/2 pause for longer than a reader is
// waited for.
func TestASnapshotMayTakeLong(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &patient{w, http.NewResponseController(w), time.Second}
		for n := range 2 {
			if _, err := out.Write([]byte("part")); err != nil {
				t.Error(err)
			}
			if err := out.controller.Flush(); err != nil {
				t.Error(err)
			}
			if n > 0 {
				break
			}
			select {
			case <-r.Context().Done():
			case <-time.After(out.patience * 3 / 2):
			}
		}
		out.limit()
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	answer, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "partpart" || answer.ProtoMajor != 2 {
		t.Errorf("%q over %s, %v", body, answer.Proto, err)
	}
}
