// SPDX-License-Identifier: Apache-2.0

package meilisearch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	meili "github.com/meilisearch/meilisearch-go"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/services/search/internal/engine"
)

// The oldest server that will do. Distinct hits of federated searches came with
// 1.40; with 1.43, the guard against requests forged through the server.
const (
	leastMajor = 1
	leastMinor = 43
)

// Config says where the server is and what is kept there.
type Config struct {
	URL       string // of the server: http://host:port
	MasterKey string // makes the key that is then used; empty for a server without one
	Prefix    string // of the names of indexes and of the key: letters, digits, - and _, at most 100

	HTTPClient *http.Client // its transport is used; nil: http.DefaultTransport
	Logger     *slog.Logger
	Dimensions int                // of the vectors of documents; 0: no vectors
	Rejected   prometheus.Counter // counts the editions that the server refused; nil: nobody counts
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

func (c *Config) validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return errors.New("the server's address is no URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.User != nil:
		return errors.New("the server's address must be http:// or https:// and a host, without a user or a query")
	case !prefixPattern.MatchString(c.Prefix):
		return errors.New("the prefix must be 1 to 100 letters, digits, - or _")
	case c.Dimensions < 0:
		return errors.New("vectors have no negative number of dimensions")
	}
	return nil
}

// Store keeps generations of an index in a server, as the indexes prefix-a and
// prefix-b. Which one serves is noted in the index prefix-state.
type Store struct {
	cfg    Config
	client *client
}

var _ engine.Store = (*Store)(nil)

// Open connects to a server, of which it checks health and version. It finds or
// makes a key of its own there, which allows what this package does and no more,
// in the three indexes alone; the master key is used for nothing else. A
// server that is away is an error of kind fault.Unavailable.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("meilisearch: %w", err)
	}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	transport := http.DefaultTransport
	if cfg.HTTPClient != nil && cfg.HTTPClient.Transport != nil {
		transport = cfg.HTTPClient.Transport
	}
	master := newClient(cfg.URL, cfg.MasterKey, transport)
	if err := master.check(ctx); err != nil {
		return nil, err
	}
	key := ""
	if cfg.MasterKey != "" {
		var err error
		if key, err = master.ownKey(ctx, cfg.Prefix); err != nil {
			return nil, err
		}
	}
	cfg.MasterKey = ""
	return &Store{cfg: cfg, client: newClient(cfg.URL, key, transport)}, nil
}

// check reports whether the server is well and new enough.
func (c *client) check(ctx context.Context) error {
	const doing = "connect to meilisearch"
	health, err := c.HealthWithContext(ctx)
	if err != nil {
		return explain(ctx, doing, err)
	}
	if health.Status != "available" {
		return unavailable(doing, fmt.Errorf("the server says it is %q", health.Status))
	}
	version, err := c.VersionWithContext(ctx)
	if err != nil {
		return explain(ctx, doing, err)
	}
	major, rest, _ := strings.Cut(version.PkgVersion, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(major)
	n, nerr := strconv.Atoi(minor)
	if err != nil || nerr != nil || m < leastMajor || m == leastMajor && n < leastMinor {
		return fmt.Errorf("%s: the server is version %q, at least %d.%d is needed", doing, version.PkgVersion, leastMajor, leastMinor)
	}
	return nil
}

// actions are what this package does.
func actions() []string {
	return []string{
		"documents.add", "documents.get", "indexes.create", "indexes.delete",
		"search", "settings.get", "settings.update", "tasks.get",
	}
}

// ownKey finds the key that an earlier process made, or makes one. A key of that
// name which allows something else is replaced.
func (c *client) ownKey(ctx context.Context, prefix string) (string, error) {
	doing, name, indexes := "get a key of meilisearch", "relais "+prefix, []string{prefix + "-a", prefix + "-b", prefix + "-state"}
	for page := int64(0); ; page++ {
		const size = 100
		keys, err := c.GetKeysWithContext(ctx, &meili.KeysQuery{Limit: size, Offset: size * page})
		if err != nil {
			return "", explain(ctx, doing, err)
		}
		for _, k := range keys.Results {
			if k.Name != name {
				continue
			}
			if slices.Equal(slices.Sorted(slices.Values(k.Actions)), actions()) && slices.Equal(k.Indexes, indexes) && k.ExpiresAt.IsZero() {
				return k.Key, nil
			}
			if _, err := c.DeleteKeyWithContext(ctx, k.UID); err != nil {
				return "", explain(ctx, doing, err)
			}
		}
		if int64(len(keys.Results)) < size {
			break
		}
	}
	k, err := c.CreateKeyWithContext(ctx, &meili.Key{
		Name: name, Description: "Made by Relais for its search.", Actions: actions(), Indexes: indexes,
	})
	if err != nil {
		return "", explain(ctx, doing, err)
	}
	return k.Key, nil
}

func (s *Store) uid(slot engine.Slot) string { return s.cfg.Prefix + "-" + string(slot) }

// Open implements engine.Store.
func (s *Store) Open(ctx context.Context, slot engine.Slot) (engine.Engine, error) {
	if err := valid(slot); err != nil {
		return nil, err
	}
	x := &Index{
		log: s.cfg.Logger, client: s.client, uid: s.uid(slot), dimensions: s.cfg.Dimensions, rejected: s.cfg.Rejected,
		languages: map[string]bool{},
	}
	if err := x.open(ctx); err != nil {
		return nil, err
	}
	return x, nil
}

// Discard implements engine.Store.
func (s *Store) Discard(ctx context.Context, slot engine.Slot) error {
	if err := valid(slot); err != nil {
		return err
	}
	return s.client.discard(ctx, s.uid(slot))
}

// serving is the record of the slot that serves.
type serving struct {
	ID   string      `json:"id"` // servingID
	Slot engine.Slot `json:"slot"`
}

const servingID = "serving"

func (s *Store) stateUID() string { return s.cfg.Prefix + "-state" }

// Serving implements engine.Store.
func (s *Store) Serving(ctx context.Context) (engine.Slot, error) {
	var r serving
	err := s.client.Index(s.stateUID()).GetDocumentWithContext(ctx, servingID, nil, &r)
	if err = explain(ctx, "read which index serves", err); missing(err) {
		return engine.SlotA, nil
	}
	if err != nil {
		return "", err
	}
	return r.Slot, valid(r.Slot)
}

// Serve implements engine.Store.
func (s *Store) Serve(ctx context.Context, slot engine.Slot) error {
	if err := valid(slot); err != nil {
		return err
	}
	primary := fieldID
	task, err := s.client.Index(s.stateUID()).AddDocumentsWithContext(ctx, []serving{{servingID, slot}}, &meili.DocumentOptions{PrimaryKey: &primary})
	return s.client.done(ctx, "note which index serves", task, err)
}

func valid(slot engine.Slot) error {
	if slot != engine.SlotA && slot != engine.SlotB {
		return fault.Newf(fault.Internal, "there is no slot %q", slot)
	}
	return nil
}
