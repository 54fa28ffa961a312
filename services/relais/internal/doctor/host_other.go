// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package doctor

import "errors"

// ThisHost knows nothing of this machine.
func ThisHost() Host {
	return Host{
		Space:     func(string) (Space, error) { return Space{}, errors.ErrUnsupported },
		OpenFiles: func() (uint64, error) { return 0, errors.ErrUnsupported },
	}
}
