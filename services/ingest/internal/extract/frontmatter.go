// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// FrontMatter cuts a Markdown document into its YAML front matter (between two
// lines of ---), as JSON, and the text that follows. Without front matter the
// JSON is empty. YAML that is malformed, is no mapping, or uses aliases is a
// Malformed error that names its line; dates come out as RFC 3339.
func FrontMatter(raw []byte) (matter []byte, text string, err error) {
	if err := plain.CheckUTF8(raw); err != nil {
		return nil, "", err
	}
	source := strings.ReplaceAll(strings.TrimPrefix(string(raw), "\ufeff"), "\r\n", "\n")
	rest, ok := strings.CutPrefix(source, "---\n")
	if !ok {
		return nil, source, nil
	}
	head, text, ok := strings.Cut(rest, "\n---\n")
	if !ok {
		if head, ok = strings.CutSuffix(rest, "\n---"); !ok {
			return nil, source, nil // a thematic break, not front matter
		}
		text = ""
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(head), &doc); err != nil {
		return nil, "", frontMatterFault(err.Error())
	}
	if len(doc.Content) == 0 {
		return nil, text, nil
	}
	if hasAlias(doc.Content[0]) {
		return nil, "", frontMatterFault("aliases are not taken")
	}
	value, err := plainValue(doc.Content[0])
	if err != nil {
		return nil, "", frontMatterFault(err.Error())
	}
	if _, ok := value.(map[string]any); !ok {
		return nil, "", frontMatterFault("the front matter must be a mapping")
	}
	matter, err = json.Marshal(value)
	if err != nil {
		return nil, "", frontMatterFault(err.Error())
	}
	return matter, text, nil
}

func frontMatterFault(detail string) error {
	return fault.WithFields(fault.Malformed, "the front matter cannot be read: "+detail, fault.Field{Pointer: "", Detail: detail})
}

func hasAlias(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, hasAlias)
}

// plainValue turns a YAML node into what JSON can hold. A date without a time
// is midnight in UTC.
func plainValue(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			value, err := plainValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out[n.Content[i].Value] = value
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			value, err := plainValue(c)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	}
	if n.Tag == "!!timestamp" {
		var t time.Time
		if err := n.Decode(&t); err == nil {
			return t.UTC().Format(time.RFC3339), nil
		}
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, fmt.Errorf("line %d: %w", n.Line, err)
	}
	return value, nil
}

// MarkdownHeadline takes the first line of a Markdown text for its headline when
// it is a heading, and returns what follows.
func MarkdownHeadline(text string) (headline, rest string) {
	trimmed := strings.TrimLeft(text, "\n ")
	line, after, _ := strings.Cut(trimmed, "\n")
	title, ok := strings.CutPrefix(line, "# ")
	if !ok {
		return "", text
	}
	return plain.NormalizeLine(strings.Trim(title, "# ")), after
}
