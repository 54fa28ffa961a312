// SPDX-License-Identifier: Apache-2.0

// Package deployment holds the tests of what is in deploy/: that each file is
// what its own tool reads, that all of them agree with the programs about
// settings, paths and users, and that nothing runs with more rights than it needs.
package deployment
