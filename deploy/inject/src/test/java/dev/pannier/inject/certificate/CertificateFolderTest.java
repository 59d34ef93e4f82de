package dev.pannier.inject.certificate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CertificateFolderTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
  private static final long LATER = Duration.ofSeconds(3).toNanos();

  /// Takes a second to make.
  private static KeyPair rsa;

  private final List<String> messages = new ArrayList<>();
  private Instant now = NOW;

  @TempDir private Path folder;

  @BeforeAll
  static void makeKey() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    rsa = generator.generateKeyPair();
  }

  @BeforeEach
  void aPairIsThere() throws Exception {
    write(days(100));
  }

  private static SelfSigned days(int days) throws Exception {
    return SelfSigned.make(List.of("a"), NOW, NOW.plus(Duration.ofDays(days)), new SecureRandom());
  }

  private void write(SelfSigned pair) throws IOException {
    Files.writeString(folder.resolve("tls.crt"), pair.certificate());
    Files.writeString(folder.resolve("tls.key"), pair.key());
  }

  private CertificateFolder open() throws IOException {
    return CertificateFolder.open(folder, () -> now, 0, messages::add);
  }

  @Test
  void aNewPairIsTaken() throws Exception {
    CertificateFolder opened = open();
    write(days(200));
    assertThat(opened.doWork(LATER)).isTrue();
    assertThat(opened.until()).isEqualTo(NOW.plus(Duration.ofDays(200)));
    assertThat(opened.doWork(2 * LATER)).isFalse();
    assertThat(messages).hasSize(2).last().asString().contains("2026-07-21");
  }

  @Test
  void theFilesAreNotReadAllTheTime() throws Exception {
    CertificateFolder opened = open();
    write(days(200));
    assertThat(opened.doWork(1)).isFalse();
    assertThat(opened.doWork(LATER)).isTrue();
  }

  /// As a mount is, for a moment.
  @Test
  void aHalfReplacedPairIsNotTakenAndToldOnce() throws Exception {
    CertificateFolder opened = open();
    SelfSigned next = days(200);
    Files.writeString(folder.resolve("tls.crt"), next.certificate());
    assertThat(opened.doWork(LATER)).isFalse();
    assertThat(opened.doWork(2 * LATER)).isFalse();
    assertThat(opened.until()).isEqualTo(NOW.plus(Duration.ofDays(100)));
    assertThat(messages).hasSize(2).last().asString().contains("the key is not that of");
    Files.writeString(folder.resolve("tls.key"), next.key());
    assertThat(opened.doWork(3 * LATER)).isTrue();
  }

  @Test
  void aPairThatGoesLeavesTheOneBefore() throws Exception {
    CertificateFolder opened = open();
    Files.delete(folder.resolve("tls.key"));
    assertThat(opened.doWork(LATER)).isFalse();
    assertThat(opened.until()).isEqualTo(NOW.plus(Duration.ofDays(100)));
    assertThat(messages).last().asString().contains("stays the one before").contains("tls.key");
  }

  @ParameterizedTest
  @CsvSource({
    "tls.crt,x,no certificate in PEM",
    "tls.key,x,no private key in PEM",
    "tls.key,-----BEGIN ENCRYPTED PRIVATE KEY-----AAAA-----END ENCRYPTED PRIVATE KEY-----,is"
        + " encrypted",
    "tls.key,-----BEGIN PRIVATE KEY-----AAAA-----END PRIVATE KEY-----,",
    "tls.key,-----BEGIN PRIVATE KEY-----A-----END PRIVATE KEY-----,no PEM",
    "tls.crt,-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----,"
  })
  void whatCannotBeUsedIsAnError(String file, String text, String message) throws Exception {
    Files.writeString(folder.resolve(file), text);
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(message == null ? "" : message);
  }

  @Test
  void itsEndIsToldTwoWeeksBeforeOnceADay() throws Exception {
    CertificateFolder opened = open();
    now = NOW.plus(Duration.ofDays(85));
    opened.doWork(LATER);
    assertThat(messages).hasSize(1);
    now = NOW.plus(Duration.ofDays(87));
    opened.doWork(2 * LATER);
    opened.doWork(3 * LATER);
    assertThat(messages)
        .hasSize(2)
        .last()
        .asString()
        .contains("the certificate ends at 2026-04-12");
    now = NOW.plus(Duration.ofDays(101));
    opened.doWork(4 * LATER);
    assertThat(messages).hasSize(3).last().asString().contains("the certificate has ended");
  }

  /// The forms that Helm and cert-manager write.
  @ParameterizedTest
  @CsvSource({"RSA,RSA PRIVATE KEY", "EC,EC PRIVATE KEY", "RSA,PRIVATE KEY"})
  void keysOfOlderFormsAreRead(String algorithm, String label) throws Exception {
    KeyPair pair =
        algorithm.equals("RSA") ? rsa : KeyPairGenerator.getInstance("EC").generateKeyPair();
    byte[] pkcs8 = pair.getPrivate().getEncoded();
    Files.writeString(
        folder.resolve("tls.crt"),
        "bag attributes\n" + Pem.encode("CERTIFICATE", certificate(pair)));
    Files.writeString(
        folder.resolve("tls.key"),
        Pem.encode(label, label.equals("PRIVATE KEY") ? pkcs8 : lastElement(pkcs8)));
    assertThat(open().until()).isEqualTo(NOW.plusSeconds(60));
  }

  /// Signed with its own key, of whichever kind.
  private static byte[] certificate(KeyPair pair) throws Exception {
    boolean isRsa = pair.getPrivate() instanceof RSAPrivateKey;
    byte[] algorithm =
        isRsa
            ? Der.sequence(Der.objectIdentifier("1.2.840.113549.1.1.11"), new byte[] {5, 0})
            : Der.sequence(Der.objectIdentifier("1.2.840.10045.4.3.2"));
    byte[] name =
        Der.sequence(Der.set(Der.sequence(Der.objectIdentifier("2.5.4.3"), Der.utf8("a"))));
    byte[] content =
        Der.sequence(
            Der.integer(BigInteger.ONE),
            algorithm,
            name,
            Der.sequence(Der.time(NOW), Der.time(NOW.plusSeconds(60))),
            name,
            pair.getPublic().getEncoded());
    Signature signature = Signature.getInstance(isRsa ? "SHA256withRSA" : "SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(content);
    return Der.sequence(content, algorithm, Der.bitString(0, signature.sign()));
  }

  /// The content of the third element of PKCS#8's sequence, where nothing follows it.
  private static byte[] lastElement(byte[] sequence) {
    int at = afterHead(sequence, 0);
    int content = at;
    while (at < sequence.length) {
      content = afterHead(sequence, at);
      int length = sequence[at + 1] & 0xFF;
      if (length >= 0x80) {
        int digits = length & 0x7F;
        length = 0;
        for (int i = 0; i < digits; i++) {
          length = length << 8 | (sequence[at + 2 + i] & 0xFF);
        }
      }
      at = content + length;
    }
    return Arrays.copyOfRange(sequence, content, sequence.length);
  }

  private static int afterHead(byte[] bytes, int at) {
    int first = bytes[at + 1] & 0xFF;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7F);
  }
}
