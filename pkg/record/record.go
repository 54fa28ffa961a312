// SPDX-License-Identifier: Apache-2.0

// Package record rewrites JSON records of the log without losing what a newer
// program wrote into them: during an upgrade, older and newer programs write
// the same records.
package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// Keep encodes v, a struct, with the members of the record old that v's type
// does not know. A member that the type knows is as v has it, or absent. An old
// record that is empty or no JSON object adds nothing.
func Keep(old []byte, v any) ([]byte, error) {
	fresh, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	unknown := Unknown(old, v)
	if len(unknown) == 0 {
		return fresh, nil
	}
	return With(fresh, unknown)
}

// With adds members to an encoded object; those it has stay.
func With(object []byte, more map[string]json.RawMessage) ([]byte, error) {
	all := maps.Clone(more)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	out, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	return out, nil
}

// Unknown are the members of an encoded object that the type of v, a struct,
// has no field for; nil when there are none or it is no object.
func Unknown(object []byte, v any) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(object, &all) != nil {
		return nil
	}
	known := map[string]bool{}
	names(reflect.TypeOf(v), known)
	for name := range all {
		if known[strings.ToLower(name)] { // encoding/json reads a member in any case
			delete(all, name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// names collects the members that encoding/json reads into a struct, in lower case.
func names(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names(f.Type, into)
		case name == "-" || !f.IsExported():
		case name == "":
			into[strings.ToLower(f.Name)] = true
		default:
			into[strings.ToLower(name)] = true
		}
	}
}
