// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-press/relais/pkg/fault"
)

// MaxBody is the largest request body of a call that is not a stream, in bytes.
const MaxBody = 1 << 20

// ReadBody returns the body of a request, of at most MaxBody bytes; TooLarge above.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := Plain(r); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, fault.Newf(fault.TooLarge, "the body is larger than %d bytes", MaxBody)
	}
	if err != nil {
		return nil, fault.WithFields(fault.Malformed, "the body could not be read to its end",
			fault.Field{Pointer: "", Detail: "truncated body"})
	}
	return body, nil
}

// Plain is UnsupportedMediaType when a body is compressed: none is decompressed.
func Plain(r *http.Request) error {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.WithFields(fault.UnsupportedMediaType, "send the body without Content-Encoding",
			fault.Field{Pointer: "/Content-Encoding", Detail: "must be identity"})
	}
	return nil
}

// MediaType is the request's media type in lower case, without parameters;
// UnsupportedMediaType unless it is one of those accepted, with charset UTF-8.
func MediaType(r *http.Request, accepted ...string) (string, error) {
	mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(accepted, mt) {
		return "", fault.WithFields(fault.UnsupportedMediaType, "this call takes "+strings.Join(accepted, ", "),
			fault.Field{Pointer: "/Content-Type", Detail: "must be one of " + strings.Join(accepted, ", ")})
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "utf-8") && !strings.EqualFold(cs, "us-ascii") {
		return "", fault.WithFields(fault.UnsupportedMediaType, "this call takes UTF-8",
			fault.Field{Pointer: "/Content-Type", Detail: "charset must be utf-8"})
	}
	return mt, nil
}

// ReadJSON decodes a JSON body strictly into v, a pointer to a struct.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	if _, err := MediaType(r, "application/json"); err != nil {
		return err
	}
	body, err := ReadBody(w, r)
	if err != nil {
		return err
	}
	return DecodeJSON(body, v)
}

// DecodeJSON decodes one JSON object strictly (RFC 8259, I-JSON): every unknown
// or doubled name, every value of the wrong type and every invalid UTF-8
// sequence is named by its JSON Pointer in a Malformed error.
func DecodeJSON(data []byte, v any) error {
	_, err := DecodeMembers(data, v)
	return err
}

// DecodeMembers is [DecodeJSON], and returns the names that the object has,
// those with null included.
func DecodeMembers(data []byte, v any) (given map[string]bool, err error) {
	if err := wellFormed(data); err != nil {
		return nil, err
	}
	const detail = "the JSON does not have the shape this call takes"
	members, doubled, ok := object(bytes.TrimSpace(data))
	if !ok {
		return nil, fault.WithFields(fault.Malformed, detail, fault.Field{Pointer: "", Detail: "must be an object"})
	}
	var fields []fault.Field
	checkMembers(members, doubled, reflect.TypeOf(v).Elem(), "", &fields)
	if len(fields) > 0 {
		return nil, fault.WithFields(fault.Malformed, detail, fields...)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return nil, fault.WithFields(fault.Malformed, detail, fault.Field{Pointer: "", Detail: err.Error()})
	}
	given = make(map[string]bool, len(members))
	for name := range members {
		given[name] = true
	}
	return given, nil
}

func wellFormed(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var raw json.RawMessage
	err := dec.Decode(&raw)
	detail := ""
	switch {
	case errors.Is(err, io.EOF):
		detail = "the body is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		detail = fmt.Sprintf("the JSON is cut off after %d bytes", len(data))
	case err != nil:
		detail = err.Error()
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			detail = fmt.Sprintf("%s at byte %d", syntax.Error(), syntax.Offset)
		}
	case dec.More():
		detail = "something follows the JSON object"
	default:
		return nil
	}
	return fault.WithFields(fault.Malformed, "the body is not JSON", fault.Field{Pointer: "", Detail: detail})
}

