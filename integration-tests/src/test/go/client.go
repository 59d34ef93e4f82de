// Command client sends all signals with the OpenTelemetry SDK for Go and its own exporters:
// each protocol, with gzip and without. It ends with 0 when each export was answered well.
//
//	client GRPC_ADDRESS HTTP_ADDRESS SMALL LARGE
//
// For each way it sends SMALL spans, log records and data points, and LARGE log records of 1 KiB
// in one request. Each has an id of its own, WAY.NUMBER: a span's name, a body's first word, the
// attribute "id" of a data point.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
)

// A few records a request: many requests on one connection.
const batch = 10

// The connection is never so quiet in a test that a ping is due, but the data of a large
// request comes with those by which grpc-go measures the connection.
var alive = keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: true}

type exporters struct {
	spans   sdktrace.SpanExporter
	logs    sdklog.Exporter
	metrics sdkmetric.Exporter
}

func main() {
	small, large := number(os.Args[3]), number(os.Args[4])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var failures atomic.Int64
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		failures.Add(1)
		log.Print(err)
	}))
	for _, zip := range []bool{false, true} {
		suffix := map[bool]string{false: "none", true: "gzip"}[zip]

		// The three exporters share one connection.
		connection := overGrpc(os.Args[1], zip)
		send(ctx, "go.grpc."+suffix, grpcExporters(ctx, connection), small, large)
		must(connection.Close())

		send(ctx, "go.http-protobuf."+suffix, httpExporters(ctx, os.Args[2], zip), small, large)
	}
	if failures.Load() > 0 {
		os.Exit(1)
	}
}

func overGrpc(address string, zip bool) *grpc.ClientConn {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithKeepaliveParams(alive),
	}
	if zip {
		options = append(options, grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	}
	return must1(grpc.NewClient(address, options...))
}

func grpcExporters(ctx context.Context, connection *grpc.ClientConn) exporters {
	return exporters{
		must1(otlptracegrpc.New(ctx, otlptracegrpc.WithGRPCConn(connection))),
		must1(otlploggrpc.New(ctx, otlploggrpc.WithGRPCConn(connection))),
		must1(otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithGRPCConn(connection))),
	}
}

func httpExporters(ctx context.Context, address string, zip bool) exporters {
	traces := otlptracehttp.NoCompression
	logs := otlploghttp.NoCompression
	metrics := otlpmetrichttp.NoCompression
	if zip {
		traces = otlptracehttp.GzipCompression
		logs = otlploghttp.GzipCompression
		metrics = otlpmetrichttp.GzipCompression
	}
	return exporters{
		must1(otlptrace.New(ctx, otlptracehttp.NewClient(
			otlptracehttp.WithInsecure(),
			otlptracehttp.WithEndpoint(address),
			otlptracehttp.WithCompression(traces)))),
		must1(otlploghttp.New(ctx,
			otlploghttp.WithInsecure(),
			otlploghttp.WithEndpoint(address),
			otlploghttp.WithCompression(logs))),
		must1(otlpmetrichttp.New(ctx,
			otlpmetrichttp.WithInsecure(),
			otlpmetrichttp.WithEndpoint(address),
			otlpmetrichttp.WithCompression(metrics))),
	}
}

// send has the three signals sent at once.
func send(ctx context.Context, way string, to exporters, small, large int) {
	var signals sync.WaitGroup
	signals.Go(func() { sendSpans(ctx, way, to.spans, small) })
	signals.Go(func() { sendLogs(ctx, way, to.logs, small, large) })
	signals.Go(func() { sendMetrics(ctx, way, to.metrics, small) })
	signals.Wait()
}

func sendSpans(ctx context.Context, way string, to sdktrace.SpanExporter, count int) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(
		to, sdktrace.WithBlocking(), sdktrace.WithMaxExportBatchSize(batch)))
	for i := range count {
		_, span := provider.Tracer("test").Start(ctx, id(way, i))
		span.End()
	}
	must(provider.Shutdown(ctx))
}

func sendLogs(ctx context.Context, way string, to sdklog.Exporter, small, large int) {
	emit := func(processor sdklog.Processor, from, count int, padding string) {
		provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(processor))
		for i := range count {
			var record otellog.Record
			record.SetSeverity(otellog.SeverityInfo)
			record.SetBody(otellog.StringValue(id(way, from+i) + " " + padding))
			provider.Logger("test").Emit(ctx, record)
		}
		must(provider.ForceFlush(ctx))
	}
	emit(sdklog.NewSimpleProcessor(to), 0, small, "")
	emit(
		sdklog.NewBatchProcessor(
			to,
			sdklog.WithMaxQueueSize(2*large),
			sdklog.WithExportMaxBatchSize(large),
			sdklog.WithExportInterval(time.Hour)),
		small, large, strings.Repeat("x", 1024))
	must(to.Shutdown(ctx))
}

func sendMetrics(ctx context.Context, way string, to sdkmetric.Exporter, count int) {
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(
		sdkmetric.NewPeriodicReader(to, sdkmetric.WithInterval(time.Hour))))
	counter := must1(provider.Meter("test").Int64Counter("requests"))
	for i := range count {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("id", id(way, i))))
	}
	must(provider.Shutdown(ctx))
}

func id(way string, number int) string {
	return fmt.Sprintf("%s.%d", way, number)
}

func number(text string) int {
	return must1(strconv.Atoi(text))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must1[T any](value T, err error) T {
	must(err)
	return value
}
