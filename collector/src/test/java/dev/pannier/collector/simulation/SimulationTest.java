package dev.pannier.collector.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/// Two thousand histories of the whole path, a quarter of them in each mode; `-Dpannier.simulation.seeds=100000` for more.
class SimulationTest {
  private static final int SEEDS =
      Integer.getInteger("pannier.simulation.seeds", 2_000) / World.Mode.values().length;

  /// So many histories of so many steps are compared.
  private static final int SAME = 10;

  private static final int SAME_STEPS = 3_000;

  @ParameterizedTest
  @EnumSource(World.Mode.class)
  void everyPromiseIsKeptInEveryHistory(World.Mode mode) {
    Simulation.Totals totals =
        Simulation.run(
            mode, 1, SEEDS, Simulation.STEPS, Runtime.getRuntime().availableProcessors(), 5);
    System.out.println(mode + "\n" + totals.histogram());
    assertThat(totals.failures)
        .as(
            () ->
                totals.failures.isEmpty()
                    ? ""
                    : totals.failures.peek().command()
                        + "\n"
                        + Simulation.story(totals.failures.peek(), 100))
        .isEmpty();
    assertThat(totals.deaths())
        .containsKeys("open positions.tmp", "write positions.tmp", "force positions.tmp")
        .containsKeys("move positions", "force state");
    if (mode.hasDisk()) {
      assertThat(totals.deaths())
          .containsKeys("open NN.log", "write NN.log", "force NN.log", "delete NN.log")
          .containsKeys("write cursors.tmp", "force cursors.tmp", "move cursors", "force buffer");
    }
    assertThat(totals.averageCrashes()).isGreaterThanOrEqualTo(3);
    assertThat(totals.averageRotations()).isGreaterThanOrEqualTo(2);
    // Each of them in one history of five.
    assertThat(totals.averageSentAgain()).isGreaterThanOrEqualTo(5);
    assertThat(totals.averageDeadLetters()).isGreaterThanOrEqualTo(1);
    assertThat(totals.averageFellBack()).isGreaterThanOrEqualTo(50);
    assertThat(totals.averageDropped()).isGreaterThanOrEqualTo(mode.hasDisk() ? 50 : 0);
    assertThat(totals.averageDeletedFiles()).isGreaterThanOrEqualTo(0.2);
    // In two of seven.
    assertThat(totals.averageOversized()).isGreaterThanOrEqualTo(0.5);
  }

  /// Where objects lie in memory, what was done before and the salt of a JVM's own sets decide nothing.
  @Test
  void aSeedIsTheSameHistoryWhereverItRuns() throws Exception {
    // Of two threads that begin with SLF4J one would get a logger that stands in for the real one.
    LoggerFactory.getILoggerFactory();
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SimulationTest.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    FutureTask<List<String>> elsewhere =
        new FutureTask<>(
            () -> {
              // A thread draws the hashes of its objects one after the other.
              for (int i = 0; i < 5_000; i++) {
                var _ = System.identityHashCode(new Object());
              }
              return fingerprints(
                  new OwnClasses((name, bytes) -> bytes).loadClass(Simulation.class.getName()));
            });
    Thread.ofPlatform().start(elsewhere);
    List<String> here = fingerprints(Simulation.class);
    assertThat(here).doesNotHaveDuplicates();
    assertThat(elsewhere.get()).as("another thread, another class loader").isEqualTo(here);
    assertThat(java.inputReader().lines()).as("another JVM").containsExactlyElementsOf(here);
    assertThat(java.waitFor()).isZero();
  }

  @ParameterizedTest
  @EnumSource(World.Mode.class)
  void theCommandThatIsToldOfAFailureAsksForItsHistoryAlone(World.Mode mode) {
    long seed = 9_876_543_210L;
    String command = new Simulation.Failure(seed, mode, 12_345, new Error()).command();
    String launcher = "./pannier simulate ";
    assertThat(command).startsWith(launcher);
    assertThat(Simulation.Asked.by(command.substring(launcher.length()).split(" ", -1)))
        .isEqualTo(new Simulation.Asked(1, seed, 12_345, List.of(mode)));
  }

  @Test
  void whatAProcessHadOpenIsClosedInTheOrderInWhichItWasOpened() throws Exception {
    SimulatedDisk disk = new SimulatedDisk(new SplittableRandom(1));
    SimulatedFileSystem files = new SimulatedFileSystem(disk);
    disk.makeFolder(files.getPath("/logs"), false);
    List<Long> opened = new ArrayList<>();
    List<Long> closed = new ArrayList<>();
    disk.onVanished = node -> closed.add(node.inode);
    for (int i = 0; i < SAME; i++) {
      SimulatedPath path = files.getPath("/logs/" + i);
      disk.enter();
      opened.add(disk.open(path, true, true, false).inode);
      disk.leave();
      disk.delete(path);
    }
    disk.processEnded();
    assertThat(closed).isEqualTo(opened);
  }

  private static List<String> fingerprints(Class<?> simulation)
      throws ReflectiveOperationException {
    Method of = simulation.getMethod("fingerprint", String.class, long.class, int.class);
    List<String> all = new ArrayList<>();
    for (World.Mode mode : World.Mode.values()) {
      for (long seed = 1; seed <= SAME; seed++) {
        all.add((String) of.invoke(null, mode.name(), seed, SAME_STEPS));
      }
    }
    return all;
  }

  /// The other JVM of [#aSeedIsTheSameHistoryWhereverItRuns].
  public static void main(String[] arguments) throws ReflectiveOperationException {
    fingerprints(Simulation.class).forEach(System.out::println);
  }
}
