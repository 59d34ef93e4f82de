/// The batch that sources and shippers share: the bytes of one OTLP `Export…ServiceRequest`, and
/// what reads and writes them (protobuf, and its JSON mapping). The only place that knows OTLP's
/// field numbers, but for the flat JSON of records in `encoding`.
///
/// Whoever writes log records uses [LogsWriter]. Whoever gets bytes from outside has them judged by
/// [RequestCheck] ([OtlpJsonReader] for JSON), and takes refused records out with [Splitter].
/// Whoever looks inside walks with [RecordReader], and whoever changes log records uses
/// [LogsEditor].
@NullMarked
package dev.pannier.shippers.batch;

import org.jspecify.annotations.NullMarked;
