package dev.pannier.inject.certificate;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// A certificate (X.509 version 3, RFC 5280) that is signed with its own key, of the curve P-256. It is a server's and no authority's: whoever
/// trusts it trusts this one key for these names, and nothing that it could sign.
///
/// @param certificate as PEM
/// @param key         as PEM, of PKCS#8
public record SelfSigned(String certificate, String key) {
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
  private static final String KEY_USAGE = "2.5.29.15";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final String EXTENDED_KEY_USAGE = "2.5.29.37";
  private static final String SERVER_AUTHENTICATION = "1.3.6.1.5.5.7.3.1";

  private static final int VERSION_3 = 2;
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  /// The first of nine bits, of which seven of its byte do not count.
  private static final byte DIGITAL_SIGNATURE = (byte) 0x80;

  /// Of the twenty bytes at most that a number may have.
  private static final int SERIAL_BITS = 152;

  /// @param hosts names and addresses that clients know the server by
  /// @param from  to the second, as `until`
  /// @throws GeneralSecurityException where the Java that runs this lacks an algorithm
  /// @throws IllegalArgumentException for a host that is none
  public static SelfSigned make(
      List<String> hosts, Instant from, Instant until, SecureRandom random)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    KeyPair pair = generator.generateKeyPair();
    byte[] algorithm = Der.sequence(Der.objectIdentifier(ECDSA_WITH_SHA256));
    byte[] name =
        Der.sequence(
            Der.set(
                Der.sequence(
                    Der.objectIdentifier(COMMON_NAME), Der.utf8("Pannier's admission webhook"))));
    byte[] certificate =
        Der.sequence(
            Der.explicit(0, Der.integer(BigInteger.valueOf(VERSION_3))),
            Der.integer(new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS)),
            algorithm,
            name,
            Der.sequence(Der.time(from), Der.time(until)),
            name,
            pair.getPublic().getEncoded(),
            Der.explicit(3, extensions(hosts)));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate(), random);
    signature.update(certificate);
    byte[] signed = Der.sequence(certificate, algorithm, Der.bitString(0, signature.sign()));
    return new SelfSigned(
        Pem.encode("CERTIFICATE", signed),
        Pem.encode("PRIVATE KEY", pair.getPrivate().getEncoded()));
  }

  private static byte[] extensions(List<String> hosts) {
    List<byte[]> names = new ArrayList<>();
    for (String host : hosts) {
      names.add(
          isAddress(host)
              ? Der.implicit(IP_ADDRESS, InetAddress.ofLiteral(host).getAddress())
              : Der.implicit(DNS_NAME, dnsName(host).getBytes(US_ASCII)));
    }
    return Der.sequence(
        critical(BASIC_CONSTRAINTS, Der.sequence()),
        critical(KEY_USAGE, Der.bitString(7, DIGITAL_SIGNATURE)),
        extension(EXTENDED_KEY_USAGE, Der.sequence(Der.objectIdentifier(SERVER_AUTHENTICATION))),
        extension(SUBJECT_ALTERNATIVE_NAME, Der.sequence(names.toArray(byte[][]::new))));
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
