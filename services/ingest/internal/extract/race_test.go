// SPDX-License-Identifier: Apache-2.0

//go:build race

package extract_test

// bombSize is smaller where the race detector makes everything ten times slower.
const bombSize = mebibyte / 16
