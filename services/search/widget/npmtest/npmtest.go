// SPDX-License-Identifier: Apache-2.0

// Package npmtest gives tests the files of npm packages: the accessibility
// checker of the widget's tests, the libraries an example is written for. What
// Relais ships holds none of them.
//
// A package is named with the exact version and the integrity of its tarball
// (Subresource Integrity, as in a package-lock.json), so that the bytes are the
// same on every machine. .ci/install lets the npm client fetch the tarballs.
package npmtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	maxUnpacked = 64 << 20 // bytes of all files of a package
	maxFiles    = 10_000
)

// pin names one tarball.
type pin struct {
	name, version string
	integrity     string // sha512-<base64 of the SHA-512 of the tarball>
}

// Open returns the files of one version of a package, the paths as inside the
// package: "package.json". The test fails, and is never skipped, when the package
// is not there or is not the one that is pinned.
func Open(t testing.TB, name, version, integrity string) fs.FS {
	t.Helper()
	root, err := filepath.Abs(".")
	for err == nil && root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	files, err := open(filepath.Join(root, ".bin", "npm"), pin{name, version, integrity})
	if err != nil {
		t.Fatalf("npm package %s %s: %v: .ci/install fetches it", name, version, err)
	}
	return files
}

// open reads a tarball in a folder, named as npm pack names it.
func open(folder string, p pin) (fs.FS, error) {
	if !regexp.MustCompile(`^(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*$`).MatchString(p.name) ||
		!regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`).MatchString(p.version) {
		return nil, errors.New("not a name and an exact version of a package")
	}
	file := strings.ReplaceAll(strings.TrimPrefix(p.name, "@"), "/", "-") + "-" + p.version + ".tgz"
	tarball, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return nil, err
	}
	if err := p.check(tarball); err != nil {
		return nil, err
	}
	return unpack(tarball)
}

func (p pin) check(tarball []byte) error {
	sum := sha512.Sum512(tarball)
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum[:]); got != p.integrity {
		return fmt.Errorf("the tarball is not the pinned one: its integrity is %s", got)
	}
	return nil
}

// unpack reads the regular files of a tarball into memory, without the one
// folder that holds them all.
func unpack(tarball []byte) (fs.FS, error) {
	z, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	files, size := fstest.MapFS{}, 0
	for archive := tar.NewReader(z); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		if header.Typeflag != tar.TypeReg || !fs.ValidPath(name) {
			continue
		}
		data, err := io.ReadAll(io.LimitReader(archive, int64(maxUnpacked-size)+1))
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		if size += len(data); size > maxUnpacked || len(files) == maxFiles {
			return nil, fmt.Errorf("unpack: more than %d bytes or %d files", maxUnpacked, maxFiles)
		}
		files[name] = &fstest.MapFile{Data: data, Mode: 0o444}
	}
}
