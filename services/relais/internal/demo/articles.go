// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-press/relais/services/relais/internal/client"
)

// Editions to publish, named <id>.<language>.json (an Edition) or .txt (the
// text of a page as it was copied).
//
//go:embed articles/*.json recap/*.txt
var editions embed.FS

// Recap is the text of an event recap as it was copied from a page, in French.
func Recap() (string, error) {
	text, err := editions.ReadFile("recap/blockchain-et-collectivites-quelles-potentialites.fr.txt")
	return string(text), err
}

// publish writes every edition the relay does not have yet, originals first,
// and returns how many there are.
func publish(ctx context.Context, editor client.Client) (int, error) {
	var names []string
	err := fs.WalkDir(editions, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("list demo editions: %w", err)
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		if err := publishOne(ctx, editor, name); err != nil {
			return 0, err
		}
	}
	return len(names), nil
}

// rank puts the French originals before their translations.
func rank(name string) int {
	if strings.Contains(path.Base(name), ".fr.") {
		return 0
	}
	return 1
}

func publishOne(ctx context.Context, editor client.Client, name string) error {
	parts := strings.Split(path.Base(name), ".")
	address := "/v1/articles/" + parts[0] + "/" + parts[1]
	err := editor.Do(ctx, http.MethodGet, address, "", nil, nil)
	if status, ok := errors.AsType[*client.StatusError](err); !ok || status.Status != http.StatusNotFound {
		return err // present already, or a real fault
	}
	body, err := editions.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read demo edition: %w", err)
	}
	contentType := "application/json"
	if parts[2] == "txt" {
		contentType = "text/plain; charset=utf-8"
	}
	return editor.Do(ctx, http.MethodPut, address, contentType, body, nil)
}
