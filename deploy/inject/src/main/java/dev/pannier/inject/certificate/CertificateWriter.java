package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes certificates (X.509 version 3, RFC 5280): a server's and an authority's, for keys of the curve P-256.
final class CertificateWriter {
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
  private static final String RSA_WITH_SHA256 = "1.2.840.113549.1.1.11";
  private static final String SUBJECT_KEY = "2.5.29.14";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String AUTHORITY_KEY = "2.5.29.35";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";

  private static final int VERSION_3 = 2;
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  /// Of nine bits the first, and of what follows it none is set.
  private static final byte DIGITAL_SIGNATURE = (byte) 0x80;

  /// The sixth.
  private static final byte CERTIFICATE_SIGNATURE = 0x04;

  /// Of the twenty bytes at most that a number may have.
  private static final int SERIAL_BITS = 152;

  private static final int KEY_ID_BYTES = 20;

  private final SecureRandom random;

  CertificateWriter(SecureRandom random) {
    this.random = random;
  }

  KeyPair keys() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    return generator.generateKeyPair();
  }

  static byte[] name(String commonName) {
    return Der.sequence(
        Der.set(Der.sequence(Der.objectIdentifier(COMMON_NAME), Der.utf8(commonName))));
  }

  /// @param from  to the second, as `until`
  /// @return DER
  byte[] write(
      byte[] issuer,
      PrivateKey issuerKey,
      byte[] subject,
      PublicKey key,
      Instant from,
      Instant until,
      byte[] extensions)
      throws GeneralSecurityException {
    boolean isRsa = issuerKey.getAlgorithm().equals("RSA");
    byte[] algorithm =
        isRsa
            ? Der.sequence(Der.objectIdentifier(RSA_WITH_SHA256), Der.NULL)
            : Der.sequence(Der.objectIdentifier(ECDSA_WITH_SHA256));
    byte[] certificate =
        Der.sequence(
            Der.explicit(0, Der.integer(BigInteger.valueOf(VERSION_3))),
            Der.integer(new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS)),
            algorithm,
            issuer,
            Der.sequence(Der.time(from), Der.time(until)),
            subject,
            key.getEncoded(),
            Der.explicit(3, extensions));
    Signature signature = Signature.getInstance(isRsa ? "SHA256withRSA" : "SHA256withECDSA");
    signature.initSign(issuerKey, random);
    signature.update(certificate);
    return Der.sequence(certificate, algorithm, Der.bitString(0, signature.sign()));
  }

  /// @param hosts     names and addresses that clients know the server by
  /// @param authority the id of the key that signs it; null for its own
  /// @throws IllegalArgumentException for a host that is none
  static byte[] serverExtensions(List<String> hosts, byte @Nullable [] authority) {
    List<byte[]> names = new ArrayList<>();
    for (String host : hosts) {
      names.add(
          isAddress(host)
              ? Der.implicit(IP_ADDRESS, InetAddress.ofLiteral(host).getAddress())
              : Der.implicit(DNS_NAME, dnsName(host).getBytes(US_ASCII)));
    }
    List<byte[]> extensions = new ArrayList<>();
    extensions.add(critical(BASIC_CONSTRAINTS, Der.sequence()));
    extensions.add(critical(KEY_USAGE, Der.bitString(7, DIGITAL_SIGNATURE)));
    extensions.add(
        extension(EXTENDED_KEY_USAGE, Der.sequence(Der.objectIdentifier(SERVER_AUTHENTICATION))));
    extensions.add(extension(SUBJECT_ALTERNATIVE_NAME, Der.sequence(names.toArray(byte[][]::new))));
    if (authority != null) {
      extensions.add(extension(AUTHORITY_KEY, Der.sequence(Der.implicit(0, authority))));
    }
    return Der.sequence(extensions.toArray(byte[][]::new));
  }

  /// Of an authority that signs servers' certificates, and no other authority's.
  static byte[] authorityExtensions(PublicKey key) throws GeneralSecurityException {
    return Der.sequence(
        critical(BASIC_CONSTRAINTS, Der.sequence(Der.TRUE, Der.integer(BigInteger.ZERO))),
        critical(KEY_USAGE, Der.bitString(2, CERTIFICATE_SIGNATURE)),
        extension(SUBJECT_KEY, Der.octetString(keyId(key))));
  }

  private static byte[] keyId(PublicKey key) throws GeneralSecurityException {
    return Arrays.copyOf(
        MessageDigest.getInstance("SHA-256").digest(key.getEncoded()), KEY_ID_BYTES);
  }

  private static byte[] extension(String id, byte[] value) {
    return Der.sequence(Der.objectIdentifier(id), Der.octetString(value));
  }

  private static byte[] critical(String id, byte[] value) {
    return Der.sequence(Der.objectIdentifier(id), Der.TRUE, Der.octetString(value));
  }

  private static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || host.matches("[0-9]+(\\.[0-9]+){3}");
  }

  private static String dnsName(String host) {
    if (host.length() > 253
        || host.matches("[0-9.]*")
        || !host.matches("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")) {
      throw new IllegalArgumentException("is no host's name (" + host + ")");
    }
    return host;
  }
}
