package dev.pannier.demo;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A process that the demo or a test started, and its output files. Closing it ends it.
public final class ChildProcess implements AutoCloseable {
  private static final int SIGNALLED_WITHIN_SECONDS = 5;

  private final String name;
  private final Process process;
  private final Path err;

  private ChildProcess(String name, Process process, Path err) {
    this.name = name;
    this.process = process;
    this.err = err;
  }

  /// Starts a program of this module's class path.
  ///
  /// @param folder gets `NAME.out` and `NAME.err`
  public static ChildProcess java(
      String name, Path folder, List<String> options, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(javaProgram()));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    return start(name, folder, command, Map.of());
  }

  /// Starts the packaged sidecar.
  ///
  /// @param home its folder, with `jvm.options` and `lib/`
  public static ChildProcess sidecar(
      String name, Path folder, Path home, List<String> arguments, Map<String, String> environment)
      throws IOException {
    return start(name, folder, Packaged.command(home, List.of(), arguments), environment);
  }

  private static String javaProgram() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /// The first of the programs that is on `PATH`.
  ///
  /// @param names of programs that will do, by which one folder's are preferred
  public static Optional<Path> find(List<String> names) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
        .filter(folder -> !folder.isEmpty())
        .flatMap(folder -> names.stream().map(Path.of(folder)::resolve))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// Starts any program.
  ///
  /// @param folder gets `NAME.out` and `NAME.err`
  public static ChildProcess start(
      String name, Path folder, List<String> command, Map<String, String> environment)
      throws IOException {
    Path err = folder.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(err.toFile());
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    builder.environment().putAll(environment);
    return new ChildProcess(name, builder.start(), err);
  }

  public ProcessHandle handle() {
    return process.toHandle();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /// Resident memory in MiB; 0 where the system does not tell.
  public long residentMiB() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }

  /// The end of what it wrote to standard error, for when something went wrong.
  public String lastWords() throws IOException {
    List<String> lines = Files.readAllLines(err);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /// Asks it to end (SIGTERM) and waits.
  ///
  /// @return its exit code
  /// @throws IllegalStateException if it does not end in time; it is killed then
  public int terminate(Duration patience) throws InterruptedException {
    process.destroy();
    return await(patience);
  }

  /// Sends it a signal: `STOP`, `CONT`, `HUP`, `TERM`.
  public void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start();
    if (!kill.waitFor(SIGNALLED_WITHIN_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new IllegalStateException("kill -" + name + " failed");
    }
  }

  /// Waits for its end.
  ///
  /// @throws IllegalStateException if it does not end in time; it is killed then
  public int await(Duration patience) throws InterruptedException {
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
      throw new IllegalStateException(name + " did not end within " + patience);
    }
    return process.exitValue();
  }

  /// Ends it at once (SIGKILL).
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
