package dev.pannier.integration;

import dev.pannier.demo.ChildProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A wall clock of a process that the test sets, and nobody else's: `src/test/c/clock.c`, which needs a C compiler.
///
/// @param library what the process loads before all others
/// @param shift   the file that says how many seconds it is off
record SettableClock(Path library, Path shift) {
  private static final int COMPILED_WITHIN_SECONDS = 60;

  /// A compiler on `PATH`; empty where there is none.
  static Optional<Path> compiler() {
    return ChildProcess.find(List.of("cc", "gcc", "clang"));
  }

  /// @param folder gets the library
  static SettableClock make(Path compiler, Path folder) throws Exception {
    Path library = folder.resolve("clock.so");
    Path source = Tree.root().resolve("integration-tests/src/test/c/clock.c");
    Path said = folder.resolve("clock.out");
    Process compile =
        new ProcessBuilder(
                compiler.toString(),
                "-shared",
                "-fPIC",
                "-o",
                library.toString(),
                source.toString())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    if (!compile.waitFor(COMPILED_WITHIN_SECONDS, TimeUnit.SECONDS) || compile.exitValue() != 0) {
      throw new IllegalStateException("clock.c does not compile: " + Files.readString(said));
    }
    SettableClock clock = new SettableClock(library, folder.resolve("clock"));
    clock.set(Duration.ZERO);
    return clock;
  }

  /// How far it is before the machine's own from now on.
  void set(Duration ahead) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
    // Never shorter, not for a moment: who has it mapped would die of SIGBUS.
    Files.write(
        shift,
        bytes.putLong(ahead.toSeconds()).array(),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE);
  }

  /// What a process that has this clock is started with.
  Map<String, String> environment() {
    return Map.of("LD_PRELOAD", library.toString(), "PANNIER_TEST_CLOCK", shift.toString());
  }
}
