// SPDX-License-Identifier: Apache-2.0

// Package architecture holds no code. Its test reads the whole workspace and
// refuses an import that crosses a border, a module that a command must not
// link, and a file that has grown too long.
package architecture
