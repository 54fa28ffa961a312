// SPDX-License-Identifier: Apache-2.0

package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/relais/internal/backup"
)

// archive is a tar of names and contents in turn, with right sums at its end.
func archive(t testing.TB, kind byte, parts ...string) []byte {
	t.Helper()
	var b, sums bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(name, content string) {
		h := tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o600}
		if kind != 0 && strings.HasPrefix(name, "files/") {
			h.Typeflag, h.Linkname = kind, "/etc/passwd"
			h.Size, content = 0, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < len(parts); i += 2 {
		add(parts[i], parts[i+1])
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(parts[i+1])), parts[i])
	}
	add("SHA256SUMS", sums.String())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sparse is an archive with a part of a byte that says it has a TiB (GNU tar's
// format 0.1), which the writer of archives would not write.
func sparse(t testing.TB, head, manifest string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "relais-backup.json", Size: int64(len(head))},
		{Name: "files/imports/abcdefghijklmnop", Size: 1, PAXRecords: map[string]string{
			"GNU_sparse.size": "1099511627776", "GNU_sparse.numblocks": "1", "GNU_sparse.map": "0,1",
		}},
	} {
		h.Typeflag, h.Mode = tar.TypeReg, 0o600
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte((head + manifest)[:h.Size])); err != nil {
			t.Fatal(err)
		}
	}
	return bytes.ReplaceAll(b.Bytes(), []byte("GNU_sparse"), []byte("GNU.sparse"))
}

func TestWhatIsNoBackupIsRefused(t *testing.T) {
	const head, empty = `{"format": 1}`, `{"format": 1, "streams": [], "files": []}`
	one := fmt.Sprintf(`{"name": "imports/abcdefghijklmnop", "size": 1, "sha256": "%x"}`, sha256.Sum256([]byte("x")))
	twice := `{"files": [` + one + "," + one + `]}`
	for _, tc := range []struct {
		name string
		file []byte
		want string // in the error; empty: it is one
	}{
		{"an empty backup", archive(t, 0, "relais-backup.json", head, "manifest.json", empty), ""},
		{"nothing", nil, "SHA256SUMS is missing"},
		{"a text", []byte(strings.Repeat("no archive ", 100)), "no archive"},
		{"another archive", archive(t, 0, "etc/passwd", "root"), "does not begin"},
		{"another format", archive(t, 0, "relais-backup.json", `{"format": 2, "relais": "v9"}`), "format 2, written by relais \"v9\""},
		{"a path that climbs", archive(t, 0, "relais-backup.json", head, "files/imports/../../../etc/passwd", "x", "manifest.json", empty), "which no backup has"},
		{"an absolute path", archive(t, 0, "relais-backup.json", head, "/etc/passwd", "x", "manifest.json", empty), "which no backup has"},
		{"an unknown stream", archive(t, 0, "relais-backup.json", head, "streams/OTHER", "x", "manifest.json", empty), "which no backup has"},
		{"a symbolic link", archive(t, tar.TypeSymlink, "relais-backup.json", head, "files/imports/abcdefghijklmnop", "x", "manifest.json", empty), "part \"files/imports"},
		{"a part that is larger than its file", sparse(t, head, empty), "part \"files/imports"},
		{"a part twice", archive(t, 0, "relais-backup.json", head, "manifest.json", empty, "manifest.json", empty), "part \"manifest.json\""},
		{"a part that the manifest lacks", archive(t, 0, "relais-backup.json", head, "streams/ARTICLES", "x", "manifest.json", empty), "manifest names"},
		{"a manifest that names a part twice", archive(t, 0, "relais-backup.json", head, "files/imports/abcdefghijklmnop", "x", "manifest.json", twice), "manifest names"},
		{"a manifest of more than there is", archive(t, 0, "relais-backup.json", head, "manifest.json", `{"streams": [{"name": "ARTICLES"}]}`), "not as the manifest says"},
		{"a manifest that is none", archive(t, 0, "relais-backup.json", head, "manifest.json", `[`), "manifest.json"},
		{"no manifest", archive(t, 0, "relais-backup.json", head), "is missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := backup.Open(bytes.NewReader(tc.file), int64(len(tc.file)), nil)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("Open = %v, want %q", err, tc.want)
			}
		})
	}
}

// TestDamageIsFound changes and cuts a real backup everywhere.
func TestDamageIsFound(t *testing.T) {
	l := start(t, t.TempDir())
	l.fill(t, 3)
	file, m := write(t, l, "")
	for at := 0; at < len(file); at += 97 {
		changed := bytes.Clone(file)
		changed[at] ^= 0x40
		b, err := backup.Open(bytes.NewReader(changed), int64(len(changed)), nil)
		if err == nil && !same(t, b.Manifest, m) {
			t.Errorf("byte %d was changed, and the backup says something else", at)
		}
		if err != nil && !errors.Is(err, backup.ErrDamaged) && !strings.Contains(err.Error(), "format") {
			t.Errorf("byte %d: %v", at, err)
		}
	}
	const trailer = 1024 + 511 // of every archive, and the padding before it: nothing is lost with it
	for size := 0; size < len(file)-trailer; size += 211 {
		if _, err := backup.Open(bytes.NewReader(file[:size]), int64(size), nil); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("cut at %d: %v", size, err)
		}
	}
}

// same compares manifests as they are written.
func same(t *testing.T, a, b backup.Manifest) bool {
	t.Helper()
	var x, y any
	for v, m := range map[*any]backup.Manifest{&x: a, &y: b} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(x, y)
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add(archive(f, 0, "relais-backup.json", `{"format": 1}`, "manifest.json", `{"streams": [], "files": []}`))
	f.Add(archive(f, 0, "relais-backup.json", `{"format": 1}`, "files/imports/abcdefghijklmnop", "x", "manifest.json", `{"files": [{"name": "imports/abcdefghijklmnop", "size": 1}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := backup.Open(bytes.NewReader(file), int64(len(file)), nil)
		if err != nil {
			return
		}
		for _, part := range b.Files {
			if strings.Contains(part.Name, "..") || strings.HasPrefix(part.Name, "/") {
				t.Errorf("a file at %q", part.Name)
			}
		}
	})
}
