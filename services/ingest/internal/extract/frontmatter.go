// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// maxMatter is the longest front matter that is read, in bytes.
const maxMatter = 256 << 10

// FrontMatter cuts a Markdown document into its YAML front matter (between two
// lines of ---), as JSON, and the text that follows. Without front matter the
// JSON is empty. Dates come out as RFC 3339, in UTC.
//
// YAML is taken as far as JSON goes: a mapping with texts for keys, each once.
// Anything else is a fault of kind Malformed that names its line and, where it
// is known, the member: malformed YAML, aliases, merge keys, other tags than
// those of plain values, numbers that are infinite or none, more than 256 kB.
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
	if len(head) > maxMatter {
		return nil, "", matterFault("", "the front matter has %d bytes; the most is %d", len(head), maxMatter)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(head), &doc); err != nil {
		return nil, "", matterFault("", "%s", cut(err.Error()))
	}
	if len(doc.Content) == 0 {
		return nil, text, nil
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		return nil, "", matterFault("", "the front matter must be a mapping")
	}
	value, err := plainValue(doc.Content[0], "", 0)
	if err != nil {
		return nil, "", err
	}
	matter, err = json.Marshal(value)
	if err != nil {
		return nil, "", matterFault("", "it cannot be written as JSON")
	}
	return matter, text, nil
}

func matterFault(pointer, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	return fault.WithFields(fault.Malformed, "the front matter cannot be read: "+detail, fault.Field{Pointer: pointer, Detail: detail})
}

// cut shortens what another package says to one sentence.
func cut(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

// maxMatterDepth is how deep mappings and lists nest in front matter.
const maxMatterDepth = 20

// plainValue turns a YAML node into what JSON can hold. A date without a time
// is midnight in UTC.
func plainValue(n *yaml.Node, pointer string, depth int) (any, error) {
	if depth > maxMatterDepth {
		return nil, matterFault(pointer, "line %d: it nests deeper than %d", n.Line, maxMatterDepth)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return nil, matterFault(pointer, "line %d: aliases are not taken", n.Line)
	case yaml.MappingNode:
		return plainMapping(n, pointer, depth)
	case yaml.SequenceNode:
		if n.Tag != "!!seq" {
			return nil, matterFault(pointer, "line %d: the tag %s is not taken", n.Line, cut(n.Tag))
		}
		out := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			value, err := plainValue(c, fmt.Sprintf("%s/%d", pointer, i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		return out, nil
	}
	return plainScalar(n, pointer)
}

func plainMapping(n *yaml.Node, pointer string, depth int) (any, error) {
	if n.Tag != "!!map" {
		return nil, matterFault(pointer, "line %d: the tag %s is not taken", n.Line, cut(n.Tag))
	}
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			return nil, matterFault(pointer, "line %d: a key must be a text, and merge keys are not taken", key.Line)
		}
		member := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(cut(key.Value))
		if _, twice := out[key.Value]; twice {
			return nil, matterFault(member, "line %d: the key stands there twice", key.Line)
		}
		value, err := plainValue(n.Content[i+1], member, depth+1)
		if err != nil {
			return nil, err
		}
		out[key.Value] = value
	}
	return out, nil
}

func plainScalar(n *yaml.Node, pointer string) (any, error) {
	switch n.Tag {
	case "!!str":
		return n.Value, nil
	case "!!null", "!!bool", "!!int", "!!float":
	case "!!timestamp":
		var t time.Time
		if err := n.Decode(&t); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
			return t.UTC().Format(time.RFC3339), nil
		}
		return n.Value, nil
	default:
		return nil, matterFault(pointer, "line %d: the tag %s is not taken", n.Line, cut(n.Tag))
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, matterFault(pointer, "line %d: the value cannot be read", n.Line)
	}
	if f, ok := value.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return nil, matterFault(pointer, "line %d: %s is no finite number", n.Line, cut(n.Value))
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
