package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Java's own validation of paths is what these are checked with.
class AuthorityTest {
  private static final Instant FROM = Instant.parse("2026-01-02T03:04:05Z");
  private static final Instant UNTIL = Instant.parse("2036-01-02T03:04:05Z");
  private static final SecureRandom RANDOM = new SecureRandom();

  private static X509Certificate read(String pem) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem.getBytes(US_ASCII)));
  }

  private static Authority.Signed sign(Authority authority) throws Exception {
    return authority.sign(List.of("a.b.svc"), FROM, UNTIL.minusSeconds(1), RANDOM);
  }

  private static void validate(String authority, String signed) throws Exception {
    PKIXParameters trusted = new PKIXParameters(Set.of(new TrustAnchor(read(authority), null)));
    trusted.setRevocationEnabled(false);
    trusted.setDate(Date.from(FROM.plusSeconds(1)));
    CertPathValidator.getInstance("PKIX")
        .validate(
            CertificateFactory.getInstance("X.509").generateCertPath(List.of(read(signed))),
            trusted);
  }

  @Test
  void whoTrustsTheAuthorityTrustsWhatItSigns() throws Exception {
    Authority authority = Authority.make(FROM, UNTIL, RANDOM);
    Authority.Signed one = sign(authority);
    Authority.Signed next = sign(authority);
    validate(authority.certificate(), one.certificate());
    validate(authority.certificate(), next.certificate());
    assertThat(next.key()).isNotEqualTo(one.key());
    Authority other = Authority.make(FROM, UNTIL, RANDOM);
    assertThatThrownBy(() -> validate(other.certificate(), one.certificate()))
        .isInstanceOf(GeneralSecurityException.class);
  }

  @Test
  void itSignsServersAndNoOtherAuthority() throws Exception {
    Authority made = Authority.make(FROM, UNTIL, RANDOM);
    X509Certificate authority = read(made.certificate());
    assertThat(authority.getBasicConstraints()).isZero();
    assertThat(authority.getKeyUsage())
        .containsExactly(false, false, false, false, false, true, false, false, false);
    assertThat(made.until()).isEqualTo(UNTIL);
    X509Certificate server = read(sign(made).certificate());
    assertThat(server.getBasicConstraints()).isEqualTo(-1);
    assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(server.getIssuerX500Principal()).isEqualTo(authority.getSubjectX500Principal());
    assertThat(server.getSubjectX500Principal()).isNotEqualTo(authority.getSubjectX500Principal());
    // What lies in one is named in the other.
    byte[] id = authority.getExtensionValue("2.5.29.14");
    byte[] named = server.getExtensionValue("2.5.29.35");
    assertThat(new BigInteger(1, named).toString(16))
        .endsWith(new BigInteger(1, id).toString(16).substring(8));
  }

  /// As another tool has made it.
  @Test
  void itsKeyMayBeRsa() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    byte[] name = CertificateWriter.name("else");
    byte[] certificate =
        new CertificateWriter(RANDOM)
            .write(
                name,
                pair.getPrivate(),
                name,
                pair.getPublic(),
                FROM,
                UNTIL,
                CertificateWriter.authorityExtensions(pair.getPublic()));
    Authority authority =
        new Authority(
            Pem.encode("CERTIFICATE", certificate),
            Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
    validate(authority.certificate(), sign(authority).certificate());
  }

  @Test
  void aServersCertificateSignsNothing() throws Exception {
    SelfSigned server = SelfSigned.make(List.of("a"), FROM, UNTIL, RANDOM);
    Authority none = new Authority(server.certificate(), server.key());
    assertThatThrownBy(() -> sign(none)).hasMessage("the certificate is no authority's");
    Authority mixed =
        new Authority(Authority.make(FROM, UNTIL, RANDOM).certificate(), server.key());
    assertThatThrownBy(mixed::until).hasMessage("the key is not that of the certificate");
  }
}
