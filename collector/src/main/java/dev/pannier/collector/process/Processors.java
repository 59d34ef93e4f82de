package dev.pannier.collector.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.config.ProcessorSettings;
import dev.pannier.shippers.batch.AttributesEncoder;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.ByteOutput;
import dev.pannier.shippers.batch.LogsEditor;
import dev.pannier.shippers.batch.OutputFullException;
import dev.pannier.shippers.batch.RecordEdit;
import dev.pannier.shippers.batch.ResourceCompletion;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.batch.StringEdit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The configured processors, in their order, behind what completes the resources of received OTLP. Immutable, so thread-safe.
///
/// Conditions look only at a record's logger and severity, which no processor changes. So what
/// happens to a record follows from the set of processors whose condition it meets: a bit each.
public final class Processors {
  private static final Logger LOG = LoggerFactory.getLogger(Processors.class);

  /// One bit each in a `long`.
  static final int MOST = 64;

  /// What they may make of a received batch beyond its own bytes, where that is more than [#ANY_LENGTH].
  /// A record takes two bytes at least, so that what is added to each could make hundreds of MiB of a few;
  /// batches of files have few records.
  static final int MAX_MORE = 2 << 20;

  /// However small the received one was: as much as clients send at once where nothing else is said.
  static final int ANY_LENGTH = 4 << 20;

  private static final int HIGHEST_SEVERITY = 24;

  private final List<ProcessorSettings> settings;
  private final List<Condition> conditions = new ArrayList<>();

  /// For each of `settings`; one without patterns where it is no `redact`.
  private final List<Redactor> redactors = new ArrayList<>();

  /// For each severity, the processors that take it.
  private final long[] bySeverity = new long[HIGHEST_SEVERITY + 1];

  /// The bytes that each record gets, whatever it is.
  private final int addedToAll;

  private final ResourceCompletion completion;
  private final LongSupplier nanoClock;

  private Processors(
      List<ProcessorSettings> settings, Map<String, String> received, LongSupplier nanoClock) {
    this.settings = List.copyOf(settings);
    this.completion = new ResourceCompletion(received);
    this.nanoClock = nanoClock;
    Map<String, String> added = new LinkedHashMap<>();
    for (int i = 0; i < settings.size(); i++) {
      Condition condition = new Condition(settings.get(i).when());
      conditions.add(condition);
      for (int severity = 0; severity <= HIGHEST_SEVERITY; severity++) {
        if (condition.takesSeverity(severity)) {
          bySeverity[severity] |= 1L << i;
        }
      }
      redactors.add(redactor(settings.get(i)));
      if (settings.get(i) instanceof ProcessorSettings.Add add && add.when() == null) {
        added.putAll(add.attributes());
      }
    }
    this.addedToAll = AttributesEncoder.encode(added).length;
  }

  /// @param received attributes that the resources of received OTLP get where they lack them
  /// @throws IllegalArgumentException if there are more than 64, or a pattern is none
  public static Processors create(List<ProcessorSettings> settings, Map<String, String> received) {
    return create(settings, received, System::nanoTime);
  }

  static Processors create(
      List<ProcessorSettings> settings, Map<String, String> received, LongSupplier nanoClock) {
    if (settings.size() > MOST) {
      throw new IllegalArgumentException("more than " + MOST + " processors: " + settings.size());
    }
    return new Processors(settings, received, nanoClock);
  }

  /// Processes a batch. Records that do not change keep their bytes.
  ///
  /// @return the same object where nothing changes; null where
  ///     every record was dropped; else a copy, with fewer records if some were dropped
  /// @throws IllegalArgumentException if the batch is no OTLP request
  /// @throws OutputFullException      if a received one would become larger by more than [#MAX_MORE],
  ///     and than [#ANY_LENGTH]
  public @Nullable Batch apply(Batch batch) {
    Batch completed = isReceived(batch) ? completed(batch) : batch;
    if (settings.isEmpty() || batch.signal() != Signal.LOGS) {
      return completed;
    }
    SearchTime time = new SearchTime(nanoClock);
    // An array that grows is there twice for a moment, beside all that is reserved.
    int likelyMore = (int) Math.min(MAX_MORE, (long) batch.records() * addedToAll);
    int most =
        isReceived(batch) ? Math.max(completed.length() + MAX_MORE, ANY_LENGTH) : Integer.MAX_VALUE;
    Batch edited = LogsEditor.edit(completed, new Run(time), likelyMore, most);
    if (time.isSpent()) {
      LOG.warn(
          "source {}: patterns of redact took more than {} s for a batch: what was not searched by"
              + " then is replaced whole",
          batch.source(),
          TimeUnit.NANOSECONDS.toSeconds(SearchTime.LONGEST_NANOS));
    }
    return edited;
  }

