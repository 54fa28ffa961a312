// SPDX-License-Identifier: Apache-2.0

// Package demo makes a newsroom to try Relais with: a partner, its key, a real
// recap and some fictional ones, and the partner's own site on another origin.
// It uses the public API only, as a newsroom would.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/relais-press/relais/pkg/lifecycle"
	"github.com/relais-press/relais/pkg/partner"
	"github.com/relais-press/relais/services/relais/internal/client"
)

// PartnerID is the demo partner.
const PartnerID = "demo"

// Config says where the relay is and where the partner's site shall be.
type Config struct {
	Relais   string // public URL of the relay
	Listen   string // of the partner's site
	AdminKey string // empty: the one kept in Dir
	Dir      string
	Started  time.Time // when the process began, for the line that says how long it took
}

// state is what the demo remembers between starts: secrets that are shown once.
type state struct {
	EditorKey  string `json:"editorKey"`
	PartnerKey string `json:"partnerKey"`
}

const stateFile = "demo.json"

// Run fills the relay, prints the addresses and keys, and serves the partner's
// site until ctx ends. Starting it again changes nothing that an editor did.
func Run(ctx context.Context, cfg Config, stdout io.Writer) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("demo site: %w", err)
	}
	site := "http://" + listener.Addr().String()
	admin, err := adminKey(cfg)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	c := client.Client{Base: cfg.Relais, Key: admin}
	if err := c.Ready(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	keys, err := prepare(ctx, c, cfg, site)
	if err != nil {
		return errors.Join(fmt.Errorf("demo: %w", err), listener.Close())
	}
	n, err := publish(ctx, client.Client{Base: cfg.Relais, Key: keys.EditorKey})
	if err != nil {
		return errors.Join(fmt.Errorf("demo: %w", err), listener.Close())
	}
	_, _ = fmt.Fprintf(stdout, `
relais is ready after %.2f s, with %d demo editions

  start here      %s/
  partner's site  %s/
  admin key       %s
  editor key      %s
  partner's kit   %s/partners/kit?key=%s
  partner key     %s

`, time.Since(cfg.Started).Seconds(), n, cfg.Relais, site, cfg.adminKeyNote(), keys.EditorKey, cfg.Relais, keys.PartnerKey, keys.PartnerKey)
	pages, err := newSite(cfg.Relais, keys)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return lifecycle.Serve(ctx, listener, pages)
}

// adminKeyNote says where the admin key is: it is shown once, when it is made.
func (cfg Config) adminKeyNote() string {
	if cfg.AdminKey != "" {
		return "the one in RELAIS_ADMIN_KEY"
	}
	return "kept in " + filepath.Join(cfg.Dir, "admin.key")
}

func adminKey(cfg Config) (string, error) {
	if cfg.AdminKey != "" {
		return cfg.AdminKey, nil
	}
	b, err := os.ReadFile(filepath.Join(cfg.Dir, "admin.key"))
	if err != nil {
		return "", fmt.Errorf("the demo needs the admin key (RELAIS_ADMIN_KEY): %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// prepare makes the partner and the keys, or finds those of an earlier start.
func prepare(ctx context.Context, admin client.Client, cfg Config, site string) (state, error) {
	p := partner.Partner{
		ID: PartnerID, Name: "La Gazette des territoires", Origins: []string{site}, DefaultLanguage: "fr", HomeURL: site + "/",
		ArticleURL: site + "/{lang}/{id}", Campaign: &partner.Campaign{Source: "relais", Medium: "share"},
	}
	if port, ok := strings.CutPrefix(site, "http://127.0.0.1:"); ok {
		p.Origins = append(p.Origins, "http://localhost:"+port)
	}
	if err := admin.Do(ctx, http.MethodPut, "/v1/partners/"+PartnerID, "application/json", p, nil); err != nil {
		return state{}, err
	}
	path := filepath.Join(cfg.Dir, stateFile)
	var s state
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &s) == nil && s.works(ctx, cfg.Relais) {
		return s, nil
	}
	var key struct {
		Key string `json:"key"`
	}
	if err := admin.Do(ctx, http.MethodPost, "/v1/keys", "application/json", map[string]string{"role": "editor", "name": "demo editor"}, &key); err != nil {
		return state{}, err
	}
	s.EditorKey = key.Key
	if err := admin.Do(ctx, http.MethodPost, "/v1/partners/"+PartnerID+"/keys", "application/json", map[string]string{"name": "demo site"}, &key); err != nil {
		return state{}, err
	}
	s.PartnerKey = key.Key
	b, err := json.Marshal(s)
	if err != nil {
		return state{}, fmt.Errorf("keep demo keys: %w", err)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return state{}, fmt.Errorf("keep demo keys: %w", err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return state{}, fmt.Errorf("keep demo keys: %w", err)
	}
	return s, nil
}

// works reports whether both keys are still in force.
func (s state) works(ctx context.Context, relais string) bool {
	editor := client.Client{Base: relais, Key: s.EditorKey}
	return editor.Do(ctx, http.MethodGet, "/v1/partners/"+PartnerID, "", nil, nil) == nil &&
		editor.Do(ctx, http.MethodGet, "/v1/latest?limit=1&key="+s.PartnerKey, "", nil, nil) == nil
}
