package dev.pannier.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// All JMH benchmarks, with what they allocate.
final class MicroWork {
  record Row(String name, double mibPerSecond, double recordsPerSecond, double bytesARecord) {}

  /// What of `jvm.options` says how code is compiled and memory laid out: with C2 the figures would
  /// be larger, and of another program.
  private static final String[] SIDECARS_OWN = {
    "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders"
  };

  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private MicroWork() {}

  static List<Row> run(boolean quick) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(quick ? 100 : 800);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("dev\\.pannier\\..*Benchmark\\..*")
            .addProfiler(GCProfiler.class)
            .jvmArgs(SIDECARS_OWN)
            .warmupIterations(quick ? 1 : 2)
            .warmupTime(time)
            .measurementIterations(quick ? 1 : 3)
            .measurementTime(time)
            .verbosity(VerboseMode.SILENT);
    Collection<RunResult> results = new Runner(options.build()).run();
    List<Row> rows = new ArrayList<>();
    for (RunResult result : results) {
      rows.add(row(result));
    }
    return rows;
  }

  @SuppressWarnings("rawtypes") // as JMH declares it
  private static Row row(RunResult result) {
    Map<String, Result> more = result.getSecondaryResults();
    double operations = result.getPrimaryResult().getScore();
    double records = score(more, "records");
    String parser = result.getParams().getParam("parser");
    String name = result.getParams().getBenchmark();
    int method = name.lastIndexOf('.');
    String type = name.substring(name.lastIndexOf('.', method - 1) + 1, method);
    return new Row(
        type.replace("Benchmark", "")
            + "."
            + name.substring(method + 1)
            + (parser == null ? "" : " " + parser),
        score(more, "bytes") / (1 << 20),
        records,
        score(more, ALLOCATED) * operations / records);
  }

  @SuppressWarnings("rawtypes") // as JMH declares it
  private static double score(Map<String, Result> results, String name) {
    for (Map.Entry<String, Result> entry : results.entrySet()) {
      if (entry.getKey().endsWith(name)) {
        return entry.getValue().getScore();
      }
    }
    throw new IllegalStateException("no " + name + " in " + results.keySet());
  }
}
