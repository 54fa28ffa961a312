// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/relais-press/relais/services/relais/internal/client"
)

// Publish publishes files, each an article.
type Publish struct {
	Server   `embed:""`
	Files    []string `arg:"" placeholder:"FILE" help:"Editions: .json, .html, .md or .txt; - is text from the standard input."`
	ID       string   `name:"id" help:"The article's id; with --language, an edition that exists is replaced."`
	Language string   `name:"language" help:"BCP 47; default: as the file says, else detected."`
	Type     string   `name:"type" enum:",json,html,markdown,text" default:"" help:"json, html, markdown or text; default: told by the name."`
	NoWait   bool     `name:"no-wait" help:"Do not wait until it can be found."`
}

// Run publishes the files one after the other and prints a line for each. It
// goes on after a file that is refused, and fails at the end.
func (c *Publish) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	if c.ID != "" && len(c.Files) > 1 {
		return errors.New(t.Say("--id ne va qu’avec un seul fichier", "--id goes with one file only"))
	}
	failed := 0
	for _, name := range c.Files {
		if err := c.publish(ctx, t, relay, name); err != nil {
			failed++
			_, _ = fmt.Fprintf(t.Err, "%s: %v\n", name, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf(t.Say("%d fichier(s) sur %d non publié(s)", "%d of %d files not published"), failed, len(c.Files))
	}
	return nil
}

func (c *Publish) publish(ctx context.Context, t Terminal, relay client.Client, name string) error {
	body, err := read(t, name)
	if err != nil {
		return err
	}
	contentType, err := c.mediaType(t, name)
	if err != nil {
		return err
	}
	id, language := c.ID, c.Language
	if contentType == "application/json" {
		var said struct{ ID, Language string }
		_ = json.Unmarshal(body, &said) // what is wrong with it, the relay tells
		if id == "" {
			id = said.ID
		}
		if language == "" {
			language = said.Language
		}
	}
	query := url.Values{}
	if !c.NoWait {
		query.Set("wait", "searchable")
	}
	method, path := http.MethodPut, "/v1/articles/"+url.PathEscape(id)+"/"+url.PathEscape(language)
	if id == "" || language == "" {
		method, path = http.MethodPost, "/v1/articles"
		for param, v := range map[string]string{"id": id, "language": language} {
			if v != "" {
				query.Set(param, v)
			}
		}
	}
	target := path + "?" + query.Encode()
	sum := sha256.Sum256([]byte(contentType + "\n" + target + "\n" + string(body)))
	var e struct {
		ID, Language, PubStatus, Headline string
		Version                           int
	}
	// The same file sent again is the same request.
	err = relay.Do(ctx, method, target, contentType, body, &e, "Idempotency-Key", "publish-"+hex.EncodeToString(sum[:]))
	if err != nil {
		return err
	}
	// It may have been published before, and changed since: say how it stands.
	err = relay.Do(ctx, http.MethodGet, "/v1/articles/"+url.PathEscape(e.ID)+"/"+url.PathEscape(e.Language), "", nil, &e)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.Out, "%s/%s  v%d  %s  %s\n", e.ID, e.Language, e.Version, e.PubStatus, e.Headline)
	return err
}

func read(t Terminal, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(t.In)
	}
	return os.ReadFile(name)
}

func (c *Publish) mediaType(t Terminal, name string) (string, error) {
	kind := c.Type
	if kind == "" {
		kind = strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	}
	switch kind {
	case "json":
		return "application/json", nil
	case "html", "htm", "xhtml":
		return "text/html", nil
	case "md", "markdown":
		return "text/markdown", nil
	case "txt", "text", "":
		return "text/plain", nil
	}
	return "", fmt.Errorf(t.Say("type inconnu : .%s (--type json, html, markdown ou text)", "unknown type: .%s (--type json, html, markdown or text)"), kind)
}
