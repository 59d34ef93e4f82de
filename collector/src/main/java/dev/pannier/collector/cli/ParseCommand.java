package dev.pannier.collector.cli;

import dev.pannier.collector.config.Configuration;
import dev.pannier.collector.config.ConfigurationLoader;
import dev.pannier.collector.config.FileSource;
import dev.pannier.collector.config.Loaded;
import dev.pannier.collector.tail.ParserChooser;
import dev.pannier.collector.tail.StreamedFile;
import dev.pannier.parsers.ParserSpec;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.OtlpJsonWriter;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A request of one record for each record. A source of the configuration that has the parser lends
/// its charset, zone, multiline and limit; else they are the defaults.
@Command(
    name = "parse",
    description = "Lines in, OTLP JSON out, one record a line.",
    mixinStandardHelpOptions = true)
final class ParseCommand implements Callable<Integer> {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Map<String, String> environment;
  private final InputStream in;
  private final OutputStream out;
  private final PrintWriter messages;
  private final Function<FileSource, ParserChooser> parsers;

  @Option(
      names = "--parser",
      required = true,
      paramLabel = "NAME",
      description = "auto, raw, json, logstash, or one of the configuration's parsers.")
  private String parser = "";

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration that has the parser.")
  private @Nullable Path config;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "Without it, standard input.")
  private @Nullable Path file;

  ParseCommand(
      Map<String, String> environment,
      InputStream in,
      OutputStream out,
      PrintWriter messages,
      Function<FileSource, ParserChooser> parsers) {
    this.environment = new HashMap<>(environment);
    // Nothing is shipped: where to is not looked at.
    this.environment
        .keySet()
        .removeIf(name -> name.startsWith("OTEL_EXPORTER_") || name.startsWith("PANNIER_KAFKA_"));
    this.in = in;
    this.out = out;
    this.messages = messages;
    this.parsers = parsers;
  }

  @Override
  public Integer call() throws IOException {
    Loaded.Valid loaded = PannierCommand.load(config, environment, messages);
    if (loaded == null) {
      return PannierCommand.WRONG;
    }
    ParserSpec spec = loaded.parsers().get(parser);
    if (spec == null) {
      messages.println(
          "no parser "
              + parser
              + ": there are "
              + String.join(", ", loaded.parsers().keySet())
              + (config == null ? "; --config FILE brings its own" : ""));
      return PannierCommand.WRONG;
    }
    Path path = file;
    if (path == null) {
      parse(loaded.configuration(), spec, Path.of("-"), in);
      return PannierCommand.DONE;
    }
    if (!Files.isReadable(path) || Files.isDirectory(path)) {
      messages.println(path + ": cannot be read");
      return PannierCommand.WRONG;
    }
    try (InputStream opened = Files.newInputStream(path)) {
      parse(loaded.configuration(), spec, path, opened);
    }
    return PannierCommand.DONE;
  }

  private void parse(Configuration configuration, ParserSpec spec, Path name, InputStream lines)
      throws IOException {
    FileSource settings = settings(configuration, spec);
    OtlpJsonWriter json = new OtlpJsonWriter();
    ByteOutput line = new ByteOutput(BUFFER_BYTES);
    OutputStream output = new BufferedOutputStream(out, BUFFER_BYTES);
    byte[] resource = AttributesEncoder.resource(configuration.resource().attributes());
    StreamedFile streamed =
        new StreamedFile(
            settings,
            parsers.apply(settings),
            name,
            resource,
            InstantSource.system(),
            batch -> {
              line.clear(BUFFER_BYTES);
              json.write(batch, line);
              line.write('\n');
              try {
                output.write(line.bytes(), 0, line.length());
                // A person who types lines sees each answer; a file's lines fill the buffer.
                if (file == null && in.available() == 0) {
                  output.flush();
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    try {
      streamed.read(lines);
    } finally {
      output.flush();
    }
  }

  private FileSource settings(Configuration configuration, ParserSpec spec) {
    for (FileSource source : configuration.files()) {
      if (source.parser().equals(spec)) {
        return source;
      }
    }
    return ConfigurationLoader.defaultSource(spec, environment);
  }
}
