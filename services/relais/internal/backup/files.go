// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/relais-press/relais/services/relais/internal/folder"
)

// kept matches the files of a data folder that are in a backup: imports under
// way, and clicks on their way to the log.
var kept = regexp.MustCompile(`^(` + folder.Imports + `/[a-z2-7]{16}|` + folder.Share + `/clicks-[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.spool(\.sealed)?)$`)

// opened is a file that is held open, so that it can be read to its end
// even when its owner removes it.
type opened struct {
	name string // below the data folder, with slashes
	file *os.File
}

// look opens the files of dir that are to be kept, and adds those that are not open
// yet. A file that is renamed meanwhile is found under one of its names or under both.
func look(dir string, open []opened) ([]opened, error) {
	for {
		more := 0
		for _, below := range []string{folder.Imports, folder.Share} {
			entries, err := os.ReadDir(filepath.Join(dir, below))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return open, fmt.Errorf("read data folder: %w", err)
			}
			for _, e := range entries {
				added, err := hold(dir, below+"/"+e.Name(), &open)
				if err != nil {
					return open, err
				}
				if added {
					more++
				}
			}
		}
		if more == 0 {
			return open, nil
		}
	}
}

// hold opens a file and reports whether it is one that was not open yet.
func hold(dir, name string, open *[]opened) (bool, error) {
	if !kept.MatchString(name) {
		return false, nil
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read data folder: %w", err)
	}
	if slices.ContainsFunc(*open, func(o opened) bool {
		known, err := o.file.Stat()
		return err == nil && os.SameFile(known, info)
	}) {
		return false, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read data folder: %w", err)
	}
	// A sealed file and its successor may have had the same name.
	for slices.ContainsFunc(*open, func(o opened) bool { return o.name == name }) {
		name += ".sealed"
	}
	if !kept.MatchString(name) {
		return false, file.Close()
	}
	*open = append(*open, opened{name, file})
	return true, nil
}

func closeAll(open []opened) {
	for _, o := range open {
		_ = o.file.Close()
	}
}
