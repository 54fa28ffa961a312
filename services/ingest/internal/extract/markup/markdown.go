// SPDX-License-Identifier: Apache-2.0

package markup

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// Markdown turns CommonMark with tables and strikethrough (GFM) into the two
// forms of a body. HTML in the source is dropped.
func Markdown(source string) (bodyHTML, bodyText string) {
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough))
	if err := md.Convert([]byte(plain.Normalize(source)), &b); err != nil {
		return "", "" // writing to memory does not fail; an empty body is refused by validation
	}
	return HTML(b.String())
}
