// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"testing"

	"github.com/relais-press/relais/pkg/record"
)

type inner struct {
	Name string `json:"name,omitempty"`
}

type known struct {
	inner

	ID     string `json:"id"`
	Note   string `json:"note,omitempty"`
	Hidden int    `json:"-"`
	Plain  bool
}

func TestKeep(t *testing.T) {
	for _, test := range []struct{ name, old, want string }{
		{"nothing before", ``, `{"id":"b","Plain":false}`},
		{"no object", `[1]`, `{"id":"b","Plain":false}`},
		{"nothing unknown", `{"id":"a","note":"x","name":"n","PLAIN":true}`, `{"id":"b","Plain":false}`},
		{"what is unknown stays, what is known does not", `{"id":"a","note":"x","since":{"y":[2027]},"tier":3}`, `{"Plain":false,"id":"b","since":{"y":[2027]},"tier":3}`},
		{"a hidden field is no member", `{"Hidden":7}`, `{"Hidden":7,"Plain":false,"id":"b"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := record.Keep([]byte(test.old), known{ID: "b"})
			if err != nil || string(got) != test.want {
				t.Errorf("%s (%v), want %s", got, err, test.want)
			}
		})
	}
}

func TestKeepOfWhatCannotBeEncoded(t *testing.T) {
	if _, err := record.Keep(nil, func() {}); err == nil {
		t.Error("a function is encoded")
	}
}
