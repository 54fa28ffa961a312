// SPDX-License-Identifier: Apache-2.0

//go:build linux || darwin

package telemetry

import (
	"path/filepath"
	"syscall"
)

// room is how many bytes can be written below a folder, or below the nearest one
// above that exists; -1 when that cannot be told.
func room(dir string) float64 {
	dir, err := filepath.Abs(dir)
	for err == nil {
		var s syscall.Statfs_t
		if err := syscall.Statfs(dir, &s); err == nil {
			return float64(s.Bavail) * float64(s.Bsize)
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return -1
}
