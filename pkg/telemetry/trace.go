// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Tracing chooses where traces go; without an endpoint none are made. The other
// variables of the OpenTelemetry specification for an OTLP exporter (headers,
// certificate, timeout, compression) and for a resource mean here what they mean
// everywhere.
type Tracing struct {
	OTLPEndpoint       string  `name:"otlp-endpoint" env:"RELAIS_OTLP_ENDPOINT,OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"Send traces to this OpenTelemetry collector (OTLP over HTTP; /v1/traces is added); default: make none."`
	OTLPTracesEndpoint string  `name:"otlp-traces-endpoint" env:"RELAIS_OTLP_TRACES_ENDPOINT,OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" placeholder:"URL" help:"The same as a whole address; wins over --otlp-endpoint."`
	TraceRatio         float64 `name:"trace-ratio" env:"RELAIS_TRACE_RATIO" default:"1" placeholder:"SHARE" help:"Share of traces that are kept, 0 to 1, unless the caller's traceparent decides it."`
}

// endpoint is the whole address of the collector; empty when traces are off.
func (c Tracing) endpoint() (string, error) {
	address := c.OTLPTracesEndpoint
	if address == "" && c.OTLPEndpoint != "" {
		address = strings.TrimRight(c.OTLPEndpoint, "/") + "/v1/traces"
	}
	if address == "" {
		return "", nil
	}
	if u, err := url.Parse(address); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", errors.New("--otlp-endpoint must be an http:// or https:// address")
	}
	if c.TraceRatio < 0 || c.TraceRatio > 1 {
		return "", fmt.Errorf("--trace-ratio is %g: it goes from 0 to 1", c.TraceRatio)
	}
	return address, nil
}

// Tracer makes spans and sends them. A nil Tracer makes none and costs a
// comparison. It is safe for concurrent use.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// NewTracer returns the tracer of a program; nil when no endpoint is named. What
// the collector does not take is logged and dropped: nobody waits for it.
func NewTracer(ctx context.Context, cfg Tracing, build Build, log *slog.Logger) (*Tracer, error) {
	address, err := cfg.endpoint()
	if address == "" || err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	res, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(build.Name), semconv.ServiceVersion(build.Version)), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(told{exporter, log}), sdk.WithResource(res),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(cfg.TraceRatio))),
	)
	return &Tracer{provider, provider.Tracer("github.com/relais-press/relais")}, nil
}

// told is an exporter whose failures go to the log of the process.
type told struct {
	sdk.SpanExporter
	log *slog.Logger
}

// ExportSpans implements sdk.SpanExporter.
func (e told) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.log.WarnContext(ctx, "traces dropped", "spans", len(spans), "error", err)
	}
	return nil
}

// Close sends what is left, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	return nil
}

// Server starts the span of a request, below the caller's span when there is a
// traceparent (W3C Trace Context). Neither the query, which holds keys, nor who
// asks is in it. The span is in the context of the request that is returned.
func (t *Tracer) Server(r *http.Request) (*http.Request, Span) {
	if t == nil {
		return r, Span{}
	}
	method := Method(r.Method)
	ctx, span := t.tracer.Start(WithRemote(r.Context(), r.Header), method, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(semconv.HTTPRequestMethodKey.String(strings.ReplaceAll(method, otherMethod, "_OTHER"))))
	return r.WithContext(ctx), Span{span}
}

// Send starts the span of a message that is given to the log. destination is a
// stream or a family of subjects.
func (t *Tracer) Send(ctx context.Context, destination string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, "send "+destination, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(messaging("send", destination)...))
	return ctx, Span{span}
}

// Receive starts the span of what a consumer does with a message, below the span
// that sent it; none when the message was not traced.
func (t *Tracer) Receive(ctx context.Context, operation, destination, consumer, traceParent string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	sender := parse(traceParent)
	if !sender.IsSampled() {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, sender), operation+" "+destination,
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(append(messaging(operation, destination), semconv.MessagingConsumerGroupName(consumer))...))
	return ctx, Span{span}
}

// Later starts the span of what a message leads to long after it was sent: a
// trace of its own, linked to the one that sent the message; none when that was
// not traced.
func (t *Tracer) Later(ctx context.Context, name, traceParent string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	sender := parse(traceParent)
	if !sender.IsSampled() {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: sender}))
	return ctx, Span{span}
}

// messaging are the attributes of the semantic conventions for messaging.
func messaging(operation, destination string) []attribute.KeyValue {
	kind := semconv.MessagingOperationTypeProcess
	if operation == "send" {
		kind = semconv.MessagingOperationTypeSend
	}
	return []attribute.KeyValue{
		semconv.MessagingSystemKey.String("nats"), semconv.MessagingOperationName(operation), kind,
		semconv.MessagingDestinationName(destination),
	}
}
