// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
)

// open fills in the listener, and returns the file of the seed that it asks for;
// none on a loopback address, where who comes is on this machine already.
func (cfg Config) open(opts *server.Options) (seed string, err error) {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return "", err
	}
	opts.Host = host
	if opts.Port, err = strconv.Atoi(port); err != nil {
		return "", fmt.Errorf("port of %q: %w", cfg.Listen, err)
	}
	if opts.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	if cfg.TLS != nil {
		opts.TLSConfig, opts.TLSTimeout = cfg.TLS, 5
	}
	if loopback(host) {
		return "", nil
	}
	if cfg.Seed == "" {
		return "", fmt.Errorf("%s can be reached from other machines: name a seed file that they are to present", cfg.Listen)
	}
	public, err := ensureSeed(cfg.Seed)
	if err != nil {
		return "", err
	}
	opts.Nkeys = []*server.NkeyUser{{Nkey: public}}
	return cfg.Seed, nil
}

// loopback reports whether a host can be reached from this machine alone. No host
// at all is every address of the machine, and a name may change what it means.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// ensureSeed returns the public key of the user whose seed a file holds; a user is
// made, and the file with mode 0600, when there is none.
func ensureSeed(path string) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := makeSeed(path); err != nil {
			return "", err
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	defer clear(text)
	pair, err := nkeys.ParseDecoratedNKey(text)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	defer pair.Wipe()
	public, err := pair.PublicKey()
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return "", fmt.Errorf("read %s: not the seed of a user", path)
	}
	return public, nil
}

func makeSeed(path string) error {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return err
	}
	defer pair.Wipe() // and the seed with it
	seed, err := pair.Seed()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, append(seed, '\n'), 0o600)
}
