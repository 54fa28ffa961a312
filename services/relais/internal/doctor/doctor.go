// SPDX-License-Identifier: Apache-2.0

// Package doctor looks at a relay, running or stopped, and says what it finds
// and what to do about it. It changes nothing: a log that is stopped is opened as
// relais serve would open it, and closed again.
//
// What can be seen depends on where it looks from: the server (its answers, its
// measurements and, with an admin's key, its log from inside), a log that runs
// elsewhere, and the data folder of this machine.
package doctor

import (
	"fmt"
	"io"
	"slices"

	"github.com/relais-press/relais/services/relais/internal/cli"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Good Level = "ok"
	Warn Level = "warning" // works, and will not for long, or could be better
	Bad  Level = "problem" // something does not work, or will be lost
)

// Text is a text in the languages of the terminal.
type Text struct {
	French  string `json:"fr"`
	English string `json:"en"`
}

// Finding is what one check has found.
type Finding struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	Found Text   `json:"found"`
	Do    Text   `json:"do"` // what to do about it; empty when there is nothing
}

// good, warn and bad make findings; french and english take the same arguments.
func good(name, french, english string, args ...any) Finding {
	return Finding{Name: name, Level: Good, Found: both(french, english, args...)}
}

func warn(name string, found, do Text) Finding { return Finding{name, Warn, found, do} }

func bad(name string, found, do Text) Finding { return Finding{name, Bad, found, do} }

func both(french, english string, args ...any) Text {
	return Text{fmt.Sprintf(french, args...), fmt.Sprintf(english, args...)}
}

// Failed reports whether something is a problem.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Level == Bad })
}

// Print writes a line for each finding.
func Print(t cli.Terminal, w io.Writer, findings []Finding) error {
	for _, f := range findings {
		sign := map[Level]string{Good: "✓", Warn: "!", Bad: "✗"}[f.Level]
		line := fmt.Sprintf("%s %s%s%s", sign, f.Name, t.Say("\u00a0: ", ": "), t.Say(f.Found.French, f.Found.English))
		if f.Do.English != "" {
			line += " → " + t.Say(f.Do.French, f.Do.English)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
