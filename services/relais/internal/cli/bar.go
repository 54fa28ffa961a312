// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/relais-press/relais/services/relais/internal/client"
)

const (
	barWidth   = 24
	lineEvery  = 10 * time.Second // how often a line is written where none can be drawn again
	clearRight = "\x1b[K"
)

// Bar shows how far something is: drawn again and again on a terminal, else as
// a line now and then.
type Bar struct {
	t     Terminal
	last  time.Time
	drawn bool
}

// NewBar returns a bar that is drawn on the error output of t.
func NewBar(t Terminal) *Bar { return &Bar{t: t, last: time.Now()} }

// Draw shows done of total, and what it is about; a total of 0 is unknown.
func (b *Bar) Draw(done, total int64, about string) {
	line := about
	if total > 0 {
		share := float64(min(done, total)) / float64(total)
		full := int(share * barWidth)
		line = fmt.Sprintf("%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), 100*share, about)
	} else if done > 0 {
		line = fmt.Sprintf("%.1f MiB  %s", float64(done)/(1<<20), about)
	}
	switch {
	case b.t.Live:
		_, _ = fmt.Fprint(b.t.Err, "\r"+line+clearRight)
		b.drawn = true
	case time.Since(b.last) >= lineEvery:
		_, _ = fmt.Fprintln(b.t.Err, line)
		b.last = time.Now()
	}
}

// send posts a stream and shows how far it is; the answer is decoded into out.
func (b *Bar) send(ctx context.Context, relay client.Client, path, contentType string, source io.Reader, size int64, out any) error {
	counted := &counter{Reader: source}
	sending, sent := context.WithCancel(ctx)
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		every(sending, pollEvery, func() {
			b.Draw(counted.n.Load(), size, b.t.Say("envoi", "sending"))
		})
	}()
	err := relay.Stream(ctx, http.MethodPost, path, contentType, counted, out)
	sent()
	<-drawn
	return err
}

// End leaves the last drawing as it is and goes to the next line.
func (b *Bar) End() {
	if b.drawn {
		_, _ = fmt.Fprintln(b.t.Err)
	}
}