// check walks a well-formed value along the type it is meant for.
func check(raw []byte, t reflect.Type, pointer string, out *[]fault.Field) {
	add := func(detail string) { *out = append(*out, fault.Field{Pointer: pointer, Detail: detail}) }
	raw = bytes.TrimSpace(raw)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	null := string(raw) == "null"
	switch {
	case null && pointer != "":
	case t == reflect.TypeFor[time.Time]():
		var s string
		if json.Unmarshal(raw, &s) != nil {
			add("must be a string: a date and time as in RFC 3339")
		} else if _, err := time.Parse(time.RFC3339, s); err != nil {
			add("must be a date and time as in RFC 3339, such as 2026-01-31T08:30:00Z")
		}
	case t == reflect.TypeFor[json.RawMessage]():
	case t.Kind() == reflect.Struct:
		checkObject(raw, t, pointer, out)
	case t.Kind() == reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			add("must be an array")
		}
		for i, item := range items {
			check(item, t.Elem(), pointer+"/"+strconv.Itoa(i), out)
		}
	case t.Kind() == reflect.Map:
		checkMap(raw, t.Elem(), pointer, out)
	case t.Kind() == reflect.String:
		if detail := wrongString(raw); detail != "" {
			add(detail)
		}
	default:
		if json.Unmarshal(raw, reflect.New(t).Interface()) != nil {
			add("must be " + describe(t.Kind()))
		}
	}
}

// wrongString says what is wrong with a value that is meant to be a string;
// empty when nothing is.
func wrongString(raw []byte) string {
	switch {
	case raw[0] != '"':
		return "must be a string"
	case !utf8.Valid(raw):
		return "must be valid UTF-8"
	case bytes.Contains(raw, []byte(`\u0000`)):
		return "must not contain NUL"
	}
	return ""
}

// checkMap checks an object whose names are not fixed, and each value against
// one type.
func checkMap(raw []byte, t reflect.Type, pointer string, out *[]fault.Field) {
	members, doubled, ok := object(raw)
	if !ok {
		*out = append(*out, fault.Field{Pointer: pointer, Detail: "must be an object"})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		at := pointer + "/" + escapePointer(name)
		if slices.Contains(doubled, name) {
			*out = append(*out, fault.Field{Pointer: at, Detail: "is given more than once"})
			continue
		}
		check(members[name], t, at, out)
	}
}

func checkObject(raw []byte, t reflect.Type, pointer string, out *[]fault.Field) {
	members, doubled, ok := object(raw)
	if !ok {
		*out = append(*out, fault.Field{Pointer: pointer, Detail: "must be an object"})
		return
	}
	checkMembers(members, doubled, t, pointer, out)
}

func checkMembers(members map[string]json.RawMessage, doubled []string, t reflect.Type, pointer string, out *[]fault.Field) {
	known := map[string]reflect.Type{}
	fieldTypes(t, known)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		at := pointer + "/" + escapePointer(name)
		switch ft, found := known[name]; {
		case !utf8.ValidString(name):
			*out = append(*out, fault.Field{Pointer: pointer + "/" + strings.ToValidUTF8(name, "\uFFFD"), Detail: "a name must be valid UTF-8"})
		case !found:
			*out = append(*out, fault.Field{Pointer: at, Detail: "is not a field of this call"})
		case slices.Contains(doubled, name):
			*out = append(*out, fault.Field{Pointer: at, Detail: "is given more than once"})
		default:
			check(members[name], ft, at, out)
		}
	}
}

// object splits a JSON object into its members and names those that are doubled.
func object(raw []byte) (members map[string]json.RawMessage, doubled []string, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, nil, false
	}
	members = map[string]json.RawMessage{}
	for dec.More() {
		tok, err := dec.Token()
		name, isName := tok.(string)
		var value json.RawMessage
		if err != nil || !isName || dec.Decode(&value) != nil {
			return nil, nil, false
		}
		if _, seen := members[name]; seen {
			doubled = append(doubled, name)
		}
		members[name] = value
	}
	return members, doubled, true
}

// fieldTypes maps the JSON names of a struct's fields, embedded ones included,
// to their types.
func fieldTypes(t reflect.Type, out map[string]reflect.Type) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			fieldTypes(f.Type, out)
		case name != "" && name != "-":
			out[name] = f.Type
		}
	}
}

func describe(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
