// SPDX-License-Identifier: Apache-2.0

package fault_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/relais-press/relais/pkg/fault"
)

func TestKindsMapToOneStatusEach(t *testing.T) {
	seen := map[int]fault.Kind{}
	slugs := map[string]bool{}
	for _, k := range fault.Kinds() {
		if other, dup := seen[k.Status()]; dup {
			t.Errorf("%v and %v both answer %d", k, other, k.Status())
		}
		if http.StatusText(k.Status()) == "" || k.Title() == "" || slugs[k.Slug()] {
			t.Errorf("kind %q: status %d, title %q", k.Slug(), k.Status(), k.Title())
		}
		seen[k.Status()], slugs[k.Slug()] = k, true
	}
}

func TestKindOf(t *testing.T) {
	cause := io.ErrUnexpectedEOF
	wrapped := fmt.Errorf("append edition: %w", fault.Wrap(fault.Unavailable, "the log is away", cause))
	for _, tc := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"foreign", cause, fault.Internal},
		{"wrapped", wrapped, fault.Unavailable},
		{"fields", fault.WithFields(fault.Invalid, "bad edition", fault.Field{Pointer: "/headline", Detail: "missing"}), fault.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := fault.KindOf(tc.err); got != tc.want {
				t.Errorf("KindOf = %v, want %v", got, tc.want)
			}
		})
	}
	if !errors.Is(wrapped, cause) {
		t.Error("the cause is lost")
	}
	if fault.Is(nil, fault.Internal) {
		t.Error("nil is of no kind")
	}
}

func TestDisposition(t *testing.T) {
	for k, want := range map[fault.Kind]fault.Disposition{
		fault.Internal: fault.Retry, fault.Unavailable: fault.Suspend, fault.Malformed: fault.Drop, fault.Conflict: fault.Ack,
	} {
		if got := k.Disposition(); got != want {
			t.Errorf("%v.Disposition() = %v, want %v", k, got, want)
		}
	}
}
