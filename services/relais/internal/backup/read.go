// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxText bounds what is read into memory of a file that may be damaged.
const maxText = 16 << 20

// ErrDamaged says that a file is no whole backup: it was cut off, changed, or is
// something else.
var ErrDamaged = errors.New("not a whole backup")

// part is where a part of a backup stands in its file.
type part struct {
	offset, size int64
	sum          string
}

// Backup is a file that was read to its end and found whole.
type Backup struct {
	Manifest
	file  io.ReaderAt
	parts map[string]part
}

// Open reads a backup from its beginning to its end and compares every sum. The
// error is of ErrDamaged when it is not whole, and says where.
func Open(file io.ReaderAt, size int64, progress Progress) (*Backup, error) {
	if progress == nil {
		progress = func(int64, int64, string) {}
	}
	b := &Backup{file: file, parts: map[string]part{}}
	whole := io.NewSectionReader(file, 0, size)
	archive := tar.NewReader(whole)
	text := map[string][]byte{}
	for n := 0; ; n++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, damaged("it breaks off or is no archive, after %d parts: %v", n, err)
		}
		if err := b.admit(header, n, text[sumsName] != nil); err != nil {
			return nil, err
		}
		at, _ := whole.Seek(0, io.SeekCurrent) // never fails
		progress(at, size, header.Name)
		data, sum, err := digest(header, archive)
		if err != nil {
			return nil, err
		}
		b.parts[header.Name] = part{at, header.Size, sum}
		if data != nil {
			text[header.Name] = data
		}
		if header.Name == headName {
			if err := b.format(data); err != nil {
				return nil, err
			}
		}
	}
	progress(size, size, "")
	return b, b.compare(text)
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// admit refuses a part that no backup has.
func (b *Backup) admit(h *tar.Header, n int, ended bool) error {
	name := h.Name
	_, twice := b.parts[name]
	stream, isStream := strings.CutPrefix(name, streamPrefix)
	file, isFile := strings.CutPrefix(name, filePrefix)
	switch {
	case ended:
		return damaged("it goes on after its end: %.80q", name)
	case (n == 0) != (name == headName):
		return damaged("it does not begin as a backup does: %.80q", name)
	case h.Typeflag != tar.TypeReg || h.Size < 0 || twice || sparse(h):
		return damaged("part %.80q", name)
	case isStream && known(stream), isFile && kept.MatchString(file), name == headName:
		return nil
	case name == manifestName, name == sumsName:
		return nil
	}
	return damaged("it holds %.80q, which no backup has", name)
}

// sparse reports a part that says it is larger than what the file has of it.
func sparse(h *tar.Header) bool {
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// digest reads a part: its sum, and its text when it is one.
func digest(h *tar.Header, r io.Reader) (data []byte, sum string, err error) {
	hash := sha256.New()
	r = io.TeeReader(r, hash)
	if name := h.Name; name == headName || name == manifestName || name == sumsName {
		if h.Size > maxText {
			return nil, "", damaged("%s has %d bytes", name, h.Size)
		}
		data, err = io.ReadAll(r)
	} else {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return nil, "", damaged("%s breaks off: %v", h.Name, err)
	}
	return data, hex.EncodeToString(hash.Sum(nil)), nil
}

// format refuses a file that another version of this program wrote, as soon as that is known.
func (b *Backup) format(data []byte) error {
	var h Head
	if err := json.Unmarshal(data, &h); err != nil {
		return damaged("%s: %v", headName, err)
	}
	if h.Format != Format {
		return fmt.Errorf("the backup has format %d, written by relais %.40q; this program reads format %d", h.Format, h.Relais, Format)
	}
	return nil
}

// compare checks the sums, and that the manifest names what there is.
func (b *Backup) compare(text map[string][]byte) error {
	if text[sumsName] == nil || text[manifestName] == nil {
		return damaged("it was cut off: %s is missing", sumsName)
	}
	listed := 0
	for line := range strings.Lines(string(text[sumsName])) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if found, ok := b.parts[name]; !ok || found.sum != sum || name == sumsName {
			return damaged("%.80q is not what was written: its sum is wrong", name)
		}
		listed++
	}
	if listed != len(b.parts)-1 {
		return damaged("%d parts, and sums of %d", len(b.parts)-1, listed)
	}
	decoder := json.NewDecoder(bytes.NewReader(text[manifestName]))
	if err := decoder.Decode(&b.Manifest); err != nil {
		return damaged("%s: %v", manifestName, err)
	}
	return b.complete()
}

// complete compares the parts with the manifest.
func (b *Backup) complete() error {
	want := []string{headName, manifestName, sumsName}
	for _, s := range b.Streams {
		p, ok := b.parts[streamPrefix+s.Name]
		if !ok || p.size != s.Size || p.sum != s.Snapshot {
			return damaged("stream %.80q is not as the manifest says", s.Name)
		}
		want = append(want, streamPrefix+s.Name)
	}
	for _, f := range b.Files {
		p, ok := b.parts[filePrefix+f.Name]
		if !ok || p.size != f.Size || p.sum != f.SHA256 {
			return damaged("file %.80q is not as the manifest says", f.Name)
		}
		want = append(want, filePrefix+f.Name)
	}
	slices.Sort(want)
	if named := len(want); named != len(b.parts) || len(slices.Compact(want)) != named {
		return damaged("the manifest names %d parts of %d", named, len(b.parts))
	}
	return nil
}

// reader reads a part again.
func (b *Backup) reader(name string) io.Reader {
	p := b.parts[name]
	return io.NewSectionReader(b.file, p.offset, p.size)
}
