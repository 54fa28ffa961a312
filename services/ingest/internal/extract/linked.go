// SPDX-License-Identifier: Apache-2.0

package extract

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-press/relais/pkg/article"
	"github.com/relais-press/relais/services/ingest/internal/extract/plain"
)

// object is a node of JSON-LD.
type object = map[string]any

// linkedData reads a page's JSON-LD: the articles in its blocks, by themselves,
// in lists or in graphs. A node that only names another by its @id stands for it.
func (h *head) linkedData(blocks []string) {
	var all []object
	for _, source := range blocks {
		source = strings.TrimSpace(source)
		source = strings.TrimSuffix(strings.TrimPrefix(source, "<!--"), "-->")
		var value any
		if json.Unmarshal([]byte(source), &value) == nil {
			all = append(all, nodes(value, 0)...)
		}
	}
	named := map[string]object{}
	for _, node := range all {
		if id, ok := node["@id"].(string); ok && len(node) > 1 {
			named[id] = node
		}
	}
	for _, node := range all {
		if slices.ContainsFunc(texts(node["@type"]), articleType) {
			h.linkedArticle(node, named)
		}
	}
}

func articleType(t string) bool {
	t = t[strings.LastIndexAny(t, "/:")+1:]
	return strings.HasSuffix(t, "Article") || t == "BlogPosting" || t == "Report" || t == "LiveBlogPosting"
}

func (h *head) linkedArticle(node object, named map[string]object) {
	h.headline = firstText(h.headline, first(texts(node["headline"])), first(texts(node["name"])))
	h.description = firstText(h.description, first(texts(node["description"])))
	h.section = firstText(h.section, plain.NormalizeLine(firstText(texts(node["articleSection"])...)))
	h.language = firstText(tagOf(first(texts(node["inLanguage"]))), h.language)
	if h.published.IsZero() {
		h.published = moment(first(texts(node["datePublished"])))
	}
	for _, author := range listed(node["author"]) {
		for _, name := range texts(author) {
			if webURL(name) == "" {
				h.author(name, "")
			}
		}
		for _, person := range resolved(author, named) {
			h.author(first(texts(person["name"])), firstText(first(texts(person["url"])), first(texts(person["sameAs"]))))
		}
	}
	for _, list := range texts(node["keywords"]) {
		h.tags(strings.Split(list, ","))
	}
	for _, holder := range resolved(node["copyrightHolder"], named) {
		h.rights = firstText(h.rights, plain.NormalizeLine(first(texts(holder["name"]))))
	}
	h.rights = firstText(h.rights, plain.NormalizeLine(first(texts(node["copyrightHolder"]))))
	h.picture(node["image"], named)
}

func (h *head) picture(value any, named map[string]object) {
	if h.image != nil {
		return
	}
	if u := webURL(first(texts(value))); u != "" {
		h.image = &article.Image{URL: u}
		return
	}
	for _, image := range resolved(value, named) {
		if u := firstText(webURL(first(texts(image["url"]))), webURL(first(texts(image["contentUrl"])))); u != "" {
			h.image = &article.Image{
				URL: u, Alt: plain.NormalizeLine(first(texts(image["caption"]))),
				Width: pixels(image["width"]), Height: pixels(image["height"]),
			}
			return
		}
	}
}

// pixels reads a length: a number, a text or a QuantitativeValue.
func pixels(value any) int {
	switch v := value.(type) {
	case float64:
		if v >= 1 && v <= 100_000 {
			return int(v)
		}
	case string:
		if n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px")); err == nil {
			return pixels(float64(n))
		}
	case object:
		if _, nested := v["value"].(object); !nested {
			return pixels(v["value"])
		}
	}
	return 0
}

// listed returns the values of an array, or the one value.
func listed(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	return []any{value}
}

// resolved lists the objects of a value, each replaced by the one that its @id
// names where it holds nothing else.
func resolved(value any, named map[string]object) []object {
	list := nodes(value, 0)
	for i, node := range list {
		if id, ok := node["@id"].(string); ok && len(node) == 1 && named[id] != nil {
			list[i] = named[id]
		}
	}
	return list
}

// nodes lists the objects of a JSON-LD value: itself, an array's, a graph's.
func nodes(value any, depth int) []object {
	if depth > 4 {
		return nil
	}
	switch v := value.(type) {
	case object:
		return append([]object{v}, nodes(v["@graph"], depth+1)...)
	case []any:
		var out []object
		for _, item := range v {
			out = append(out, nodes(item, depth+1)...)
		}
		return out
	}
	return nil
}

// texts lists the strings of a JSON-LD value: itself, an array's, or one with a
// language.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case object:
		if s, ok := v["@value"].(string); ok {
			return []string{s}
		}
		if s, ok := v["alternateName"].(string); ok && v["@type"] == "Language" {
			return []string{s}
		}
	case []any:
		var out []string
		for _, item := range v {
			if _, list := item.([]any); !list {
				out = append(out, texts(item)...)
			}
		}
		return out
	}
	return nil
}
