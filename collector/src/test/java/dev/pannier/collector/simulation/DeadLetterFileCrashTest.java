package dev.pannier.collector.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.shippers.DeadLetter;
import dev.pannier.shippers.DeadLettersTo;
import dev.pannier.shippers.Outcome;
import dev.pannier.shippers.batch.Batch;
import dev.pannier.shippers.batch.Signal;
import dev.pannier.shippers.file.DeadLetterFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DeadLetterFileCrashTest {
  private static final int SEEDS = 100;

  private static final class Machine {
    final SimulatedDisk disk;
    final Path path;

    Machine(long seed) throws IOException {
      disk = new SimulatedDisk(new SplittableRandom(seed));
      SimulatedFileSystem files = new SimulatedFileSystem(disk);
      disk.makeFolder(files.getPath("/var"), true);
      path = files.getPath("/var/lib/letters/dead.jsonl");
    }

    /// @param deadAfter its calls, 0 where it lives
    /// @return whether the letter is stored
    boolean stores(String reason, int deadAfter) {
      byte[] bytes = "not looked at".getBytes(UTF_8);
      Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 2, "app");
      List<Outcome> told = new ArrayList<>();
      disk.enter();
      if (deadAfter > 0) {
        disk.dieAfter(deadAfter);
      }
      try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(path, 1 << 20))) {
        file.put(new DeadLetter(batch, reason, "events", ""), told::add);
      } catch (SimulatedDisk.Crash e) {
        assertThat(deadAfter).isPositive();
      } finally {
        disk.processEnded();
      }
      return told.contains(Outcome.ACCEPTED);
    }
  }

  @Test
  void whatIsStoredOutlivesTheDeathOfTheMachine() throws IOException {
    for (long seed = 0; seed < SEEDS; seed++) {
      Machine machine = new Machine(seed);
      assertThat(machine.stores("first", 0)).isTrue();
      machine.disk.losePower();
      assertThat(machine.path).as("seed %d", seed).exists();
      assertThat(Files.readString(machine.path)).contains("first");
    }
  }

  @Test
  void namesAreSyncedWhereTheyAreNewAlone() throws IOException {
    Machine machine = new Machine(1);
    machine.disk.enter();
    byte[] bytes = "not looked at".getBytes(UTF_8);
    Batch batch = Batch.received(Signal.LOGS, bytes, 0, bytes.length, 2, "app");
    List<Outcome> told = new ArrayList<>();
    try (DeadLetterFile file = new DeadLetterFile(new DeadLettersTo.File(machine.path, 1 << 20))) {
      file.put(new DeadLetter(batch, "first", "events", ""), told::add);
      long synced = machine.disk.nameSyncs;
      Files.write(machine.path, new byte[0]); // empties it
      file.put(new DeadLetter(batch, "second", "events", ""), told::add);
      assertThat(machine.disk.nameSyncs).as("of a file that was emptied").isEqualTo(synced);
      Files.delete(machine.path);
      file.put(new DeadLetter(batch, "third", "events", ""), told::add);
      assertThat(machine.disk.nameSyncs).as("of a new file").isEqualTo(synced + 1);
    }
    assertThat(told).containsOnly(Outcome.ACCEPTED).hasSize(3);
    machine.disk.processEnded();
    machine.disk.losePower();
    assertThat(Files.readString(machine.path)).contains("third");
  }

  @Test
  void whatIsStoredInWhatAKilledProcessHasMadeOutlivesTheDeathOfTheMachine() throws IOException {
    int kills = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      for (int call = 1; call <= 16; call++) {
        Machine machine = new Machine(seed);
        kills += machine.stores("first", call) ? 0 : 1;
        assertThat(machine.stores("second", 0)).isTrue();
        machine.disk.losePower();
        assertThat(machine.path).as("seed %d, call %d", seed, call).exists();
        assertThat(Files.readString(machine.path)).contains("second");
      }
    }
    assertThat(kills).isGreaterThan(SEEDS);
  }
}
