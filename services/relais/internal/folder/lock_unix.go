// SPDX-License-Identifier: Apache-2.0

//go:build unix

package folder

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes the file for this process; the system lets go of it when the file
// is closed or the process has ended.
func lock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock data folder: %w", err)
	}
	return nil
}
