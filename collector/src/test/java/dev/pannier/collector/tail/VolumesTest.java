package dev.pannier.collector.tail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pannier.collector.receipt.ByteRange;
import dev.pannier.collector.receipt.FileReceipt;
import dev.pannier.collector.receipt.Receipt;
import dev.pannier.collector.receipt.ShipperReceipt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class VolumesTest {
  private static final Path ROOT = Path.of("/var/log/app");
  private static final List<Path> ROOTS = List.of(ROOT);

  private final List<String> notices = new ArrayList<>();
  private long free = 500;
  private boolean gone;
  private final Volumes volumes = new Volumes(this::space, notices::add);
  private long now;

  private Volumes.Space.Bytes space(Path folder) throws IOException {
    if (gone) {
      throw new IOException("no such folder");
    }
    return new Volumes.Space.Bytes(free, 1_000);
  }

  @Test
  void aVolumeThatIsNearlyFullNamesWhatIsNotShippedOnIt() {
    look();
    assertThat(notices).isEmpty();
    assertThat(volumes.freeBytes(ROOTS)).isEqualTo(500);
    free = 49;
    look();
    look();
    assertThat(notices)
        .containsExactly(
            "the volume of /var/log/app is nearly full (49 of 1000 bytes are free); not shipped"
                + " yet: /var/log/app/a.log bytes 10-30");
    free = 60;
    look();
    assertThat(notices).hasSize(1);
    free = 100;
    look();
    assertThat(notices).hasSize(2).last().isEqualTo("the volume of /var/log/app has room again");
  }

  @Test
  void whatIsInTheDiskBufferIsCountedAndNotNamed() {
    free = 49;
    List<ShipperReceipt> shippers =
        List.of(
            new ShipperReceipt("app", "events", false, 2, 20, 0, 0),
            new ShipperReceipt("app", "backend", false, 7, 70, 0, 0));
    Receipt whole = new Receipt(List.of(), 0, false).withShippers(shippers);
    volumes.look(now, ROOTS, () -> whole);
    assertThat(notices)
        .containsExactly(
            "the volume of /var/log/app is nearly full (49 of 1000 bytes are free); not shipped"
                + " yet: nothing; 70 bytes of files are in the disk buffer");
  }

  @Test
  void aNameThatThisProcessCannotDecodeIsNamedAllTheSame() {
    free = 49;
    Receipt receipt = new Receipt(List.of(file("/var/log/app/caf\0.log")), 0, false);
    volumes.look(now, ROOTS, () -> receipt);
    assertThat(notices).singleElement().asString().endsWith("/var/log/app/caf\0.log bytes 10-30");
  }

  @Test
  void theRootOfAllFoldersHasAllFiles() {
    free = 49;
    volumes.look(now, List.of(Path.of("/")), VolumesTest::receipt);
    assertThat(notices).singleElement().asString().contains("a.log", "b.log");
  }

  @Test
  void aFolderThatIsMissingHasNoVolume() {
    look();
    gone = true;
    look();
    assertThat(volumes.freeBytes(ROOTS)).isEqualTo(-1);
  }

  private void look() {
    volumes.look(now, ROOTS, VolumesTest::receipt);
    now += TimeUnit.SECONDS.toNanos(10);
  }

  private static Receipt receipt() {
    return new Receipt(List.of(file("/var/log/app/a.log"), file("/elsewhere/b.log")), 0, false);
  }

  private static FileReceipt file(String path) {
    return new FileReceipt(
        "app",
        path,
        "00f3",
        List.of(new ByteRange(0, 10)),
        List.of(),
        List.of(new ByteRange(10, 30)),
        List.of());
  }
}
