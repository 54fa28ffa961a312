// SPDX-License-Identifier: Apache-2.0

// Package door is what stands between the network and the routes: where a request
// comes from, how many connections there may be, how long each may take, and how
// slow the sender of a long body may be.
package door

import (
	"net/http"
	"time"
)

// MaxHeader is the most that a request's line and header may have, in bytes.
const MaxHeader = 64 << 10

// Times are how long a connection may take.
type Times struct {
	Header time.Duration // to send the header of a request
	Body   time.Duration // to send a request whole, unless its route reads a Stream
	Answer time.Duration // from the header's end until the answer is taken in, unless its route sets its own
	Idle   time.Duration // without a request
}

// Usual are the times of a server that faces the internet. A proxy in front should
// let go of idle connections before.
func Usual() Times {
	return Times{Header: 5 * time.Second, Body: 60 * time.Second, Answer: 60 * time.Second, Idle: 120 * time.Second}
}

// Server returns a server whose connections end by these times. It speaks
// HTTP/1.1, and HTTP/2 with TLS alone.
func Server(h http.Handler, t Times) *http.Server {
	return &http.Server{
		Handler: h, MaxHeaderBytes: MaxHeader,
		ReadHeaderTimeout: t.Header, ReadTimeout: t.Body, WriteTimeout: t.Answer, IdleTimeout: t.Idle,
	}
}
