// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bufio"
	"errors"
	"io"
	"net/http"

	"github.com/relais-press/relais/pkg/door"
	"github.com/relais-press/relais/pkg/fault"
	"github.com/relais-press/relais/pkg/web"
	"github.com/relais-press/relais/services/ingest/internal/feeds"
)

// sniffed is how much of a stream its format is told by, in bytes.
const sniffed = 4096

// createImport takes in a stream of any length. It is answered once the stream
// is safely kept; its items are written meanwhile and after.
func (a *API) createImport(w http.ResponseWriter, r *http.Request) error {
	if err := web.KnownParams(r, "format"); err != nil {
		return err
	}
	if err := web.Plain(r); err != nil {
		return err
	}
	stream := bufio.NewReaderSize(door.Stream(w, r, door.Patient()), sniffed)
	head, err := stream.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		head = nil // told by what reads on
	}
	format, err := feeds.FormatOf(r.Header.Get("Content-Type"), r.URL.Query().Get("format"), head)
	if err != nil {
		return err
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 255 {
		return fault.WithFields(fault.Malformed, "Idempotency-Key is too long",
			fault.Field{Pointer: "/Idempotency-Key", Detail: "must have at most 255 bytes"})
	}
	i, replayed, err := a.Imports.Receive(r.Context(), stream, format, web.CallerOf(r).Key.ID, key)
	if err != nil {
		return err
	}
	if replayed {
		w.Header().Set("Idempotency-Replayed", "true")
	}
	w.Header().Set("Location", "/v1/imports/"+i.ID)
	return web.WriteJSON(w, r, http.StatusAccepted, i)
}

func (a *API) getImport(w http.ResponseWriter, r *http.Request) error {
	i, err := a.Imports.Get(r.Context(), web.Var(r, "id"))
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, i)
}

func (a *API) listImports(w http.ResponseWriter, r *http.Request) error {
	list, err := a.Imports.List(r.Context())
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, map[string]any{"imports": list})
}
