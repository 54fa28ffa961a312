// SPDX-License-Identifier: Apache-2.0

package bleve_test

import (
	"testing"

	"github.com/relais-press/relais/services/search/internal/engine/enginetest"
)

func TestGolden(t *testing.T) {
	e := open(t, t.TempDir())
	t.Cleanup(func() { fatal(t, e.Close()) })
	enginetest.Golden(t, e)
}
