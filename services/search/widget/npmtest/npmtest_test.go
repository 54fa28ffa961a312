// SPDX-License-Identifier: Apache-2.0

package npmtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pack makes a tarball as registries have it.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	archive := tar.NewWriter(z)
	for name, text := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func integrity(tarball []byte) string {
	sum := sha512.Sum512(tarball)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

// folder holds one tarball.
func folder(t *testing.T, name string, tarball []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), tarball, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOpen(t *testing.T) {
	tarball := pack(t, map[string]string{"package/package.json": "{}", "package/dist/a.js": "1", "package/../../etc/passwd": "no"})
	for file, name := range map[string]string{"axe-1.2.3.tgz": "axe", "scope-axe-1.2.3.tgz": "@scope/axe"} {
		files, err := open(folder(t, file, tarball), pin{name, "1.2.3", integrity(tarball)})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(files, "dist/a.js"); err != nil || string(text) != "1" {
			t.Errorf("dist/a.js: %q, %v", text, err)
		}
		if all, err := fs.Glob(files, "*"); err != nil || len(all) != 2 {
			t.Errorf("files %q, %v", all, err)
		}
	}
}

func TestWhatIsNotThePinnedPackageIsRefused(t *testing.T) {
	tarball := pack(t, map[string]string{"package/package.json": "{}"})
	bomb := pack(t, map[string]string{"package/a": strings.Repeat("0", maxUnpacked), "package/b": "1"})
	for _, tc := range []struct {
		name    string
		tarball []byte
		pin     pin
		want    string
	}{
		{"other bytes", tarball, pin{"axe", "1.2.3", integrity([]byte("other"))}, "its integrity is sha512-"},
		{"another hash", tarball, pin{"axe", "1.2.3", "sha1-x"}, "its integrity is sha512-"},
		{"no such version", tarball, pin{"axe", "1.2.4", ""}, "no such file"},
		{"a range", tarball, pin{"axe", "^1.2.3", ""}, "exact version"},
		{"a path", tarball, pin{"../axe", "1.2.3", ""}, "not a name"},
		{"unpacks to too much", bomb, pin{"axe", "1.2.3", integrity(bomb)}, "more than"},
		{"not a tarball", []byte("<html>"), pin{"axe", "1.2.3", integrity([]byte("<html>"))}, "unpack"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := open(folder(t, "axe-1.2.3.tgz", tc.tarball), tc.pin); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}
