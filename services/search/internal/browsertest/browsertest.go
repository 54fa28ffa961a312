// SPDX-License-Identifier: Apache-2.0

// Package browsertest gives tests a real browser: one headless Chromium, and
// a tab in it that fails the test for what no page of Relais may do.
package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Patience is how long a condition may take to hold, on the slowest machine.
const Patience = 20 * time.Second

// Tab is a page in a browser.
type Tab struct {
	testing.TB

	Context context.Context // of the tab, for chromedp
	Words   string          // JavaScript statements: what the names in the test's expressions mean
	Dump    string          // a JavaScript expression: what is told of a page that is not as it should be

	complaints *complaints
}

// Start starts one Chromium, which ends with the test, and returns its tab. The
// tab has the focus, whatever others do. The test fails on an uncaught exception
// and on what a policy refuses there; it fails, and is never skipped, where there
// is no Chromium.
func Start(t testing.TB) *Tab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this is tested in a browser: install chromium (apt-get install chromium): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil { // without a deadline: the browser lives as long as this context
		t.Fatalf("start %s: %v", chromium, err)
	}
	p := &Tab{TB: t, Context: ctx, Dump: "location", complaints: &complaints{}}
	messages := chromedp.Console(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		p.complaints.hear(messages)
	}()
	t.Cleanup(func() {
		closeBrowser()
		<-heard
		p.complaints.tell(t)
	})
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	return p
}

// For lends the tab to a subtest, which leaves it as it was: empty, with the
// window and the reader's system that it had. Opening another tab takes three
// times as long. The servers of the subtest are started before.
func (p *Tab) For(t testing.TB) *Tab {
	t.Helper()
	lent := *p
	lent.TB = t
	t.Cleanup(func() {
		lent.Do("leave the page", chromedp.Navigate("about:blank"))
		_, err := chromedp.Call(p.Context, emulation.ClearDeviceMetricsOverride, cdp.Empty{})
		_, err2 := chromedp.Call(p.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
		if err = errors.Join(err, err2); err != nil {
			t.Errorf("leave the tab as it was: %v", err)
		}
		p.complaints.tell(t)
	})
	return &lent
}

// complaints are what a tab has suffered and no test has told yet.
type complaints struct {
	mu  sync.Mutex
	all []string
}

func (c *complaints) hear(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return
		}
		if m.IsException() || m.Source == "security" {
			c.mu.Lock()
			c.all = append(c.all, m.String())
			c.mu.Unlock()
		}
	}
}

func (c *complaints) tell(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, complaint := range c.all {
		t.Error(complaint)
	}
	c.all = nil
}

// Do performs actions; what says which, for the failure.
func (p *Tab) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.Fatalf("%s: %v", what, err)
	}
}

// Press sends keys to what has the focus.
func (p *Tab) Press(keys ...string) {
	p.Helper()
	for _, key := range keys {
		p.Do("press a key", chromedp.KeyEvent(key))
	}
}

// JS evaluates an expression in the page.
func JS[T any](p *Tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.Context, Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T]("(() => { "+p.Words+"\nreturn "+expression+";\n})()"))
}

// Is waits until an expression is true, or fails saying what it waited for.
func (p *Tab) Is(expression string) {
	p.Helper()
	deadline, cancel := context.WithTimeout(p.Context, Patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := JS[bool](p, "!!("+expression+")")
		if err == nil && ok {
			return
		}
		select {
		case <-deadline.Done():
			p.Fatalf("never came true: %s\nlast error: %v\npage: %s", expression, err, p.dump())
		case <-tick.C:
		}
	}
}

// Once evaluates an expression a single time; it must be true.
func (p *Tab) Once(expression string) {
	p.Helper()
	if ok, err := JS[bool](p, "!!("+expression+")"); err != nil || !ok {
		p.Fatalf("not true: %s (%v)\npage: %s", expression, err, p.dump())
	}
}

// At waits until the tab has gone to an address.
func (p *Tab) At(address string) {
	p.Helper()
	p.Is("location.href === " + Quote(address))
}

func (p *Tab) dump() string {
	out, err := JS[string](p, "`${"+p.Dump+"}`")
	if err != nil {
		return err.Error()
	}
	return out
}

// Picture keeps a picture of the whole page, for people to look at, in the
// folder that RELAIS_ARTIFACTS names; nowhere when it names none.
func (p *Tab) Picture(name string) {
	p.Helper()
	dir := os.Getenv("RELAIS_ARTIFACTS") //nolint:forbidigo // whoever runs the tests says where
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.Context, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o750) //nolint:gosec // the folder is the tester's own choice
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), png, 0o600) //nolint:gosec // as above
	}
	if err != nil {
		p.Fatalf("picture: %v", err)
	}
}

// Prefers is the reader's system: light or dark.
func Prefers(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		if err != nil {
			err = fmt.Errorf("prefer %s: %w", scheme, err)
		}
		return chromedp.Void{}, err
	}
}

// Quote writes a text as JavaScript.
func Quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
