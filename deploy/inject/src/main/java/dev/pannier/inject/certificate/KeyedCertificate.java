package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// A server's certificate, with those that have signed it, and its key.
///
/// @param chain the server's own first
record KeyedCertificate(List<X509Certificate> chain, PrivateKey key) {
  private static final byte[] PROOF = "the key of this certificate".getBytes(US_ASCII);

  KeyedCertificate {
    chain = List.copyOf(chain);
  }

  /// @param certificates PEM
  /// @param key          PEM: PKCS#8, or the older forms of an RSA or an EC key, which Helm and cert-manager write
  /// @throws GeneralSecurityException where they are none, or not of each other
  static KeyedCertificate read(byte[] certificates, byte[] key) throws GeneralSecurityException {
    List<X509Certificate> chain = new ArrayList<>();
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    try {
      for (Pem.Block block : Pem.decode(certificates)) {
        if (block.label().equals("CERTIFICATE")) {
          chain.add(
              (X509Certificate)
                  factory.generateCertificate(new ByteArrayInputStream(block.content())));
        }
      }
      if (chain.isEmpty()) {
        throw new CertificateException("no certificate in PEM");
      }
      KeyedCertificate read = new KeyedCertificate(chain, key(key, chain.getFirst()));
      read.prove();
      return read;
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("no PEM: " + e.getMessage(), e);
    }
  }

  /// The older forms lack the algorithm, which the certificate names in the same form that PKCS#8 has.
  private static PrivateKey key(byte[] pem, X509Certificate certificate)
      throws GeneralSecurityException {
    PublicKey publicKey = certificate.getPublicKey();
    for (Pem.Block block : Pem.decode(pem)) {
      byte[] encoded =
          switch (block.label()) {
            case "PRIVATE KEY" -> block.content();
            case "RSA PRIVATE KEY", "EC PRIVATE KEY" ->
                Der.sequence(
                    Der.integer(BigInteger.ZERO),
                    Der.first(publicKey.getEncoded()),
                    Der.octetString(block.content()));
            default -> null;
          };
      if (encoded != null) {
        return KeyFactory.getInstance(publicKey.getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(encoded));
      }
    }
    boolean isEncrypted = new String(pem, US_ASCII).contains("ENCRYPTED");
    throw new GeneralSecurityException(
        isEncrypted ? "the key is encrypted: write it plainly" : "no private key in PEM");
  }

  /// Two files that are being replaced may be an old and a new one.
  private void prove() throws GeneralSecurityException {
    PublicKey publicKey = chain.getFirst().getPublicKey();
    String algorithm =
        switch (publicKey.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> publicKey.getAlgorithm();
        };
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(PROOF);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(PROOF);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("the key is not that of the certificate");
    }
  }

  Instant until() {
    return chain.getFirst().getNotAfter().toInstant();
  }
}
