// SPDX-License-Identifier: Apache-2.0

// Package folder is the data folder of the one binary: one process at a time
// has it open, and none that serves opens one whose restore did not finish.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What is in a data folder.
const (
	Log     = "log"     // the log inside
	Index   = "index"   // of search; made again from the log
	Share   = "share"   // counts, made again from the log, and clicks on their way to it
	Imports = "imports" // streams of imports under way

	lockFile = "lock"
	mark     = "restoring" // says that a restore has not come to its end
)

// ErrBusy says that another process has the folder open.
var ErrBusy = errors.New("another process has this data folder open")

// ErrRestoring says that a restore into the folder has not come to its end.
var ErrRestoring = errors.New("a restore into this data folder has not come to its end: run relais restore again")

// Hold makes the folder when it is not there and keeps every other process out
// until release is called or the process ends, in whatever way. It returns
// ErrBusy when another process has it, and ErrRestoring when what it holds is
// half of a restore.
func Hold(dir string) (release func(), err error) {
	release, err = hold(dir)
	if err != nil {
		return nil, err
	}
	if Restoring(dir) {
		release()
		return nil, ErrRestoring
	}
	return release, nil
}

func hold(dir string) (release func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w", err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", dir, err), file.Close())
	}
	return func() { _ = file.Close() }, nil // which ends the lock
}

// Busy reports whether a process has the folder open. It changes nothing.
func Busy(dir string) bool {
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	return errors.Is(lock(file), ErrBusy)
}

// Restoring reports whether the folder holds half of a restore.
func Restoring(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, mark))
	return err == nil
}

// Begin opens a folder to restore into: one that is not there, that is empty,
// or that a restore which did not finish has left, which is emptied. Until
// finish is called, which makes sure that the disk has everything, the folder
// is marked as half of a restore.
func Begin(dir string) (finish func() error, release func(), err error) {
	release, err = hold(dir)
	if err != nil {
		return nil, nil, err
	}
	if err := begin(dir); err != nil {
		release()
		return nil, nil, err
	}
	finish = func() error {
		if err := sync(dir); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, mark)); err != nil {
			return fmt.Errorf("finish restore: %w", err)
		}
		return syncOne(dir)
	}
	return finish, release, nil
}

func begin(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	again := Restoring(dir)
	for _, e := range entries {
		switch name := e.Name(); {
		case name == lockFile || name == mark || name == "lost+found":
		case again && (name == Log || name == Share || name == Imports):
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("empty data folder: %w", err)
			}
		default:
			return fmt.Errorf("%s is not empty: it holds %s; restore into an empty folder", dir, name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, mark), nil, 0o600); err != nil {
		return fmt.Errorf("mark restore: %w", err)
	}
	return syncOne(dir)
}

// sync brings everything below dir to the disk.
func sync(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("sync data folder: %w", err)
		}
		if d.Name() == "lost+found" {
			return filepath.SkipDir
		}
		if !d.IsDir() && !d.Type().IsRegular() {
			return nil
		}
		return syncOne(path)
	})
}

func syncOne(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync data folder: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("sync data folder: %w", err)
	}
	return nil
}
