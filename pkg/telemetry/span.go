// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Span is one piece of work in a trace. The zero Span is none: it takes
// everything and keeps nothing. No text of an error is put into a span, since
// errors may quote what a caller sent.
type Span struct{ span trace.Span }

// SpanOf is the span that a context belongs to.
func SpanOf(ctx context.Context) Span {
	if s := trace.SpanFromContext(ctx); s.IsRecording() {
		return Span{s}
	}
	return Span{}
}

// TraceID is the trace of the span in hexadecimal digits; empty without one.
func (s Span) TraceID() string {
	if s.span == nil {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Answered says how a request was answered: the name and path template of its
// route (empty: no such path), its id, and the status. kind is that of the error,
// or empty.
func (s Span) Answered(method, route, template, requestID string, status int, kind string) {
	if s.span == nil {
		return
	}
	attributes := []attribute.KeyValue{
		semconv.HTTPResponseStatusCode(status), attribute.String("relais.route", route), attribute.String("relais.request_id", requestID),
	}
	if template != "" {
		s.span.SetName(Method(method) + " " + template)
		attributes = append(attributes, semconv.HTTPRoute(template))
	}
	s.span.SetAttributes(attributes...)
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		s.Fail(kind)
	}
}

// About names the edition that a span is about.
func (s Span) About(id, language string, version int) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String("relais.article", id), attribute.String("relais.language", language), attribute.Int("relais.version", version))
	}
}

// Follows links the span to the one a message was sent by.
func (s Span) Follows(traceParent string) {
	if s.span == nil {
		return
	}
	if sender := parse(traceParent); sender.IsValid() {
		s.span.AddLink(trace.Link{SpanContext: sender})
	}
}

// Waits notes that the work is tried again, after an error of a kind.
func (s Span) Waits(kind string) {
	if s.span != nil {
		s.span.AddEvent("waits", trace.WithAttributes(semconv.ErrorTypeKey.String(kind)))
	}
}

// Fail says that the work failed with an error of a kind.
func (s Span) Fail(kind string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, kind)
		s.span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	}
}

// End says that the work is over.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// TraceParent is the traceparent (W3C Trace Context) of the span a context
// belongs to, or of the caller's when nothing is traced here; empty without.
func TraceParent(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceParent]
}

// WithRemote puts the traceparent among the headers of a request into the
// context, unless that belongs to a span already.
func WithRemote(ctx context.Context, header http.Header) context.Context {
	if len(header["Traceparent"]) == 0 || trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, parse(header["Traceparent"][0]))
}

const traceParent = "traceparent"

// parse reads a traceparent; what is none gives an invalid context.
func parse(value string) trace.SpanContext {
	if value == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{traceParent: value})
	return trace.SpanContextFromContext(ctx)
}
