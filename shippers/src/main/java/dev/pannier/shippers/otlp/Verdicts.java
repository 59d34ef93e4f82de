package dev.pannier.shippers.otlp;

import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Signal;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/// Decides which refusals are the backend's verdict on a batch's bytes. Thread-safe.
///
/// Those are in OTLP's own form: 400 with a `google.rpc.Status`, or a status of gRPC that no library and no
/// proxy makes. Any other may come from a proxy, a wrong port or a service that is being replaced, which answer
/// so whatever they get. So it is believed where the same address takes an empty request after it,
/// and refuses the batch once more in the same way; that there is no such service, which one of several backends
/// may say, once more still. What has no service is set aside while another signal is taken.
///
/// Where a request without a byte is refused, as some servers do before any backend sees it, one without a record is tried.
/// What refuses both, as some backends do, is asked right behind a batch that it took: in that moment it is no proxy that says so.
/// From then on such a refusal of what is empty shows nothing, and one of a batch is believed without.
final class Verdicts {
  /// So often in a row a batch is refused until that is believed.
  private static final int TIMES = 2;

  private static final int TIMES_NO_SERVICE = 3;

  private static final String NOTHING_TAKEN =
      " (it refuses what is empty, too, and has taken nothing since this sidecar started, so"
          + " whether it is the backend's word on the records is not known: they wait until it"
          + " takes anything else)";

  private final String endpoint;
  private final Set<Signal> signals;
  private final Function<Signal, Answer> empty;
  private final Function<Signal, Answer> hollow;
  private final Set<Signal> taken = ConcurrentHashMap.newKeySet();

  /// Of a backend that refuses what is empty in no form of OTLP's: there it shows nothing.
  private final Set<Signal> emptyRefused = ConcurrentHashMap.newKeySet();

  /// Of these it is not known, with how many batches were taken meanwhile: what is empty is sent right behind the first, the second,
  /// the fourth and so on, until it is answered.
  private final Map<Signal, Integer> toAsk = new ConcurrentHashMap<>();

  private final Map<Signal, String> missing = new ConcurrentHashMap<>();

  /// @param endpoint for people
  /// @param empty  sends a request without a byte, and waits for its answer
  /// @param hollow one that has bytes, and no record
  Verdicts(
      String endpoint,
      Set<Signal> signals,
      Function<Signal, Answer> empty,
      Function<Signal, Answer> hollow) {
    this.endpoint = endpoint;
    this.signals = signals;
    this.empty = empty;
    this.hollow = hollow;
    signals.forEach(signal -> toAsk.put(signal, 0));
  }

  /// Tries the whole way with nothing that would be stored.
  Outcome connect() {
    Outcome nothing = Outcome.ACCEPTED;
    for (Signal signal : signals) {
      Answer answer = tryEmpty(signal);
      if (answer.outcome() instanceof Outcome.Retryable) {
        return answer.outcome();
      }
      switch (answer.speaker()) {
        case BACKEND, UNSURE -> {
          return Outcome.ACCEPTED;
        }
        case PAGE -> {
          return answer.again();
        }
        case NO_SERVICE -> nothing = answer.again();
      }
    }
    // With one of several signals the others are shipped; with none the endpoint is wrong.
    return nothing;
  }

  /// @param answer to a batch
  /// @param again  sends it once more, and waits for the answer
  Outcome of(Signal signal, Answer answer, Supplier<Answer> again) {
    noteBatch(signal, answer);
    Answer last = answer;
    boolean untouched = true;
    int most = answer.noService() ? TIMES_NO_SERVICE : TIMES;
    for (int times = 1; last.isDoubtful(); times++) {
      untouched &= last.untouched();
      if (last.speaker() != answer.speaker()) {
        return unless(untouched, last.again());
      }
      if (times == most) {
        return last.outcome();
      }
      Answer probe = tryEmpty(signal);
      if (!probe.isTheBackends() && !isUsual(signal, probe)) {
        return unless(untouched, withoutVerdict(signal, last, probe));
      }
      // Whoever refused may have been about to go: only once more shows that it is the batch.
      last = again.get();
      noteBatch(signal, last);
    }
    return unless(untouched, last.outcome());
  }

  /// What an attempt before may have left there is not untouched.
  private static Outcome unless(boolean untouched, Outcome outcome) {
    return outcome instanceof Outcome.Retryable retry && !untouched
        ? new Outcome.Retryable(retry.reason(), retry.retryAfterNanos(), retry.unconfirmed())
        : outcome;
  }

  /// @param answer to the batch
  /// @param probe  what came to nothing
  private Outcome withoutVerdict(Signal signal, Answer answer, Answer probe) {
    if (answer.noService() && probe.noService() && takesAnother(signal)) {
      return lacks(signal, answer);
    }
    boolean unknown =
        answer.speaker() == Answer.Speaker.UNSURE
            && probe.speaker() == Answer.Speaker.UNSURE
            && !taken.contains(signal);
    return unknown ? answer.again(NOTHING_TAKEN) : answer.again();
  }

  private boolean isUsual(Signal signal, Answer probe) {
    return probe.speaker() == Answer.Speaker.UNSURE && emptyRefused.contains(signal);
  }

  private boolean takesAnother(Signal than) {
    for (Signal signal : signals) {
      if (signal != than && tryEmpty(signal).isTheBackends()) {
        return true;
      }
    }
    return false;
  }

  /// A service that was never there is not waited for; one that was there comes back. What is answered may have a time in it, or
  /// the number of a request: all that waits for a service does so in the same words.
  private Outcome lacks(Signal signal, Answer answer) {
    if (taken.contains(signal) && answer.outcome() instanceof Outcome.Permanent(String reason)) {
      missing.put(signal, reason);
      return new Outcome.Missing(
          endpoint + " has no service any more for " + signal.label() + ", which it took before",
          null);
    }
    return answer.outcome();
  }

  /// What there was a service for and is none now, in one line, as it was answered last; empty if nothing is.
  String missing() {
    return String.join("; ", missing.values());
  }

  private Answer tryEmpty(Signal signal) {
    Answer answer = empty.apply(signal);
    if (answer.isDoubtful() && !answer.noService()) {
      Answer other = hollow.apply(signal);
      answer = other.isTheBackends() ? other : answer;
    }
    note(signal, answer);
    if (answer.isTaken()) {
      toAsk.remove(signal);
      emptyRefused.remove(signal);
    }
    return answer;
  }

  /// It is not asked when a batch is refused: whoever refuses everything would be believed then, and each record be lost.
  private void noteBatch(Signal signal, Answer answer) {
    note(signal, answer);
    Integer behind =
        answer.isTaken() ? toAsk.computeIfPresent(signal, (any, batches) -> batches + 1) : null;
    if (behind == null || Integer.bitCount(behind) != 1) {
      return;
    }
    Answer probe = tryEmpty(signal);
    if (probe.speaker() == Answer.Speaker.UNSURE) {
      emptyRefused.add(signal);
      toAsk.remove(signal);
    } else if (!(probe.outcome() instanceof Outcome.Retryable)) {
      toAsk.remove(signal);
    }
  }

  private void note(Signal signal, Answer answer) {
    if (answer.isTaken()) {
      taken.add(signal);
      missing.remove(signal);
    }
  }
}
