package dev.pannier.collector.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

// One line for one mistake reads better than text blocks of two lines.
@SuppressWarnings("StringConcatToTextBlock")
class ProblemsTest {
  @TempDir Path folder;

  private List<String> problems(String yaml, Map<String, String> environment) throws IOException {
    Path file = Files.writeString(folder.resolve("p.yaml"), yaml);
    return problems(file, environment);
  }

  private static List<String> problems(Path file, Map<String, String> environment) {
    return switch (ConfigurationLoader.load(file, environment)) {
      case Loaded.Valid valid -> List.of();
      case Loaded.Invalid invalid ->
          invalid.problems().stream()
              .map(problem -> problem.toString().replace(file.toString(), "p.yaml"))
              .toList();
    };
  }

  private static Arguments wrong(String yaml, String... problems) {
    return Arguments.of(yaml, List.of(problems));
  }

  static List<Arguments> mistakes() {
    return List.of(
        // Keys.
        wrong("sorces: {}", "p.yaml:1: sorces: unknown key, did you mean sources?"),
        wrong(
            "sources:\n  files:\n    - {nmae: x}",
            "p.yaml:3: sources.files[0].nmae: unknown key, did you mean name?"),
        wrong(
            "memory: 8MiB\n\nmemory: 9MiB", "p.yaml:3: memory: stands here twice, first in line 1"),
        wrong("state: {dir: /x}", "p.yaml:1: state.dir: unknown key, known are directory"),
        wrong("[a]: b", "p.yaml:1: yaml: a key has to be a word"),
        // A password that needs quotes.
        wrong("admin: {token: *Hunter2}", "p.yaml:1: yaml: found undefined alias ****"),
        wrong("admin:\n  token: !Hunter!2", "p.yaml:2: yaml: found undefined tag handle ****"),
        wrong(
            "admin: {token: \"\\UHunter22\"}",
            "p.yaml:1: yaml: expected escape sequence of 8 hexadecimal numbers, but found ****"),
        wrong("admin:\n  - a\n  b: c", "p.yaml:3: yaml: expected <block end>, but found '?'"),
        // What is planned is not there.
        wrong(
            "sources: {tcp: [], syslog: [], stdin: {}}",
            "p.yaml:1: sources.tcp: unknown key, known are files, otlp",
            "p.yaml:1: sources.syslog: unknown key, known are files, otlp",
            "p.yaml:1: sources.stdin: unknown key, known are files, otlp"),
        wrong(
            "processors:\n  - sample: {}",
            "p.yaml:2: processors[0].sample: unknown key, known are redact, drop, add"),
        // A buffer of a type that is none is not judged as one of memory.
        wrong(
            "buffer:\n  type: dsk\n  max_bytes: 1GiB",
            "p.yaml:2: buffer.type: unknown value, did you mean disk? (dsk)"),
        wrong(
            "buffer:\n  type: memory\n  max_bytes: 1GiB",
            "p.yaml:3: buffer.max_bytes: is of the disk buffer, and buffer.type is memory"),
        wrong(
            "buffer: {type: disk, directory: b, max_bytes: 1MiB, on_full: dorp, size: 1}",
            "p.yaml:1: buffer.directory: not an absolute path (b)",
            "p.yaml:1: buffer.max_bytes: max_bytes < 8MiB (1MiB)",
            "p.yaml:1: buffer.on_full: unknown value, known are backpressure, drop_oldest,"
                + " drop_newest (dorp)",
            "p.yaml:1: buffer.size: unknown key, known are type, directory, max_bytes, on_full"),
        wrong(
            "sources: {otlp: {acknowledge: durable}}",
            "p.yaml:1: sources.otlp.acknowledge: needs a buffer on disk, and buffer.type is memory:"
                + " use delivered (durable)"),
        wrong(
            "shippers:\n  k: {type: kafka, bootstrap_servers: 'k:1', delivery: at_most_once}",
            "p.yaml:2: shippers.k.delivery: unknown value, did you mean at_least_once?"
                + " (at_most_once)"),
        wrong(
            "shippers:\n  k:\n    type: kafka\n    bootstrap_servers: k:1\n"
                + "    transactional_id_prefix: p-\n    positions: {topic: t}",
            "p.yaml:5: shippers.k.transactional_id_prefix: is for delivery: exactly_once alone",
            "p.yaml:6: shippers.k.positions: is for delivery: exactly_once alone"),
        wrong(
            "shippers:\n  k:\n    type: kafka\n    bootstrap_servers: k:1\n"
                + "    delivery: exactly_once\n    transactional_id_prefix: a b\n"
                + "    positions: {topic: '..', partition: 1}\n    properties:\n"
                + "      delivery.timeout.ms: 30000\n      retries: 0\n      acks: 1",
            "p.yaml:6: shippers.k.transactional_id_prefix: not up to 100 of letters, digits, '.',"
                + " '_' and '-' (a b)",
            "p.yaml:7: shippers.k.positions.topic: no topic: up to 249 of letters, digits, '.', '_'"
                + " and '-' (..)",
            "p.yaml:7: shippers.k.positions.partition: unknown key, known are topic",
            "p.yaml:9: shippers.k.properties.delivery.timeout.ms: delivery.timeout.ms >"
                + " transaction.timeout.ms, which is 10000: with exactly_once an attempt ends"
                + " before its transaction (30000)",
            "p.yaml:10: shippers.k.properties.retries: retries = 0: a producer with transactions"
                + " has to retry (0)",
            "p.yaml:11: shippers.k.properties.acks: is set by the sidecar itself, since delivery"
                + " rests on it"),
        wrong(
            "parsers: {x: {type: grok, pattern: y}}",
            "p.yaml:1: parsers.x.type: unknown value, known are logback, regex (grok)"),
        wrong(
            "resource: {detect: [env, host], complete_received: 1}",
            "p.yaml:1: resource.detect[1]: unknown value, known are env, kubernetes (host)",
            "p.yaml:1: resource.complete_received: unknown value, known are true, false (1)"),
        // Types and units.
        wrong("memory: 24", "p.yaml:1: memory: no size: a whole number and KiB, MiB or GiB (24)"),
        wrong(
            "memory: 24MB", "p.yaml:1: memory: no size: a whole number and KiB, MiB or GiB (24MB)"),
        wrong("memory: [1MiB]", "p.yaml:1: memory: is a list, not a value"),
        wrong("memory:", "p.yaml:1: memory: has no value"),
        wrong(
            """
            sources: {files: [{name: app, after_shipped: delete}]}
            buffer: {type: disk, on_full: drop_newest}
            """,
            "p.yaml:2: buffer.on_full: cannot be with after_shipped: delete, as source app has it:"
                + " what is dropped would be in no file either (drop_newest)"),
        wrong(
            "sources: {files: [{after_shipped: remove}]}",
            "p.yaml:1: sources.files[0].after_shipped: unknown value, known are keep, delete"
                + " (remove)"),
        wrong(
            """
            sources: {files: [{name: a}, {name: b, after_shipped: delete}]}
            shippers:
              t: {type: otlp, endpoint: "http://otel:4317", signals: [traces], fallback: f}
              f: {type: stdout}
            """,
            "p.yaml:1: sources.files[1].after_shipped: no shipper takes logs but as a fallback:"
                + " what is deleted would be nowhere (delete)"),
        // What is done where a destination does not take what it is given.
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'k:1', on_oversize: dead_letter}}",
            "p.yaml:1: shippers.k.on_oversize: needs dead_letter, which says where they go"
                + " (dead_letter)"),
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'k:1', dead_letter: {topic: a, path:"
                + " /b}}}",
            "p.yaml:1: shippers.k.dead_letter: has topic and path: one of them"),
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'k:1', dead_letter: {topic: 'a b'}}}",
            "p.yaml:1: shippers.k.dead_letter.topic: no topic: up to 249 of letters, digits, '.',"
                + " '_' and '-' (a b)"),
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'k:1', dead_letter: {topic: a,"
                + " max_bytes: 2MiB}}}",
            "p.yaml:1: shippers.k.dead_letter.max_bytes: is for path (2MiB)"),
        wrong(
            "shippers: {o: {type: otlp, endpoint: 'http://b:1', dead_letter: {topic: a}}}",
            "p.yaml:1: shippers.o.dead_letter.topic: unknown key, known are path, max_bytes",
            "p.yaml:1: shippers.o.dead_letter: needs path"),
        // A file has one writer.
        wrong(
            "shippers:\n"
                + "  a: {type: otlp, endpoint: 'http://b:1', dead_letter: {path: /v/dead.jsonl}}\n"
                + "  b: {type: kafka, bootstrap_servers: 'k:1', dead_letter: {path:"
                + " /v//x/../dead.jsonl}}\n"
                + "  c: {type: file, path: /v/dead.jsonl}\n",
            "p.yaml:3: shippers.b.dead_letter.path: is written by shippers.a.dead_letter.path"
                + " already: a file each (/v//x/../dead.jsonl)",
            "p.yaml:4: shippers.c.path: is written by shippers.a.dead_letter.path already: a file"
                + " each (/v/dead.jsonl)"),
        // What a template covers goes with its other files for want of room.
        wrong(
            "shippers:\n"
                + "  a: {type: file, path: '/v/${resource:service.name}.jsonl'}\n"
                + "  b: {type: otlp, endpoint: 'http://b:1', dead_letter: {path: /v/dead.jsonl}}\n",
            "p.yaml:3: shippers.b.dead_letter.path: is written by shippers.a.path already: a file"
                + " each (/v/dead.jsonl)"),
        wrong(
            "shippers:\n"
                + "  b: {type: otlp, endpoint: 'http://b:1', dead_letter: {path: /v/dead.jsonl}}\n"
                + "  a: {type: file, path: '/v/${resource:service.name}.jsonl'}\n",
            "p.yaml:3: shippers.a.path: is written by shippers.b.dead_letter.path already: a file"
                + " each (/v/${resource:service.name}.jsonl)"),
        wrong(
            "shippers:\n  a: {type: file, path: '/v/${resource:service.name}/'}\n"
                + "  b: {type: file, path: '/v/${resource:service.name}', signals: [traces]}\n",
            "p.yaml:3: shippers.b.path: is written by shippers.a.path already: a file each"
                + " (/v/${resource:service.name})"),
        wrong(
            "shippers: {s: {type: stdout, circuit_breaker: {open_after: 0, half_open_after: 1ms}}}",
            "p.yaml:1: shippers.s.circuit_breaker.open_after: open_after < 1 (0)",
            "p.yaml:1: shippers.s.circuit_breaker.half_open_after: half_open_after < 1s (1ms)"),
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'k:1', delivery: exactly_once,"
                + " positions: {topic: p}, dead_letter: {topic: p}}}",
            "p.yaml:1: shippers.k.dead_letter: has the topic of positions, which keeps the last"
                + " message of each key alone"),
        wrong(
            "shippers:\n  k:\n    type: kafka\n    bootstrap_servers: k:1\n"
                + "    delivery: exactly_once\n    dead_letter: {path: /d}\n    fallback: s\n"
                + "  s: {type: stdout, fallback: j}\n"
                + "  j: {type: kafka, bootstrap_servers: 'k:1', delivery: exactly_once}",
            "p.yaml:6: shippers.k.dead_letter: needs topic with delivery: exactly_once, since a"
                + " file is in no transaction",
            "p.yaml:7: shippers.k.fallback: needs delivery: at_least_once: a transaction is of one"
                + " destination (s)",
            "p.yaml:7: shippers.k.fallback: has a fallback itself (s)",
            "p.yaml:8: shippers.s.fallback: has delivery: exactly_once, and would take some of a"
                + " file's records alone (j)"),
        wrong(
            "shippers: {s: {type: stdout, circuit_breaker: {open_after: few}}}",
            "p.yaml:1: shippers.s.circuit_breaker.open_after: no whole number (few)"),
        wrong(
            "shippers:\n  a: {type: stdout, fallback: a}\n  b: {type: stdout, fallback: nowhere}\n"
                + "  c: {type: stdout, fallback: b}\n  d: {type: stdout, fallback: t}\n"
                + "  e: {type: stdout, fallback: f}\n  g: {type: stdout, fallback: f}\n"
                + "  t: {type: stdout, signals: [traces]}\n  f: {type: stdout}",
            "p.yaml:2: shippers.a.fallback: is this shipper itself (a)",
            "p.yaml:3: shippers.b.fallback: no such shipper, known are a, b, c, d, e, g, t, f"
                + " (nowhere)",
            "p.yaml:4: shippers.c.fallback: has a fallback itself (b)",
            "p.yaml:5: shippers.d.fallback: does not take logs (t)",
            "p.yaml:7: shippers.g.fallback: is the fallback of e already (f)"),
        wrong(
            "shutdown: {termination_log: log}",
            "p.yaml:1: shutdown.termination_log: not an absolute path (log)"),
        wrong(
            "shutdown: {deadline: 20}",
            "p.yaml:1: shutdown.deadline: no duration: a whole number and ms, s, m or h (20)"),
        wrong("admin: 8686", "p.yaml:1: admin: needs keys below it (8686)"),
        // What stands where it does not belong may be a secret.
        wrong("admin: s3cret", "p.yaml:1: admin: needs keys below it (****)"),
        wrong(
            "shippers:\n  a:\n    type: otlp\n    endpoint: http://h:4317\n"
                + "    headers: authorization=Bearer s3cret",
            "p.yaml:5: shippers.a.headers: needs keys below it (****)"),
        wrong(
            "shippers:\n  a:\n    type: otlp\n    endpoint: http://h:4317\n"
                + "    headers: {'authorization: Bearer s3cret': ''}",
            "p.yaml:5: shippers.a.headers.****: no header's name"),
        wrong(
            "shippers: {a: {type: kafka, bootstrap_servers: 'user:s3cret@h:1'}}",
            "p.yaml:1: shippers.a.bootstrap_servers: no address: host:port, or a list of them"
                + " (****)"),
        wrong(
            "shippers:\n  a:\n    type: kafka\n    bootstrap_servers: 'h:9092'\n"
                + "    properties: {sasl.jaas.config: 'Login s3cret username=\"a\";'}",
            "p.yaml:5: shippers.a.properties.sasl.jaas.config: no login: Module required"
                + " name=\"value\" …; (****)"),
        wrong("- memory: 24MiB", "p.yaml:1: yaml: the file has no keys"),
        // Ranges and relations.
        wrong("memory: 1MiB", "p.yaml:1: memory: memory < 4MiB (1MiB)"),
        wrong(
            "sources: {otlp: {max_request: 8MiB}}",
            "p.yaml:1: sources.otlp.max_request: max_request > memory / 4, which is 24MiB / 4"
                + " (8MiB)"),
        wrong(
            "sources: {files: [{max_record: 7MiB}]}",
            "p.yaml:1: sources.files[0].max_record: max_record > 3MiB (7MiB)"),
        wrong(
            "memory: 64MiB\nbuffer: {type: disk, max_bytes: 8MiB}\n"
                + "sources: {otlp: {max_request: 5MiB}, files: [{max_record: 6MiB}]}",
            "p.yaml:3: sources.files[0].max_record: max_record > 4MiB (6MiB)",
            "p.yaml:3: sources.otlp.max_request: max_request > buffer.max_bytes / 2, which is 8MiB"
                + " / 2 (5MiB)"),
        wrong(
            "sources: {files: [{flush_after: 2h}]}",
            "p.yaml:1: sources.files[0].flush_after: flush_after > 1m (2h)"),
        wrong(
            "shutdown:\n  deadline: 5s\n  quiet: 6s",
            "p.yaml:3: shutdown.quiet: quiet > deadline (6s > 5s)"),
        // Sources.
        wrong(
            "sources: {files: [{include: [app/*.log, /a/../b, '/a/[b']}]}",
            "p.yaml:1: sources.files[0].include[0]: not an absolute path (app/*.log)",
            "p.yaml:1: sources.files[0].include[1]: has .. in it (/a/../b)",
            "p.yaml:1: sources.files[0].include[2]: no glob: *, ?, [a-z], {a,b}, ** (/a/[b)"),
        wrong(
            "sources: {files: [{include: []}]}",
            "p.yaml:1: sources.files[0].include: names no file"),
        wrong(
            "sources:\n"
                + "  files:\n"
                + "    - {name: a}\n"
                + "    - {name: a}\n"
                + "    - {name: otlp}\n"
                + "    - {name: a b}",
            "p.yaml:4: sources.files[1].name: another source has this name (a)",
            "p.yaml:5: sources.files[2].name: another source has this name (otlp)",
            "p.yaml:6: sources.files[3].name: a source's name is made of letters, digits, '.', '_'"
                + " and '-' (a b)"),
        wrong(
            "sources:\n  files:\n    - {parser: raw}\n    - {parser: raw}",
            "p.yaml:4: sources.files[1].name: missing"),
        wrong(
            "sources: {files: [{parser: jsn}]}",
            "p.yaml:1: sources.files[0].parser: unknown value, did you mean json? (jsn)"),
        wrong(
            "sources: {files: [{multiline: {start: a, continue: b}}]}",
            "p.yaml:1: sources.files[0].multiline: needs one of start and continue, and not both"),
        wrong(
            "sources: {files: [{multiline: {start: 'a('}}]}",
            "p.yaml:1: sources.files[0].multiline.start: no regular expression: end pattern with"
                + " unmatched parenthesis (a()"),
        wrong(
            "sources: {files: [{charset: utf-88, zone: Asia/Shangai, start_at: start}]}",
            "p.yaml:1: sources.files[0].start_at: unknown value, known are beginning, end (start)",
            "p.yaml:1: sources.files[0].charset: unknown charset (utf-88)",
            "p.yaml:1: sources.files[0].zone: unknown time zone, it is written like Europe/Berlin,"
                + " UTC or +02:00 (Asia/Shangai)"),
        wrong(
            "sources: {files: [{charset: ISO-2022-JP}]}",
            "p.yaml:1: sources.files[0].charset: a charset in which a line's end cannot be told by"
                + " its bytes (ISO-2022-JP)"),
        wrong(
            "sources: {otlp: {grpc: 4317, http: '127.0.0.1:70000'}}",
            "p.yaml:1: sources.otlp.grpc: no address: host:port, with a port up to 65535 (4317)",
            "p.yaml:1: sources.otlp.http: no address: host:port, with a port up to 65535"
                + " (127.0.0.1:70000)"),
        wrong(
            "admin: {listen: '127.0.0.1:4318'}",
            "p.yaml:1: admin.listen: the same address as http (127.0.0.1:4318)"),
        wrong(
            "state: {directory: state}", "p.yaml:1: state.directory: not an absolute path (state)"),
        // Parsers.
        wrong(
            "parsers: {json: {type: regex, pattern: '(?<a>b)'}}",
            "p.yaml:1: parsers.json: is the name of a built-in parser"),
        wrong(
            "parsers:\n  x: {type: regex, pattern: '(?<a>b', time: {layout: jj, zone: X}}\n"
                + "  y: {type: regex, pattern: '(?<a>b)', time: {layout: jj}}\n"
                + "  z: {type: logback, pattern: '%d{ISO8601 %msg'}",
            "p.yaml:2: parsers.x.time.zone: unknown time zone, it is written like Europe/Berlin,"
                + " UTC or +02:00 (X)",
            "p.yaml:2: parsers.x.pattern: pattern '(?<a>b': end pattern with unmatched"
                + " parenthesis",
            "p.yaml:3: parsers.y.time.layout: time layout 'jj': Unknown pattern letter: j",
            "p.yaml:4: parsers.z.pattern: pattern: '{' at column 3 has no '}'"),
        wrong("parsers: {x: {type: logback}}", "p.yaml:1: parsers.x.pattern: missing"),
        wrong("parsers: {x: {pattern: y}}", "p.yaml:1: parsers.x.type: missing"),
        // Processors.
        wrong(
            "processors:\n  - {redact: {patterns: [e-mail]}, add: {a: b}}",
            "p.yaml:2: processors[0]: a processor has one key, its kind; this has 2",
            "p.yaml:2: processors[0].redact.patterns[0]: unknown value, did you mean email?"
                + " (e-mail)"),
        wrong(
            "processors:\n  - drop: {}\n  - add: {}\n  - redact: {}",
            "p.yaml:2: processors[0].drop: needs when: without it every record would be dropped",
            "p.yaml:3: processors[1].add: adds nothing",
            "p.yaml:4: processors[2].redact.patterns: missing"),
        wrong(
            "processors:\n  - drop: {when: {}}\n  - drop: {when: {severity: {below: WARNING}}}",
            "p.yaml:2: processors[0].drop.when: needs logger, or severity: {below: LEVEL}",
            "p.yaml:3: processors[1].drop.when.severity.below: unknown value, known are TRACE,"
                + " DEBUG, INFO, WARN, ERROR, FATAL (WARNING)"),
        wrong(
            "processors:\n  - redact: {patterns: [{regex: 'x*'}]}",
            "p.yaml:2: processors[0].redact.patterns[0].regex: matches the empty text (x*)"),
        // Expressions that the engine itself stumbles over.
        wrong(
            "processors:\n  - redact: {patterns: [{regex: '(?<a$'}, {regex: '\\Q\\E%n(?<&&'}]}",
            "p.yaml:2: processors[0].redact.patterns[0].regex: no regular expression: malformed,"
                + " at the name of a group or of a property ((?<a$)",
            "p.yaml:2: processors[0].redact.patterns[1].regex: no regular expression: invalid group"
                + " name <&&> (\\Q\\E%n(?<&&)"),
        wrong(
            "parsers:\n  x: {type: regex, pattern: '(?<a>\\p{Alphaé})'}",
            "p.yaml:2: parsers.x.pattern: pattern '(?<a>\\p{Alphaé})': invalid character property"
                + " name <Alphaé>"),
        wrong(
            "sources:\n  files:\n    - {name: x, include: [/x/*], multiline: {start: 'a\\E'}}",
            "p.yaml:3: sources.files[0].multiline.start: no regular expression: \\E without a \\Q"
                + " before it (a\\E)"),
        // Shippers.
        wrong(
            "shippers: {}",
            "p.yaml:1: shippers: names no shipper; leave the key out to ship as the environment"
                + " says"),
        wrong("shippers:\n  x: {}", "p.yaml:2: shippers.x.type: missing"),
        wrong(
            "shippers:\n  x: {type: kafak, a: b}",
            "p.yaml:2: shippers.x.type: unknown value, did you mean kafka? (kafak)"),
        wrong("shippers:\n  x: {type: kafka}", "p.yaml:2: shippers.x.bootstrap_servers: missing"),
        wrong(
            "shippers:\n  x: {type: kafka, bootstrap_servers: kafka}",
            "p.yaml:2: shippers.x.bootstrap_servers: no address: host:port, or a list of them"
                + " (kafka)"),
        wrong(
            "shippers:\n  x:\n    type: kafka\n    bootstrap_servers: k:1\n    key: trace\n"
                + "    encoding: raw\n    topics: {logs: a b, traces: 'x${', metrics: '${env}'}",
            "p.yaml:5: shippers.x.key: unknown value, known are source, trace_id, none,"
                + " resource:KEY, attribute:KEY (trace)",
            "p.yaml:6: shippers.x.encoding: raw is for logs only: write encoding: {logs: raw}, or"
                + " add signals: [logs] (raw)",
            "p.yaml:7: shippers.x.topics.logs: no topic: up to 249 of letters, digits, '.', '_' and"
                + " '-' (a b)",
            "p.yaml:7: shippers.x.topics.traces: ${ without its } (x${)",
            "p.yaml:7: shippers.x.topics.metrics: unknown ${env}, known are ${resource:KEY}"
                + " and ${attribute:KEY}, with :-default behind KEY (${env})"),
        wrong(
            "shippers:\n  x: {type: kafka, bootstrap_servers: 'k:1', topics: 'l/${resource:a}'}",
            "p.yaml:2: shippers.x.topics: no topic: up to 249 of letters, digits, '.', '_' and '-'"
                + " (l/${resource:a})"),
        wrong(
            "shippers:\n  x:\n    type: kafka\n    bootstrap_servers: k:1\n    signals: [logs]\n"
                + "    topics: {traces: t}",
            "p.yaml:6: shippers.x.topics.traces: signals leaves out traces (t)"),
        wrong(
            "shippers:\n  x:\n    type: kafka\n    bootstrap_servers: k:1\n    properties:\n"
                + "      acks: 1\n      bootstrap.servers: k:1\n      linger.sm: 5\n"
                + "      linger.ms: five\n      compression.type: zip",
            "p.yaml:6: shippers.x.properties.acks: is set by the sidecar itself, since delivery"
                + " rests on it",
            "p.yaml:7: shippers.x.properties.bootstrap.servers: has its own key, bootstrap_servers",
            "p.yaml:8: shippers.x.properties.linger.sm: no property of a Kafka producer, did you"
                + " mean linger.ms?",
            "p.yaml:9: shippers.x.properties.linger.ms: Invalid value five for configuration"
                + " linger.ms: Not a number of type LONG",
            "p.yaml:10: shippers.x.properties.compression.type: Invalid value zip for configuration"
                + " compression.type: String must be one of: none, gzip, snappy, lz4, zstd"),
        wrong(
            "shippers:\n  x:\n    type: kafka\n    bootstrap_servers: k:1\n    properties:\n"
                + "      max.in.flight.requests.per.connection: 6\n"
                + "      delivery.timeout.ms: 1000\n      request.timeout.ms: 2000\n"
                + "      partitioner.ignore.keys: true",
            "p.yaml:6: shippers.x.properties.max.in.flight.requests.per.connection:"
                + " max.in.flight.requests.per.connection > 5, above which order is lost (6)",
            "p.yaml:7: shippers.x.properties.delivery.timeout.ms: delivery.timeout.ms <"
                + " request.timeout.ms + linger.ms (1000)",
            "p.yaml:9: shippers.x.properties.partitioner.ignore.keys: partitioner.ignore.keys ="
                + " true: a key is a partition, so an order, here; write key: none beside it"
                + " (true)"),
        wrong(
            "shippers:\n"
                + "  x: {type: otlp, endpoint: 'backend:4317', protocol: http, compression: zstd}",
            "p.yaml:2: shippers.x.endpoint: no endpoint: http://host:port or https://host:port"
                + " (backend:4317)",
            "p.yaml:2: shippers.x.protocol: unknown value, known are grpc, http/protobuf,"
                + " http/json (http)",
            "p.yaml:2: shippers.x.compression: unknown value, known are none, gzip (zstd)"),
        wrong(
            "shippers:\n  x: {type: otlp, endpoint: 'http://localhost:4317'}",
            "p.yaml:2: shippers.x.endpoint: is where this sidecar itself listens: what it ships"
                + " would come back for ever (http://localhost:4317)"),
        wrong(
            "shippers:\n  x: {type: otlp, endpoint: 'http://b:1', tls: {cert: /c}}",
            "p.yaml:2: shippers.x.tls: cert and key go together",
            "p.yaml:2: shippers.x.tls: needs an endpoint with https://"),
        wrong(
            "shippers:\n  x: {type: otlp, endpoint: 'http://b:1', headers: {'a b': c}}",
            "p.yaml:2: shippers.x.headers.****: no header's name"),
        wrong(
            "shippers:\n  x: {type: file, path: archive, format: raw}\n  y: {type: file}",
            "p.yaml:2: shippers.x.path: not an absolute path (archive)",
            "p.yaml:2: shippers.x.format: raw is for logs only: add signals: [logs] (raw)",
            "p.yaml:3: shippers.y.path: missing"),
        wrong(
            "shippers:\n  x: {type: stdout, signals: [log]}",
            "p.yaml:2: shippers.x.signals[0]: unknown value, did you mean logs? (log)"),
        // Placeholders.
        wrong(
            "memory: ${env:NOT_SET}MiB",
            "p.yaml:1: memory: the environment variable NOT_SET is not set"),
        wrong(
            "memory: ${evn:X}",
            "p.yaml:1: memory: unknown placeholder, known are ${env:NAME}, ${env:NAME:-default},"
                + " ${file:/path} (${evn:X})"),
        wrong("memory: ${env:X", "p.yaml:1: memory: ${ without its }"),
        wrong("memory: ${file:/not/there}", "p.yaml:1: memory: there is no file /not/there"),
        wrong(
            "memory: ${file:not/there}",
            "p.yaml:1: memory: ${file:…} needs an absolute path, not not/there"),
        // YAML itself.
        wrong(
            "memory: 24MiB\nstate: {directory: /x\nadmin: 1",
            "p.yaml:3: yaml: expected ',' or '}', but got :"),
        wrong(
            "a:\n\t- b",
            "p.yaml:2: yaml: found character '\\t(TAB)' that cannot start any token. (Do not use"
                + " \\t(TAB) for indentation)"),
        wrong(
            "memory: 8MiB\n---\nmemory: 9MiB",
            "p.yaml:2: yaml: a second document begins, and a configuration is one: leave out the"
                + " ---"),
        wrong(
            "memory: 1MiB\n--- # more\n",
            "p.yaml:1: memory: memory < 4MiB (1MiB)",
            "p.yaml:2: yaml: a second document begins, and a configuration is one: leave out the"
                + " ---"),
        // What is Kafka's own is told where it goes.
        wrong(
            "shippers: {k: {type: kafka, bootstrap_servers: 'a:1', sasl.jaas.config: hush,"
                + " acks: all}}",
            "p.yaml:1: shippers.k.sasl.jaas.config: is a property of Kafka's producer: write it"
                + " below properties",
            "p.yaml:1: shippers.k.acks: is set by the sidecar itself, since delivery rests on it"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void eachMistakeIsNamedWithItsLine(String yaml, List<String> expected) throws IOException {
    assertThat(problems(yaml, Map.of())).containsExactlyElementsOf(expected);
  }

  @Test
  void everyProblemIsToldAtOnceInTheOrderOfLines() throws IOException {
    assertThat(
            problems(
                """
                shippers:
                  x: {type: stdout, formt: json}
                memory: 1
                sources:
                  otlp: {max_request: 1}
                  files:
                    - {include: a, parser: b}
                """,
                Map.of("TZ", "Nowhere")))
        .satisfiesExactly(
            problem -> assertThat(problem).startsWith("environment: TZ: unknown time zone"),
            problem -> assertThat(problem).startsWith("p.yaml:2: shippers.x.formt: "),
            problem -> assertThat(problem).startsWith("p.yaml:3: memory: "),
            problem -> assertThat(problem).startsWith("p.yaml:5: sources.otlp.max_request: "),
            problem -> assertThat(problem).startsWith("p.yaml:7: sources.files[0].include: "),
            problem -> assertThat(problem).startsWith("p.yaml:7: sources.files[0].parser: "));
  }

  @Test
  void secretsAreNotShown() throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "hunter2");
    List<String> problems =
        problems(
            """
            memory: ${file:%s}
            admin: {token: {hunter2: 1}}
            shippers:
              a: {type: otlp, endpoint: "http://me:hunter2@backend:1", headers: {x: "hunter2\\n"}}
              b:
                type: kafka
                bootstrap_servers: k:1
                properties: {ssl.keystore.password: "${evn:hunter2}", linger.ms: "${file:%s}"}
            """
                .formatted(secret, secret),
            Map.of());

    assertThat(problems)
        .hasSize(6)
        .allSatisfy(problem -> assertThat(problem).doesNotContain("hunter2"));
  }

  @Test
  void theEnvironmentsMistakesAreNamed() throws IOException {
    assertThat(
            problems(
                "",
                Map.of(
                    "PANNIER_KAFKA_BOOTSTRAP_SERVERS", "kafka",
                    "OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318",
                    "OTEL_EXPORTER_OTLP_PROTOCOL", "htp/json",
                    "OTEL_EXPORTER_OTLP_TIMEOUT", "10s",
                    "OTEL_EXPORTER_OTLP_HEADERS", "hunter2")))
        .containsExactlyInAnyOrder(
            "environment: PANNIER_KAFKA_BOOTSTRAP_SERVERS: no address: host:port, or several"
                + " between commas (kafka)",
            "environment: OTEL_EXPORTER_OTLP_ENDPOINT: is where this sidecar itself listens: what"
                + " it ships would come back for ever; this variable is the application's: give the"
                + " sidecar another, or name shippers (http://localhost:4318)",
            "environment: OTEL_EXPORTER_OTLP_PROTOCOL: unknown value, did you mean http/json?"
                + " (htp/json)",
            "environment: OTEL_EXPORTER_OTLP_TIMEOUT: no whole number of milliseconds (10s)",
            "environment: OTEL_EXPORTER_OTLP_HEADERS: not name=value pairs between commas (****)");
  }

  @Test
  void aFileThatCannotBeReadIsAProblem() throws IOException {
    Path latin = Files.write(folder.resolve("p.yaml"), new byte[] {'a', ':', ' ', (byte) 0xE4});

    assertThat(problems(folder.resolve("missing"), Map.of()))
        .singleElement()
        .asString()
        .endsWith("file: there is no such file");
    assertThat(problems(folder, Map.of()))
        .singleElement()
        .asString()
        .endsWith("is a directory: name the file in it, as p.yaml/pannier.yaml");
    assertThat(problems(latin, Map.of())).containsExactly("p.yaml: file: is not UTF-8");
  }

  @Test
  void whatIsTooLargeOrTooDeepIsAProblemBeforeATreeIsMadeOfIt() throws IOException {
    assertThat(problems("#".repeat(FileLook.MAX_BYTES + 1), Map.of()))
        .containsExactly("p.yaml: file: size > 128KiB");
    assertThat(problems("a: " + "[".repeat(10_000), Map.of()))
        .containsExactly("p.yaml:1: yaml: nested more than 32 deep");
    assertThat(problems("a: [" + "b, ".repeat(BoundedParser.MAX_NODES) + "]", Map.of()))
        .containsExactly("p.yaml:1: yaml: more than 20000 values");
    assertThat(
            problems(
                "parsers: {a: {type: regex, pattern: '" + "(".repeat(100_000) + "'}}", Map.of()))
        .hasSize(1);
  }

  /// Whatever the file holds, it is read or its problems are told.
  @Property(tries = 200)
  void noInputMakesItThrow(@ForAll @Size(max = 200) byte[] input) throws IOException {
    Path file = Files.createTempFile("pannier", ".yaml");
    try {
      String text =
          new String(input, StandardCharsets.UTF_8).replace('\u0001', ':').replace('\u0002', '\n');
      Files.writeString(file, text);
      assertThat(ConfigurationLoader.load(file, Map.of())).isNotNull();
    } finally {
      Files.delete(file);
    }
  }

  /// One character of a valid file replaced: the mistakes that people make.
  @Property(tries = 200)
  void noTypingErrorMakesItThrow(@ForAll int position, @ForAll char typed) throws IOException {
    String sample = Files.readString(Path.of("../config-samples/everything.yaml"));
    int at = Math.floorMod(position, sample.length());
    Path file = Files.createTempFile("pannier", ".yaml");
    try {
      Files.write(
          file,
          (sample.substring(0, at) + typed + sample.substring(at + 1))
              .getBytes(StandardCharsets.UTF_8));
      assertThat(ConfigurationLoader.load(file, Map.of())).isNotNull();
    } finally {
      Files.delete(file);
    }
  }
}
