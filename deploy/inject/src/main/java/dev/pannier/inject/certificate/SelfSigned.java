package dev.pannier.inject.certificate;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;

/// A certificate that is signed with its own key. It is a server's and no authority's: whoever
/// trusts it trusts this one key for these names, and nothing that it could sign.
///
/// @param certificate as PEM
/// @param key         as PEM, of PKCS#8
public record SelfSigned(String certificate, String key) {
  /// @param hosts names and addresses that clients know the server by
  /// @param from  to the second, as `until`
  /// @throws GeneralSecurityException where the Java that runs this lacks an algorithm
  /// @throws IllegalArgumentException for a host that is none
  public static SelfSigned make(
      List<String> hosts, Instant from, Instant until, SecureRandom random)
      throws GeneralSecurityException {
    CertificateWriter writer = new CertificateWriter(random);
    byte[] extensions = CertificateWriter.serverExtensions(hosts, null);
    KeyPair pair = writer.keys();
    byte[] name = CertificateWriter.name("Pannier's admission webhook");
    byte[] signed =
        writer.write(name, pair.getPrivate(), name, pair.getPublic(), from, until, extensions);
    return new SelfSigned(
        Pem.encode("CERTIFICATE", signed),
        Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }
}
