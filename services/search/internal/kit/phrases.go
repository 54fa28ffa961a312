// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/relais-press/relais/services/search/internal/french"
)

//go:embed words.json
var words []byte

// languages are the tags of the languages the page speaks.
func languages() []string { return []string{"fr", "en"} }

// readPhrases returns every text, by language and key; {} is filled in. The French
// is written with plain spaces, which become those that do not break.
func readPhrases() (map[string]map[string]string, error) {
	var texts map[string]struct {
		French  string `json:"fr"`
		English string `json:"en"`
	}
	decoder := json.NewDecoder(bytes.NewReader(words))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&texts); err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	out := map[string]map[string]string{"fr": {}, "en": {}}
	for key, text := range texts {
		out["fr"][key], out["en"][key] = french.Typeset(text.French), text.English
	}
	return out, nil
}

// said lists the texts that the script may come to say.
func said() []string {
	return []string{
		"copy", "copied", "copy.select", "css.none", "preview.none", "preview.failed", "preview.placeholder",
		"contrast.text", "contrast.accent", "contrast.low", "contrast.good", "contrast.light", "contrast.dark",
		"value.bad", "reset.done", "sri.note", "article.missing",
	}
}
