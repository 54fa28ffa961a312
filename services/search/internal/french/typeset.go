// SPDX-License-Identifier: Apache-2.0

package french

import "strings"

// Typeset puts the spaces of French typography that do not break where a text was
// typed with plain ones: a narrow one (U+202F) before ; ! and ?, a full one (U+00A0)
// before : and inside « ». A mark that stands without a space stays as it is.
func Typeset(s string) string {
	const full, narrow = "\u00a0", "\u202f"
	return strings.NewReplacer(
		" ;", narrow+";", " !", narrow+"!", " ?", narrow+"?", " :", full+":", " »", full+"»", "« ", "«"+full,
	).Replace(s)
}
