package dev.pannier.inject.webhook;

import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Outcome;
import dev.pannier.inject.pod.Problem;
import dev.pannier.inject.pod.Workload;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.function.Consumer;

/// Decides about Pods, as `inject` does about manifests. It keeps nothing of them and asks nobody, so that a dry run is the same as
/// a real one.
public final class Admission {
  private static final int MAX_SHOWN = 500;
  private static final int MAX_TOLD = 15;

  /// What is added grows with them; no node runs as many in one Pod.
  static final int MAX_CONTAINERS = 500;

  private final Injection injection;
  private final Consumer<String> messages;

  /// @param messages what is to be told, a line each
  public Admission(Injection injection, Consumer<String> messages) {
    this.injection = injection;
    this.messages = messages;
  }

  Verdict of(Review review) {
    if (!review.isNewPod()) {
      return new Verdict(
          review.uid(),
          Verdict.Result.MISDIRECTED,
          List.of(),
          List.of(
              "asked about %s of %s %s, where its configuration should name the creation of Pods alone"
                  .formatted(review.operation(), review.kind(), review.subResource())
                  .replaceAll(" +", " ")));
    }
    try {
      return ofPod(review);
    } catch (RuntimeException e) {
      tell(review, "not injected, by a mistake of Pannier's own");
      tell(e);
      return new Verdict(
          review.uid(),
          Verdict.Result.FAILED,
          List.of(),
          List.of("no sidecar, by a mistake of its own: " + e.getClass().getSimpleName()));
    }
  }

  private Verdict ofPod(Review review) {
    if (review.isTooLarge()) {
      return tooMuch(
          review,
          "has more than %d values, or is nested more than %d deep"
              .formatted(Json.MAX_TOKENS, Json.MAX_DEPTH));
    }
    if (review.containers() > MAX_CONTAINERS) {
      return tooMuch(review, "spec.containers: has more than " + MAX_CONTAINERS);
    }
    return switch (injection.of(review.object(), Workload.of(review.object()))) {
      case Outcome.Changed changed -> {
        tell(review, "injected");
        List<String> notices = changed.notices().stream().map(Problem::toString).toList();
        yield new Verdict(review.uid(), Verdict.Result.INJECTED, changed.changes(), notices);
      }
      case Outcome.Unchanged ignored ->
          new Verdict(review.uid(), Verdict.Result.SKIPPED, List.of(), List.of());
      case Outcome.Refused refused -> {
        List<String> problems =
            refused.problems().stream().map(problem -> "no sidecar: " + problem).toList();
        problems.stream().limit(MAX_TOLD).forEach(problem -> tell(review, problem));
        yield new Verdict(review.uid(), Verdict.Result.REFUSED, List.of(), problems);
      }
    };
  }

  private Verdict tooMuch(Review review, String what) {
    String problem = "no sidecar: " + what;
    tell(review, problem);
    return new Verdict(review.uid(), Verdict.Result.REFUSED, List.of(), List.of(problem));
  }

  /// Tells of a mistake of Pannier's own.
  void tell(RuntimeException mistake) {
    StringWriter trace = new StringWriter();
    mistake.printStackTrace(new PrintWriter(trace));
    messages.accept(trace.toString().strip());
  }

  private void tell(Review review, String what) {
    String line = review.name() + (review.isDryRun() ? " (dry run)" : "") + ": " + what;
    String clean = line.replaceAll("\\p{Cntrl}", "?");
    messages.accept(clean.length() > MAX_SHOWN ? clean.substring(0, MAX_SHOWN) + "…" : clean);
  }
}
