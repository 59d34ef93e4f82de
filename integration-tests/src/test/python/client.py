"""Sends all signals with the OpenTelemetry SDK for Python and its own exporters: each protocol,
with gzip and without. It ends with 0 when each export was answered well.

    python client.py GRPC_ADDRESS HTTP_ADDRESS SMALL LARGE

For each way it sends SMALL spans, log records and data points, and LARGE log records of 1 KiB in
one request. Each has an id of its own, WAY.NUMBER: a span's name, a body's first word, the
attribute "id" of a data point.
"""

import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto import http
from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as grpc_logs
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as grpc_metrics
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc_traces
from opentelemetry.exporter.otlp.proto.http import _log_exporter as http_logs
from opentelemetry.exporter.otlp.proto.http import metric_exporter as http_metrics
from opentelemetry.exporter.otlp.proto.http import trace_exporter as http_traces
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

# A few records a request: many requests on one connection.
FEW = 10
NEVER_MS = 3_600_000

# A connection that is quiet for so long is pinged.
PING_MS = 100
PINGS = (
    ("grpc.keepalive_time_ms", PING_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)


class Failures(logging.StreamHandler):
    """Counts what the exporters tell; they raise nothing."""

    count = 0

    def emit(self, record):
        Failures.count += 1
        super().emit(record)


def ids(way, start, count):
    return [f"{way}.{start + i}" for i in range(count)]


def send_spans(way, exporter, small):
    provider = TracerProvider()
    provider.add_span_processor(
        BatchSpanProcessor(exporter, small, NEVER_MS, max_export_batch_size=FEW)
    )
    tracer = provider.get_tracer("test")
    for name in ids(way, 0, small):
        tracer.start_span(name).end()
    provider.shutdown()


def send_logs(way, exporter, small, large):
    def emit(bodies, batch):
        provider = LoggerProvider()
        processor = BatchLogRecordProcessor(
            exporter, NEVER_MS, max_export_batch_size=batch, max_queue_size=len(bodies)
        )
        provider.add_log_record_processor(processor)
        logger = provider.get_logger("test")
        for body in bodies:
            logger.emit(severity_number=SeverityNumber.INFO, body=body)
        processor.force_flush()

    emit(ids(way, 0, small), FEW)
    time.sleep(5 * PING_MS / 1000)
    emit([f"{each} {'x' * 1024}" for each in ids(way, small, large)], large)
    exporter.shutdown()


def send_metrics(way, exporter, small):
    provider = MeterProvider([PeriodicExportingMetricReader(exporter, NEVER_MS)])
    counter = provider.get_meter("test").create_counter("requests")
    for each in ids(way, 0, small):
        counter.add(1, {"id": each})
    provider.shutdown()


def main(grpc_address, http_address, small, large):
    failures = Failures()
    failures.setLevel(logging.WARNING)
    logging.getLogger().addHandler(failures)

    def over_grpc(exporter, _, gzip):
        return exporter(
            endpoint=f"http://{grpc_address}",
            compression=grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression,
            channel_options=PINGS,
        )

    def over_http(exporter, signal, gzip):
        return exporter(
            endpoint=f"http://{http_address}/v1/{signal}",
            compression=http.Compression.Gzip if gzip else http.Compression.NoCompression,
        )

    ways = {
        "grpc": (over_grpc, grpc_traces, grpc_logs, grpc_metrics),
        "http-protobuf": (over_http, http_traces, http_logs, http_metrics),
    }
    with ThreadPoolExecutor() as signals:
        for protocol, (over, traces, logs, metrics) in ways.items():
            for gzip in (False, True):
                way = f"python.{protocol}.{'gzip' if gzip else 'none'}"
                sent = (
                    signals.submit(
                        send_spans, way, over(traces.OTLPSpanExporter, "traces", gzip), small
                    ),
                    signals.submit(
                        send_logs, way, over(logs.OTLPLogExporter, "logs", gzip), small, large
                    ),
                    signals.submit(
                        send_metrics, way, over(metrics.OTLPMetricExporter, "metrics", gzip), small
                    ),
                )
                for each in sent:
                    each.result()
    return 1 if Failures.count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
