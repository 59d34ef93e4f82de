// Sends all signals with the OpenTelemetry SDK for Node and its own exporters: each protocol, with
// gzip and without. It ends with 0 when each export was answered well.
//
//   node client.js GRPC_ADDRESS HTTP_ADDRESS SMALL LARGE
//
// For each way it sends SMALL spans, log records and data points, and LARGE log records of 1 KiB in
// one request. Each has an id of its own, WAY.NUMBER: a span's name, a body's first word, the
// attribute "id" of a data point.
import {diag, DiagLogLevel} from '@opentelemetry/api';
import * as grpcLogs from '@opentelemetry/exporter-logs-otlp-grpc';
import * as jsonLogs from '@opentelemetry/exporter-logs-otlp-http';
import * as protoLogs from '@opentelemetry/exporter-logs-otlp-proto';
import * as grpcMetrics from '@opentelemetry/exporter-metrics-otlp-grpc';
import * as jsonMetrics from '@opentelemetry/exporter-metrics-otlp-http';
import * as protoMetrics from '@opentelemetry/exporter-metrics-otlp-proto';
import * as grpcTraces from '@opentelemetry/exporter-trace-otlp-grpc';
import * as jsonTraces from '@opentelemetry/exporter-trace-otlp-http';
import * as protoTraces from '@opentelemetry/exporter-trace-otlp-proto';
import {CompressionAlgorithm} from '@opentelemetry/otlp-exporter-base';
import {BatchLogRecordProcessor, LoggerProvider} from '@opentelemetry/sdk-logs';
import {MeterProvider, PeriodicExportingMetricReader} from '@opentelemetry/sdk-metrics';
import {BasicTracerProvider, BatchSpanProcessor} from '@opentelemetry/sdk-trace-base';

const [grpcAddress, httpAddress, small, large] =
    [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];

// A few records a request: many requests on one connection.
const FEW = 10;
const NEVER_MS = 3_600_000;

function fail(...said) {
  console.error(...said);
  process.exitCode = 1;
}

const quiet = () => {};
diag.setLogger({error: fail, warn: fail, info: quiet, debug: quiet, verbose: quiet},
    DiagLogLevel.WARN);

const ids = (way, from, count) => Array.from({length: count}, (_, i) => `${way}.${from + i}`);

async function sendSpans(way, exporter) {
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: small, maxExportBatchSize: FEW, scheduledDelayMillis: NEVER_MS});
  const tracer = new BasicTracerProvider({spanProcessors: [processor]}).getTracer('test');
  ids(way, 0, small).forEach(id => tracer.startSpan(id).end());
  await processor.forceFlush();
  await processor.shutdown();
}

async function sendLogs(way, exporter) {
  const emit = async (bodies, batch) => {
    const processor = new BatchLogRecordProcessor({
      exporter, maxQueueSize: bodies.length, maxExportBatchSize: batch,
      scheduledDelayMillis: NEVER_MS});
    const logger = new LoggerProvider({processors: [processor]}).getLogger('test');
    bodies.forEach(body => logger.emit({severityNumber: 9, body}));
    await processor.forceFlush();
  };
  await emit(ids(way, 0, small), FEW);
  await emit(ids(way, small, large).map(id => `${id} ${'x'.repeat(1024)}`), large);
  await exporter.shutdown();
}

async function sendMetrics(way, exporter) {
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({exporter, exportIntervalMillis: NEVER_MS})]});
  const counter = provider.getMeter('test').createCounter('requests');
  ids(way, 0, small).forEach(id => counter.add(1, {id}));
  await provider.shutdown();
}

const ways = {
  'grpc': [grpcTraces, grpcLogs, grpcMetrics],
  'http-protobuf': [protoTraces, protoLogs, protoMetrics],
  'http-json': [jsonTraces, jsonLogs, jsonMetrics],
};

for (const [protocol, [traces, logs, metrics]] of Object.entries(ways)) {
  const url = signal => protocol === 'grpc'
      ? `http://${grpcAddress}` : `http://${httpAddress}/v1/${signal}`;
  for (const compression of [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP]) {
    const way = `node.${protocol}.${compression}`;
    await Promise.all([
      sendSpans(way, new traces.OTLPTraceExporter({url: url('traces'), compression})),
      sendLogs(way, new logs.OTLPLogExporter({url: url('logs'), compression})),
      sendMetrics(way, new metrics.OTLPMetricExporter({url: url('metrics'), compression})),
    ]);
  }
}
