// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/relais-press/relais/services/relais/internal/folder"
)

const (
	keyFile    = "admin.key"
	spareBad   = 512 << 20 // bytes of a disk that are free
	spareWarn  = 5         // percent
	enoughOpen = 4096      // files that a process may have open
)

// Space is how much room a disk has, in bytes.
type Space struct{ Free, Total uint64 }

// Host is what the checks of this machine rest on; tests give other answers.
type Host struct {
	Space     func(path string) (Space, error)
	OpenFiles func() (uint64, error)
}

// Folder looks at a data folder: who may read it, and what room it has.
func (h Host) Folder(dir string) (out []Finding) {
	info, err := os.Stat(dir)
	if err != nil {
		return []Finding{bad("data", both("%s n’est pas là", "%s is not there", dir), both("donnez le dossier de relais serve", "give the folder of relais serve"))}
	}
	if folder.Restoring(dir) {
		out = append(out, bad("data", both("une restauration n’est pas arrivée à son terme", "a restore has not come to its end"), both("relancez relais restore", "run relais restore again")))
	}
	if info.Mode().Perm()&0o007 != 0 {
		out = append(out, bad("data", both("tout le monde peut lire %s (%04o)", "everybody may read %s (%04o)", dir, info.Mode().Perm()), both("chmod 700 %[1]s", "chmod 700 %[1]s", dir)))
	} else {
		out = append(out, good("data", "%s, mode %04o", "%s, mode %04o", dir, info.Mode().Perm()))
	}
	path := filepath.Join(dir, keyFile)
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		out = append(out, bad(keyFile, both("d’autres que son propriétaire peuvent le lire (%04o)", "others than its owner may read it (%04o)", info.Mode().Perm()),
			both("chmod 600 %[1]s, et remplacez la clé", "chmod 600 %[1]s, and replace the key", path)))
	} else if err == nil {
		out = append(out, good(keyFile, "mode %04o", "mode %04o", info.Mode().Perm()))
	}
	return append(out, h.disk(dir), h.limit())
}

func (h Host) disk(dir string) Finding {
	const name = "disk"
	space, err := h.Space(dir)
	if err != nil || space.Total == 0 {
		return warn(name, both("place inconnue", "room unknown"), Text{})
	}
	log, index := size(filepath.Join(dir, folder.Log)), size(filepath.Join(dir, folder.Index))
	found := both("%s libres sur %s ; le journal en a %s, l’index %s", "%s free of %s; the log has %s, the index %s", human(space.Free), human(space.Total), human(log), human(index))
	do := both("faites de la place : sans disque, rien n’est plus accepté", "make room: without a disk nothing more is accepted")
	switch percent := space.Free * 100 / space.Total; {
	case space.Free < spareBad || space.Free < index: // an index is made anew beside the old one
		return bad(name, found, do)
	case percent < spareWarn:
		return warn(name, found, do)
	}
	return Finding{Name: name, Level: Good, Found: found}
}

func (h Host) limit() Finding {
	const name = "open files"
	n, err := h.OpenFiles()
	if err != nil {
		return good(name, "sans limite connue", "no limit known")
	}
	if n < enoughOpen {
		return warn(name, both("%d au plus, ici", "%d at most, here", n), both("LimitNOFILE=65536 pour systemd, ou ulimit -n 65536", "LimitNOFILE=65536 for systemd, or ulimit -n 65536"))
	}
	return good(name, "%d au plus, ici", "%d at most, here", n)
}

// size is the bytes of the files below a folder.
func size(dir string) (n uint64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed meanwhile
			}
			return err
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			n += uint64(info.Size()) //nolint:gosec // not negative
		}
		return nil
	})
	return n
}

func human(n uint64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
