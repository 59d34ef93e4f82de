package dev.pannier.collector.checkpoint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PositionStoreTest {
  private static final int VERSION_AT = 4;
  private static final int COUNT_AT = 14;

  @TempDir private Path state;

  private final List<String> notices = new ArrayList<>();
  private final Random random = new Random(5);

  private PositionStore open() throws IOException {
    return PositionStore.open(state, random, notices::add);
  }

  private static List<SavedGeneration> generations() {
    byte[] head = "a head of forty-two bytes, as it happens..".getBytes(UTF_8);
    return List.of(
        new SavedGeneration(
            7,
            "app",
            1,
            2,
            "/logs/app.log",
            Fingerprint.of(head, head.length),
            Anchor.at(head.length, head, 0, head.length, Anchor.Skip.CONTINUATIONS),
            99,
            false,
            1_800_000_000,
            1_799_999_999_123_456_789L),
        new SavedGeneration(
            -8,
            "audit",
            -1,
            Long.MIN_VALUE,
            "/logs/ä ö.log",
            Fingerprint.EMPTY,
            Anchor.START,
            0,
            true,
            0,
            0));
  }

  /// A store with two generations, closed.
  private byte[] stored() throws IOException {
    try (PositionStore store = open()) {
      store.save(generations());
    }
    return Files.readAllBytes(state.resolve("positions"));
  }

  /// The file is kept aside as it was, a line says why, and the store works on.
  private void isKeptAside(byte[] bytes, String why) throws IOException {
    notices.clear();
    Files.write(state.resolve("positions"), bytes);
    long volume;
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEmpty();
      volume = store.volume();
      store.save(generations());
    }
    assertThat(notices).singleElement().asString().contains(why).contains("positions.unreadable");
    assertThat(state.resolve("positions.unreadable")).hasBinaryContent(bytes);
    notices.clear();
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEqualTo(generations());
      assertThat(store.volume()).isEqualTo(volume);
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void whatIsStoredIsLoaded() throws IOException {
    long volume;
    try (PositionStore store = open()) {
      volume = store.volume();
      assertThat(store.loaded()).isEmpty();
      store.save(generations());
    }
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEqualTo(generations());
      assertThat(store.volume()).isEqualTo(volume);
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void whatAnOlderVersionHasStoredIsLoadedWithoutTheTimesWhenFilesWereMade() throws IOException {
    ByteArrayOutputStream known = new ByteArrayOutputStream();
    for (SavedGeneration each : generations()) {
      each.write(new DataOutputStream(known));
    }
    byte[] older = Arrays.copyOf(stored(), COUNT_AT + Integer.BYTES + known.size() + Integer.BYTES);
    Files.write(state.resolve("positions"), signed(older));
    try (PositionStore store = open()) {
      assertThat(store.loaded())
          .isEqualTo(generations().stream().map(saved -> saved.madeAt(0)).toList());
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void aFileCutShortAnywhereIsKeptAside() throws IOException {
    byte[] bytes = stored();
    for (int length = 1; length < bytes.length; length++) {
      isKeptAside(
          Arrays.copyOf(bytes, length), length < 22 ? "cut short at " + length : "checksum");
    }
  }

  @Test
  void anEmptyFileIsKeptAside() throws IOException {
    isKeptAside(new byte[0], "cut short at 0 bytes");
  }

  @Test
  void aFlippedBitAnywhereIsFound() throws IOException {
    byte[] bytes = stored();
    for (int i = 0; i < bytes.length; i++) {
      byte[] flipped = bytes.clone();
      flipped[i] ^= (byte) (1 << (i % 8));
      isKeptAside(flipped, "checksum differs");
    }
  }

  @Test
  void aFutureVersionIsKeptAsideAndNamed() throws IOException {
    byte[] bytes = stored();
    ByteBuffer.wrap(bytes).putShort(VERSION_AT, (short) 2);
    isKeptAside(signed(bytes), "version 2, this pannier reads 1");
  }

  @Test
  void anotherFileIsKeptAside() throws IOException {
    byte[] bytes = stored();
    bytes[0] = 'X';
    isKeptAside(signed(bytes), "not a positions file");
  }

  private static byte[] signed(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - Integer.BYTES);
    return ByteBuffer.wrap(bytes)
        .putInt(bytes.length - Integer.BYTES, (int) crc.getValue())
        .array();
  }

  @Test
  void halfAFileOfACrashedSaveIsPassedOver() throws IOException {
    byte[] bytes = stored();
    Files.write(state.resolve("positions.tmp"), Arrays.copyOf(bytes, bytes.length / 2));
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEqualTo(generations());
      store.save(List.of());
    }
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEmpty();
    }
    assertThat(notices).isEmpty();
  }

  @Test
  void whatCannotBeStoredLeavesWhatWasStored() throws IOException {
    stored();
    Path blocked = Files.createDirectory(state.resolve("positions.tmp"));
    try (PositionStore store = open()) {
      assertThatThrownBy(() -> store.save(List.of()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("positions.tmp");
      Files.delete(blocked);
    }
    try (PositionStore store = open()) {
      assertThat(store.loaded()).isEqualTo(generations());
    }
  }

  @Test
  void aDirectoryThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.createFile(state.resolve("file"));
    assertThatThrownBy(() -> PositionStore.open(file, random, notices::add))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void oneProcessAtATime() throws IOException {
    PositionStore first = open();
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessage("another pannier uses " + state + ": give each its own state.directory");
    first.close();
    open().close();
  }
}
