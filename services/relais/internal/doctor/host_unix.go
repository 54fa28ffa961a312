// SPDX-License-Identifier: Apache-2.0

//go:build unix

package doctor

import "syscall"

// ThisHost asks this machine.
func ThisHost() Host {
	return Host{
		Space: func(path string) (Space, error) {
			var s syscall.Statfs_t
			if err := syscall.Statfs(path, &s); err != nil {
				return Space{}, err
			}
			block := uint64(s.Bsize)                                              //nolint:gosec // positive
			return Space{uint64(s.Bavail) * block, uint64(s.Blocks) * block}, nil //nolint:unconvert // their types depend on the system
		},
		OpenFiles: func() (uint64, error) {
			var l syscall.Rlimit
			err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
			return uint64(l.Cur), err //nolint:unconvert // its type depends on the system
		},
	}
}
