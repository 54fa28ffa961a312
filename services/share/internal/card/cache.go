// SPDX-License-Identifier: Apache-2.0

package card

import (
	"container/list"
	"context"
	"sync"
)

// Cache keeps drawn cards in memory, those asked for last. A card that many
// ask for at the same time is drawn once. It is safe for concurrent use.
type Cache struct {
	draw  func(Card) ([]byte, error)
	slots chan struct{}
	limit int

	mu      sync.Mutex
	bytes   int
	kept    map[string]*list.Element // of *picture
	recent  *list.List               // the one asked for last is in front
	drawing map[string]*picture
}

type picture struct {
	key  string
	done chan struct{} // closed when png and err are set
	png  []byte
	err  error
}

// NewCache returns a cache over draw, which is called by at most atOnce callers
// at the same time. The PNGs kept are limit bytes at most in all.
func NewCache(draw func(Card) ([]byte, error), atOnce, limit int) *Cache {
	return &Cache{
		draw: draw, slots: make(chan struct{}, atOnce), limit: limit,
		kept: map[string]*list.Element{}, recent: list.New(), drawing: map[string]*picture{},
	}
}

// Get returns the PNG of a card, which must not be changed. The key must name
// all that the card says: equal keys are taken for equal cards. When ctx ends
// first its error is returned, and the card is drawn all the same for the next
// one who asks. A card that could not be drawn is tried again when asked for.
func (c *Cache) Get(ctx context.Context, key string, card Card) ([]byte, error) {
	c.mu.Lock()
	if element, ok := c.kept[key]; ok {
		c.recent.MoveToFront(element)
		png := element.Value.(*picture).png
		c.mu.Unlock()
		return png, nil
	}
	p, ok := c.drawing[key]
	if !ok {
		p = &picture{key: key, done: make(chan struct{})}
		c.drawing[key] = p
		go c.make(p, card)
	}
	c.mu.Unlock()
	select {
	case <-p.done:
		return p.png, p.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// make draws a card and keeps it, in place of those not asked for the longest.
func (c *Cache) make(p *picture, card Card) {
	c.slots <- struct{}{}
	p.png, p.err = c.draw(card)
	<-c.slots
	c.mu.Lock()
	delete(c.drawing, p.key)
	if p.err == nil && len(p.png) <= c.limit {
		c.kept[p.key] = c.recent.PushFront(p)
		c.bytes += len(p.png)
	}
	for c.bytes > c.limit {
		oldest := c.recent.Remove(c.recent.Back()).(*picture)
		delete(c.kept, oldest.key)
		c.bytes -= len(oldest.png)
	}
	c.mu.Unlock()
	close(p.done)
}
