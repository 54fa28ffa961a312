// SPDX-License-Identifier: Apache-2.0

package turns_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/search/internal/turns"
)

// directory knows a key for each partner, which is the partner's id.
type directory struct{}

func (directory) Authenticate(_ context.Context, secret string) (partner.Key, error) {
	return partner.Key{Role: partner.Publishable, Partner: secret}, nil
}

func (directory) Partner(_ context.Context, id string) (partner.Partner, error) {
	return partner.Partner{ID: id}, nil
}

func TestOnePartnerDoesNotCrowdOutAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at := map[string]int{}
		finish := make(chan struct{})
		slow := func(_ http.ResponseWriter, r *http.Request) error {
			mu.Lock()
			at[r.URL.Query().Get("key")]++
			mu.Unlock()
			<-finish
			return nil
		}
		h := web.NewPartners(directory{}).Require(turns.New().Take(slow))
		ask := func(ctx context.Context, key string, told chan<- error) {
			told <- h(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/?key="+key, nil))
		}
		many, one, gone := make(chan error, 10), make(chan error, 1), make(chan error, 1)
		for range 10 {
			go ask(t.Context(), "many", many)
		}
		synctest.Wait()
		go ask(t.Context(), "one", one)
		leaving, leave := context.WithCancel(t.Context())
		go ask(leaving, "many", gone)
		synctest.Wait()
		if at["many"] != 2 || at["one"] != 1 {
			t.Errorf("answers under way: %v, want 2 of many and 1 of one", at)
		}
		leave()
		if err := <-gone; !fault.Is(err, fault.Unavailable) {
			t.Errorf("who leaves is told %v", err)
		}
		for range 8 { // the clock goes on while all wait
			if err := <-many; !fault.Is(err, fault.TooManyRequests) {
				t.Errorf("who waits for too long is told %v", err)
			}
		}
		close(finish)
		if err := <-one; err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-many; err != nil {
				t.Error(err)
			}
		}
	})
}
