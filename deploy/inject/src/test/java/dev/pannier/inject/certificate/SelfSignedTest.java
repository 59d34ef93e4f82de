package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Java's own reading is what these are checked with.
class SelfSignedTest {
  private static final Instant FROM = Instant.parse("2026-01-02T03:04:05Z");
  private static final Instant UNTIL = Instant.parse("2036-01-02T03:04:05Z");

  private static X509Certificate read(SelfSigned made) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(made.certificate().getBytes(US_ASCII)));
  }

  private static SelfSigned make(List<String> hosts) throws Exception {
    return SelfSigned.make(hosts, FROM, UNTIL, new SecureRandom());
  }

  @Test
  void itIsAServersAndNoAuthoritys() throws Exception {
    X509Certificate certificate = read(make(List.of("a.b.svc", "127.0.0.1", "::1")));
    assertThat(certificate.getVersion()).isEqualTo(3);
    assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
    assertThat(certificate.getKeyUsage())
        .containsExactly(true, false, false, false, false, false, false, false, false);
    assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(certificate.getCriticalExtensionOIDs())
        .containsExactlyInAnyOrder("2.5.29.15", "2.5.29.19");
    assertThat(Objects.requireNonNull(certificate.getSubjectAlternativeNames()).toString())
        .isEqualTo("[[2, a.b.svc], [7, 127.0.0.1], [7, 0:0:0:0:0:0:0:1]]");
  }

  @Test
  void itIsSignedWithItsOwnKey() throws Exception {
    X509Certificate certificate = read(make(List.of("a")));
    certificate.verify(certificate.getPublicKey());
    assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
    assertThat(certificate.getIssuerX500Principal())
        .isEqualTo(certificate.getSubjectX500Principal());
    assertThat(certificate.getSubjectX500Principal().getName())
        .isEqualTo("CN=Pannier's admission webhook");
    assertThat(certificate.getSerialNumber().signum()).isPositive();
    assertThat(certificate.getSerialNumber().toByteArray()).hasSizeLessThanOrEqualTo(20);
  }

  @Test
  void noTwoAreAlike() throws Exception {
    SelfSigned one = make(List.of("a"));
    SelfSigned other = make(List.of("a"));
    assertThat(read(one).getSerialNumber()).isNotEqualTo(read(other).getSerialNumber());
    assertThat(one.key()).isNotEqualTo(other.key());
  }

  /// Among them years that are written with two digits and with four.
  @Property(tries = 30)
  void itsTimesAreThoseThatItWasGiven(
      @ForAll @LongRange(min = 0, max = 4_102_444_800L) long from,
      @ForAll @LongRange(min = 0, max = 4_102_444_800L) long seconds)
      throws Exception {
    Instant begin = Instant.ofEpochSecond(from);
    Instant end = begin.plusSeconds(seconds);
    X509Certificate certificate =
        read(SelfSigned.make(List.of("a"), begin, end, new SecureRandom()));
    assertThat(certificate.getNotBefore().toInstant()).isEqualTo(begin);
    assertThat(certificate.getNotAfter().toInstant()).isEqualTo(end);
  }

  /// Lengths of one byte to four.
  @ParameterizedTest
  @CsvSource({"1,6", "2,6", "10,10", "300,10", "300,250"})
  void itHasAsManyNamesAsItWasGiven(int count, int width) throws Exception {
    List<String> hosts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String number = String.valueOf(i);
      hosts.add("h".repeat(width - number.length()) + number);
    }
    assertThat(
            Objects.requireNonNull(read(make(hosts)).getSubjectAlternativeNames()).stream()
                .map(name -> (Object) name.get(1)))
        .containsExactlyElementsOf(List.<Object>copyOf(hosts));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "ä", "-a", "a.", "1.2.3", "1.2.3.400", "::g", "*"})
  void whatIsNoHostIsRefused(String host) {
    assertThatThrownBy(() -> make(List.of(host))).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void itsKeyIsTheCertificates() throws Exception {
    SelfSigned made = make(List.of("a"));
    KeyedCertificate read =
        KeyedCertificate.read(made.certificate().getBytes(US_ASCII), made.key().getBytes(US_ASCII));
    assertThat(read.until()).isEqualTo(UNTIL);
    assertThat(read.chain()).hasSize(1);
  }
}
