// SPDX-License-Identifier: Apache-2.0

package architecture_test

import "slices"

// linked names, for each command, the modules of others it may link, as
// shipped: linux, without cgo. It is the list to look at when a binary grows
// or a licence is to be checked. The embedded index is in search and relais
// alone, the embedded log in relais alone, the bundler in none.
func linked() map[string][]string {
	// What every service has through pkg: settings, router, log, metrics.
	shared := []string{
		"github.com/alecthomas/kong",
		"github.com/beorn7/perks",
		"github.com/cespare/xxhash/v2",
		"github.com/gorilla/mux",
		"github.com/klauspost/compress",
		"github.com/munnerz/goautoneg",
		"github.com/nats-io/nats.go",
		"github.com/nats-io/nkeys",
		"github.com/nats-io/nuid",
		"github.com/prometheus/client_golang",
		"github.com/prometheus/client_model",
		"github.com/prometheus/common",
		"github.com/prometheus/procfs",
		"golang.org/x/crypto",
		"golang.org/x/sys",
		"golang.org/x/time",
		"google.golang.org/protobuf",
	}
	ingest := []string{}
	search := []string{}
	share := []string{}
	log := []string{}
	return map[string][]string{
		"services/ingest/cmd/relais-ingest": slices.Concat(shared, ingest),
		"services/search/cmd/relais-search": slices.Concat(shared, search),
		"services/share/cmd/relais-share":   slices.Concat(shared, share),
		"services/relais":                   slices.Concat(shared, ingest, search, share, log),
	}
}
