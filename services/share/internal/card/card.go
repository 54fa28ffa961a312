// SPDX-License-Identifier: Apache-2.0

// Package card draws the picture that stands for an article where its link is
// shared: 1200×630 pixels, the size the Open Graph consumers agree on.
package card

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/relais-press/relais/services/share/internal/card/hyphen"
)

// Width and Height are those of every card, in pixels.
const (
	Width  = 1200
	Height = 630
)

// Card is what a card says. All but Headline may be empty.
type Card struct {
	Headline  string    // of the edition; as much of it is drawn as fits
	Language  string    // of the edition, a BCP 47 tag
	Partner   string    // the partner's name, or the newsroom's
	Section   string    // as readers know it
	Date      time.Time // the day shown, in the zone it is given in
	Corrected bool      // say that the article was corrected
}

// Drawer draws cards. It is safe for concurrent use.
type Drawer struct {
	faces   typefaces
	hyphens *hyphen.Dictionaries
}

// New returns a drawer with its fonts read.
func New() (*Drawer, error) {
	faces, err := loadTypefaces()
	if err != nil {
		return nil, fmt.Errorf("cards: %w", err)
	}
	return &Drawer{faces: faces, hyphens: hyphen.New()}, nil
}

// Draw returns a card as PNG; equal cards give equal bytes. Latin, Greek,
// Cyrillic and Arabic are drawn. A headline in another script gives way to the
// partner's name, and that to the section: no card shows boxes for letters.
func (d *Drawer) Draw(c Card) (png []byte, err error) {
	// The text is anybody's and goes through a shaper of fonts: what it might
	// stumble over costs this card alone.
	defer func() {
		if r := recover(); r != nil {
			png, err = nil, fmt.Errorf("draw card: %v", r)
		}
	}()
	base, _, _ := strings.Cut(strings.ToLower(c.Language), "-")
	words, err := d.hyphens.For(base)
	if err != nil {
		return nil, fmt.Errorf("draw card: %w", err)
	}
	s := &sheet{canvas: newCanvas(), setter: newSetter(d.faces, c.Language), words: words}
	headline := prepare(c.Headline, base, s.serif.has)
	partner := prepare(c.Partner, base, s.serif.has)
	section := prepare(cases.Upper(language.Make(base)).String(c.Section), base, s.sans.has)
	if len(headline) == 0 {
		headline, partner = partner, nil
	}
	if len(headline) == 0 {
		headline, section = section, nil
	}
	if s.rtl = rightToLeft(headline); s.rtl {
		s.arabicFirst()
	}
	s.head(section, c.Corrected, base)
	s.hero(headline)
	s.foot(partner, []rune(day(c.Date, base)))
	return s.png()
}
