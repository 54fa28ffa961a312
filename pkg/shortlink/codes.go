// SPDX-License-Identifier: Apache-2.0

package shortlink

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/relais-press/relais/pkg/bus"
)

// Keys of the LINKS bucket.
const (
	KeySecret     = "secret"   // the signer's secret
	PrefixLink    = "link."    // code → link
	PrefixArticle = "article." // article id → the code of the link that is for the article alone
)

// Codes follows the codes that articles have, so that another service can show
// their links. It is safe for concurrent use.
type Codes struct {
	bucket *bus.Bucket
	mu     sync.RWMutex
	secret []byte
	codes  map[string]string
}

// NewCodes opens the bucket. Nothing is known until Run has begun.
func NewCodes(ctx context.Context, b *bus.Bus) (*Codes, error) {
	bucket, err := b.Bucket(ctx, bus.Links)
	return &Codes{bucket: bucket, codes: map[string]string{}}, err
}

// Run follows the bucket until ctx ends.
func (c *Codes) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, filter := range []string{KeySecret, PrefixArticle + ">"} {
		group.Go(func() {
			for ctx.Err() == nil {
				_ = c.bucket.Follow(ctx, filter, c.apply, func() {}) // a lost connection is followed again
				select {
				case <-ctx.Done():
				case <-time.After(200 * time.Millisecond):
				}
			}
		})
	}
	group.Wait()
	return nil
}

func (c *Codes) apply(e bus.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Key == KeySecret {
		c.secret = e.Value
		return
	}
	c.codes[strings.TrimPrefix(e.Key, PrefixArticle)] = string(e.Value)
}

// URL is the short link of an article for a partner and channel, below a public
// URL; false when the article has none yet.
func (c *Codes) URL(publicURL, article, partner, channel string) (string, bool) {
	c.mu.RLock()
	code, secret := c.codes[article], c.secret
	c.mu.RUnlock()
	if code == "" || secret == nil {
		return "", false
	}
	return publicURL + "/s/" + code + NewSigner(secret).Suffix(code, Placement{partner, channel}), true
}
