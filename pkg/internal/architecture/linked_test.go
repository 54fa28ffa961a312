// SPDX-License-Identifier: Apache-2.0

package architecture_test

import "slices"

// linked names, for each command, the modules of others it may link, as
// shipped: linux, without cgo. It is the list to look at when a binary grows
// or a license is to be checked. The embedded index is in search and relais
// alone, the embedded log in relais alone, the bundler in none.
func linked() map[string][]string {
	// What every service has through pkg: settings, router, log, languages, metrics,
	// and the exporter of traces, whose messages are generated with their gRPC twin.
	shared := []string{
		"github.com/abadojack/whatlanggo",
		"github.com/alecthomas/kong",
		"github.com/beorn7/perks",
		"github.com/cenkalti/backoff/v5",
		"github.com/cespare/xxhash/v2",
		"github.com/go-logr/logr",
		"github.com/go-logr/stdr",
		"github.com/google/uuid",
		"github.com/gorilla/mux",
		"github.com/grpc-ecosystem/grpc-gateway/v2",
		"github.com/klauspost/compress",
		"github.com/munnerz/goautoneg",
		"github.com/nats-io/nats.go",
		"github.com/nats-io/nkeys",
		"github.com/nats-io/nuid",
		"github.com/prometheus/client_golang",
		"github.com/prometheus/client_model",
		"github.com/prometheus/common",
		"github.com/prometheus/procfs",
		"github.com/synadia-io/orbit.go/jetstreamext",
		"github.com/synadia-io/orbit.go/natsext",
		"go.opentelemetry.io/auto/sdk",
		"go.opentelemetry.io/otel",
		"go.opentelemetry.io/otel/exporters/otlp/otlptrace",
		"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp",
		"go.opentelemetry.io/otel/log",
		"go.opentelemetry.io/otel/metric",
		"go.opentelemetry.io/otel/sdk",
		"go.opentelemetry.io/otel/trace",
		"go.opentelemetry.io/proto/otlp",
		"golang.org/x/crypto",
		"golang.org/x/net",
		"golang.org/x/sys",
		"golang.org/x/text",
		"golang.org/x/time",
		"google.golang.org/genproto/googleapis/api",
		"google.golang.org/genproto/googleapis/rpc",
		"google.golang.org/grpc",
		"google.golang.org/protobuf",
	}
	ingest := []string{
		"codeberg.org/readeck/go-readability/v2",
		"github.com/andybalholm/cascadia",
		"github.com/go-shiori/dom",
		"github.com/gogs/chardet",
		"github.com/itlightning/dateparse",
		"go.yaml.in/yaml/v3",
		"github.com/aymerick/douceur",
		"github.com/gorilla/css",
		"github.com/microcosm-cc/bluemonday",
		"github.com/yuin/goldmark",
		"golang.org/x/sync",
	}
	search := []string{
		"github.com/andybalholm/brotli",
		"github.com/golang-jwt/jwt/v5",
		"github.com/meilisearch/meilisearch-go",
		"github.com/RoaringBitmap/roaring/v2",
		"github.com/bits-and-blooms/bitset",
		"github.com/blevesearch/bleve/v2",
		"github.com/blevesearch/bleve_index_api",
		"github.com/blevesearch/geo",
		"github.com/blevesearch/mmap-go",
		"github.com/blevesearch/scorch_segment_api/v2",
		"github.com/blevesearch/upsidedown_store_api",
		"github.com/blevesearch/vellum",
		"github.com/blevesearch/zapx/v11",
		"github.com/blevesearch/zapx/v12",
		"github.com/blevesearch/zapx/v13",
		"github.com/blevesearch/zapx/v14",
		"github.com/blevesearch/zapx/v15",
		"github.com/blevesearch/zapx/v16",
		"github.com/blevesearch/zapx/v17",
		"github.com/golang/snappy",
		"github.com/json-iterator/go",
		"github.com/modern-go/concurrent",
		"github.com/modern-go/reflect2",
		"github.com/mschoch/smat",
		"go.etcd.io/bbolt",
	}
	share := []string{
		"github.com/go-text/typesetting",
		"github.com/piglig/go-qr",
		"github.com/rivo/uniseg",
		"go.etcd.io/bbolt",
		"golang.org/x/image",
		"golang.org/x/sync",
	}
	log := []string{
		"github.com/antithesishq/antithesis-sdk-go",
		"github.com/minio/highwayhash",
		"github.com/nats-io/jwt/v2",
		"github.com/nats-io/nats-server/v2",
	}
	return map[string][]string{
		"services/ingest/cmd/relais-ingest": slices.Concat(shared, ingest),
		"services/search/cmd/relais-search": slices.Concat(shared, search),
		"services/share/cmd/relais-share":   slices.Concat(shared, share),
		"services/relais":                   slices.Concat(shared, ingest, search, share, log),
	}
}
