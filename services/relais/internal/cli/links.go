// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Links is what is done with many short links.
type Links struct {
	Import LinksImport `cmd:"" help:"Import short links from CSV, Shlink or YOURLS."`
}

// LinksImport sends a list of short links that were made elsewhere.
type LinksImport struct {
	Server `embed:""`
	File   string `arg:"" placeholder:"FILE|-" help:"A list of links, CSV or JSON, or - for the standard input."`
	Format string `name:"format" enum:",csv,shlink,yourls" default:"" help:"csv, shlink or yourls; default: told by the content."`
}

// Run sends the list and tells what became of it. Rows that were not taken are
// listed on the error output, and make it fail at the end.
func (c *LinksImport) Run(ctx context.Context, t Terminal) error {
	relay, err := c.Client(t)
	if err != nil {
		return err
	}
	source, size, err := c.open(t)
	if err != nil {
		return err
	}
	defer source.Close()
	path := "/v1/links/import"
	if c.Format != "" {
		path += "?format=" + c.Format
	}
	contentType := "application/octet-stream"
	switch strings.ToLower(filepath.Ext(c.File)) {
	case ".csv":
		contentType = "text/csv"
	case ".json":
		contentType = "application/json"
	}
	var done struct {
		Read, Created, Existing, Rejected int
		Errors                            []refusal
	}
	bar := NewBar(t)
	err = bar.send(ctx, relay, path, contentType, source, size, &done)
	bar.End()
	if err != nil {
		return err
	}
	list(t, done.Errors, done.Rejected)
	_, err = fmt.Fprintf(t.Out, t.Say("%d lus, %d créés, %d existants, %d refusés\n", "%d read, %d created, %d existing, %d rejected\n"),
		done.Read, done.Created, done.Existing, done.Rejected)
	if err == nil && done.Rejected > 0 {
		err = errors.New(t.Say("tout n’a pas été pris", "not everything was taken"))
	}
	return err
}

// open opens the list; size is 0 when it is not known.
func (c *LinksImport) open(t Terminal) (source io.ReadCloser, size int64, err error) {
	if c.File == "-" {
		return io.NopCloser(t.In), 0, nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, 0, err
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	return f, size, nil
}