  /// Batches of files cover some of a file.
  private static boolean isReceived(Batch batch) {
    return batch.positions().length == 0;
  }

  private Batch completed(Batch batch) {
    Batch completed = completion.complete(batch);
    if (completed != null) {
      return completed;
    }
    LOG.warn(
        "source {}: a request has too many resources that lack attributes: it passes as it came",
        batch.source());
    return batch;
  }

  private static Redactor redactor(ProcessorSettings processor) {
    if (!(processor instanceof ProcessorSettings.Redact redact)) {
      return new Redactor(List.of(), new byte[0]);
    }
    List<SecretPattern> patterns = new ArrayList<>();
    for (String name : redact.builtIn()) {
      patterns.add(
          switch (name) {
            case "credit_card" -> new CardNumbers();
            case "email" -> new EmailAddresses();
            case "jwt" -> new JsonWebTokens();
            case "bearer_token" -> new BearerTokens();
            default -> throw new IllegalArgumentException("no such pattern: " + name);
          });
    }
    for (String expression : redact.custom()) {
      patterns.add(CustomPattern.of(expression));
    }
    return new Redactor(patterns, redact.replace().getBytes(UTF_8));
  }

  private long byLogger(byte[] bytes, int start, int end) {
    long taken = 0;
    for (int i = 0; i < conditions.size(); i++) {
      if (conditions.get(i).takesLogger(bytes, start, end)) {
        taken |= 1L << i;
      }
    }
    return taken;
  }

  /// What the processors in `taken` do together.
  ///
  /// @param batch for each of them
  private @Nullable RecordEdit edit(long taken, List<Redactor> batch) {
    List<Redactor> redacting = new ArrayList<>();
    Map<String, String> added = new LinkedHashMap<>();
    for (int i = 0; i < settings.size(); i++) {
      if ((taken >>> i & 1) == 0) {
        continue;
      }
      switch (settings.get(i)) {
        case ProcessorSettings.Drop _ -> {
          return RecordEdit.DROP;
        }
        case ProcessorSettings.Add add -> added.putAll(add.attributes());
        case ProcessorSettings.Redact _ -> {
          Redactor redactor = batch.get(i);
          redacting.add(redactor);
          added.replaceAll((key, value) -> redact(redactor, value));
        }
      }
    }
    if (redacting.isEmpty() && added.isEmpty()) {
      return null;
    }
    StringEdit strings = chain(redacting);
    List<byte[]> replaced = added.keySet().stream().map(key -> key.getBytes(UTF_8)).toList();
    return new RecordEdit(false, strings, replaced, AttributesEncoder.encode(added));
  }

  private static @Nullable StringEdit chain(List<Redactor> redacting) {
    return switch (redacting.size()) {
      case 0 -> null;
      case 1 -> redacting.getFirst();
      default -> new RedactorChain(redacting);
    };
  }

  private static String redact(Redactor redactor, String value) {
    byte[] text = value.getBytes(UTF_8);
    ByteOutput out = new ByteOutput(text.length);
    redactor.write(text, 0, text.length, out);
    return new String(out.bytes(), 0, out.length(), UTF_8);
  }

  /// One batch: remembers what it found for the last logger and set of processors, since records
  /// in a row mostly have the same.
  private final class Run implements LogsEditor.Chooser {
    private final List<Redactor> batch;

    /// Those that take every record, so resources and scopes, too; null where there are none.
    private final @Nullable StringEdit shared;

    private int loggerStart = -1;
    private int loggerEnd = -1;
    private long takenByLogger;
    private long lastTaken;
    private @Nullable RecordEdit lastEdit;

    Run(SearchTime time) {
      batch = redactors.stream().map(redactor -> redactor.within(time)).toList();
      List<Redactor> always = new ArrayList<>();
      for (int i = 0; i < settings.size(); i++) {
        if (settings.get(i) instanceof ProcessorSettings.Redact && settings.get(i).when() == null) {
          always.add(batch.get(i));
        }
      }
      shared = chain(always);
    }

    @Override
    public @Nullable StringEdit shared() {
      return shared;
    }

    @Override
    public @Nullable RecordEdit edit(int severity, byte[] bytes, int start, int end) {
      if (start != loggerStart || end != loggerEnd) {
        loggerStart = start;
        loggerEnd = end;
        takenByLogger = byLogger(bytes, start, end);
      }
      long taken = takenByLogger & bySeverity[Math.clamp(severity, 0, HIGHEST_SEVERITY)];
      if (taken != lastTaken) {
        lastTaken = taken;
        lastEdit = Processors.this.edit(taken, batch);
      }
      return lastEdit;
    }
  }
}
