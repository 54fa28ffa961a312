// SPDX-License-Identifier: Apache-2.0

package article

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SubjectPrefix starts the subject of every edition in the log.
const SubjectPrefix = "relais.article."

// Subject is where the versions of one edition stand in the log:
// relais.article.<id>.<language>. A language of "*" matches every edition.
func Subject(id, language string) string { return SubjectPrefix + id + "." + language }

// SplitSubject returns the id and language of an edition's subject.
func SplitSubject(subject string) (id, language string, ok bool) {
	rest, ok := strings.CutPrefix(subject, SubjectPrefix)
	if !ok {
		return "", "", false
	}
	id, language, ok = strings.Cut(rest, ".")
	return id, language, ok && ValidID(id) && ValidLanguage(language)
}

// The event types: what happened to an edition when its version was written.
const (
	TypePublished = "press.relais.edition.published.v1" // a first or newer text is public, or will be
	TypeCorrected = "press.relais.edition.corrected.v1" // published, and it says what was wrong before
	TypeWithheld  = "press.relais.edition.withheld.v1"  // withdrawn for now
	TypeCanceled  = "press.relais.edition.canceled.v1"  // killed
)

// What every type of an edition event begins with, and the major version that it
// ends with: another one cannot be read by this program.
const (
	TypePrefix = "press.relais.edition."
	Major      = ".v1"
)

// Source is the CloudEvents source of every edition event.
const Source = "/relais/ingest"

// Change is one accepted change of an edition: a message of the log. It is a
// CloudEvents 1.0 event whose data is the whole edition after the change.
type Change struct {
	EventID     string // unique to the attempt to write; a retry keeps it
	Actor       string // id of the key that asked for the change (CloudEvents Auth Context "authid")
	TraceParent string // W3C Trace Context, or empty
	Edition     Edition
}

// Type is the event type that the edition's state calls for.
func (c *Change) Type() string {
	switch {
	case c.Edition.PubStatus == Canceled:
		return TypeCanceled
	case c.Edition.PubStatus == Withheld:
		return TypeWithheld
	case c.Edition.Correction != "":
		return TypeCorrected
	}
	return TypePublished
}

// MessageID names the version the change writes, for the log's deduplication:
// <id>.<language>.<version>.
func (c *Change) MessageID() string {
	return c.Edition.ID + "." + c.Edition.Language + "." + strconv.Itoa(c.Edition.Version)
}

// Encode returns the change in the binary mode of the CloudEvents NATS
// protocol binding: lower-case ce- headers with percent-encoded values, and
// the edition as JSON.
func (c *Change) Encode() (header map[string][]string, data []byte, err error) {
	data, err = json.Marshal(&c.Edition)
	if err != nil {
		return nil, nil, fmt.Errorf("encode edition %s.%s: %w", c.Edition.ID, c.Edition.Language, err)
	}
	header = map[string][]string{}
	set := func(name, value string) {
		if value != "" {
			header["ce-"+name] = []string{escape(value)}
		}
	}
	set("specversion", "1.0")
	set("id", c.EventID)
	set("source", Source)
	set("type", c.Type())
	set("subject", c.Edition.ID+"/"+c.Edition.Language)
	set("time", c.Edition.VersionCreated.UTC().Format(time.RFC3339Nano))
	set("datacontenttype", "application/json")
	set("sequence", strconv.Itoa(c.Edition.Version))
	if c.Actor != "" {
		set("authtype", "api_key")
		set("authid", c.Actor)
	}
	set("traceparent", c.TraceParent)
	return header, data, nil
}

// Header is what an event's headers say of it, each value as it stands there;
// empty where it is missing.
type Header struct{ SpecVersion, Type, ID, Time, Sequence, Actor, TraceParent string }

// DecodeHeader reads the headers alone, without a check of what they say.
func DecodeHeader(header map[string][]string) Header {
	get := func(name string) string {
		if v := header["ce-"+name]; len(v) > 0 {
			return unescape(v[0])
		}
		return ""
	}
	return Header{
		SpecVersion: get("specversion"), Type: get("type"), ID: get("id"), Time: get("time"),
		Sequence: get("sequence"), Actor: get("authid"), TraceParent: get("traceparent"),
	}
}

// ErrNotAnEdition says that a message does not carry an edition event of a
// known major version.
var ErrNotAnEdition = errors.New("article: not an edition event")

// Decode reads what Encode wrote. Unknown attributes and unknown fields of the
// edition are ignored, so that an older reader lives with a newer writer.
func Decode(header map[string][]string, data []byte) (Change, error) {
	h := DecodeHeader(header)
	typ := h.Type
	if h.SpecVersion != "1.0" || !strings.HasPrefix(typ, TypePrefix) || !strings.HasSuffix(typ, Major) {
		return Change{}, fmt.Errorf("%w: type %q", ErrNotAnEdition, typ)
	}
	c := Change{EventID: h.ID, Actor: h.Actor, TraceParent: h.TraceParent}
	if err := json.Unmarshal(data, &c.Edition); err != nil {
		return Change{}, fmt.Errorf("%w: %w", ErrNotAnEdition, err)
	}
	if !ValidID(c.Edition.ID) || !ValidLanguage(c.Edition.Language) || c.Edition.Version < 1 {
		return Change{}, fmt.Errorf("%w: id %q, language %q, version %d",
			ErrNotAnEdition, c.Edition.ID, c.Edition.Language, c.Edition.Version)
	}
	return c, nil
}

// escape percent-encodes what the binding asks for (§3.1.4.2): space, double
// quote, percent, and anything outside printable ASCII.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
