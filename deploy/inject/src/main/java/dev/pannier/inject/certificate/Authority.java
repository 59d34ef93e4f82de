package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Signs the certificates of servers. Who trusts it trusts each of them, so that a server's can be renewed without a word to its clients.
///
/// @param certificate as PEM
/// @param key         as PEM
public record Authority(String certificate, String key) {
  private static final String SUBJECT_KEY = "2.5.29.14";

  /// A server's certificate and key, as PEM.
  public record Signed(String certificate, String key) {}

  /// @param from to the second, as `until`
  public static Authority make(Instant from, Instant until, SecureRandom random)
      throws GeneralSecurityException {
    CertificateWriter writer = new CertificateWriter(random);
    KeyPair pair = writer.keys();
    byte[] name = CertificateWriter.name("Pannier's authority");
    byte[] signed =
        writer.write(
            name,
            pair.getPrivate(),
            name,
            pair.getPublic(),
            from,
            until,
            CertificateWriter.authorityExtensions(pair.getPublic()));
    return new Authority(
        Pem.encode("CERTIFICATE", signed),
        Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  /// When its certificate ends: none that it signs is trusted longer.
  ///
  /// @throws GeneralSecurityException where it is no authority, or the key is not its
  public Instant until() throws GeneralSecurityException {
    return read().until();
  }

  private KeyedCertificate read() throws GeneralSecurityException {
    KeyedCertificate read =
        KeyedCertificate.read(certificate.getBytes(US_ASCII), key.getBytes(US_ASCII));
    if (read.chain().getFirst().getBasicConstraints() < 0) {
      throw new CertificateException("the certificate is no authority's");
    }
    return read;
  }

  /// @param hosts names and addresses that clients know the server by
  /// @param from  to the second, as `until`
  /// @throws GeneralSecurityException where it is no authority, or the Java that runs this lacks an algorithm
  /// @throws IllegalArgumentException for a host that is none
  public Signed sign(List<String> hosts, Instant from, Instant until, SecureRandom random)
      throws GeneralSecurityException {
    KeyedCertificate own = read();
    X509Certificate issuer = own.chain().getFirst();
    CertificateWriter writer = new CertificateWriter(random);
    byte[] extensions = CertificateWriter.serverExtensions(hosts, keyId(issuer));
    KeyPair pair = writer.keys();
    byte[] signed =
        writer.write(
            issuer.getSubjectX500Principal().getEncoded(),
            own.key(),
            CertificateWriter.name("Pannier's admission webhook"),
            pair.getPublic(),
            from,
            until,
            extensions);
    return new Signed(
        Pem.encode("CERTIFICATE", signed),
        Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  /// An octet string within another, each with a length of one byte; null where it names none.
  private static byte @Nullable [] keyId(X509Certificate certificate) {
    byte[] value = certificate.getExtensionValue(SUBJECT_KEY);
    return value == null || value.length < 5 || value.length > 0x7F
        ? null
        : Arrays.copyOfRange(value, 4, value.length);
  }
}
