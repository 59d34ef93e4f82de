package dev.pannier.shippers.otlp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.pannier.shippers.FileVersion;
import dev.pannier.shippers.ShipperSettings.Tls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// What TLS needs, out of PEM files (RFC 7468): certificates, and a private key in PKCS #8
/// (`BEGIN PRIVATE KEY`).
///
/// @param trust whom the client trusts
record TlsFiles(SSLSocketFactory sockets, X509TrustManager trust) {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----([^-]*)-----END");

  private static final char[] NO_PASSWORD = {};

  /// @param tls null for the JDK's authorities and no certificate of our own
  /// @throws IOException naming the file that cannot be read
  static TlsFiles load(@Nullable Tls tls) throws IOException {
    Path ca = tls == null ? null : tls.ca();
    Path cert = tls == null ? null : tls.cert();
    Path key = tls == null ? null : tls.key();
    try {
      X509TrustManager trust = trust(ca == null ? null : certificates(ca));
      KeyManager @Nullable [] own = cert == null || key == null ? null : own(cert, key);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(own, new TrustManager[] {trust}, null);
      return new TlsFiles(context.getSocketFactory(), trust);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /// Of each of the files that are named.
  static List<String> versions(Tls tls) {
    List<String> versions = new ArrayList<>(3);
    for (Path file : new @Nullable Path[] {tls.ca(), tls.cert(), tls.key()}) {
      if (file != null) {
        versions.add(String.valueOf(FileVersion.of(file)));
      }
    }
    return versions;
  }

  private static X509TrustManager trust(@Nullable Collection<? extends Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = null;
    if (authorities != null) {
      store = emptyStore();
      int number = 0;
      for (Certificate authority : authorities) {
        store.setCertificateEntry("ca" + number++, authority);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        return x509;
      }
    }
    throw new GeneralSecurityException("this JDK has no X.509 trust manager");
  }

  private static KeyManager[] own(Path cert, Path key)
      throws GeneralSecurityException, IOException {
    KeyStore store = emptyStore();
    Certificate[] chain = certificates(cert).toArray(Certificate[]::new);
    PrivateKey privateKey = privateKey(key, chain[0].getPublicKey().getAlgorithm());
    store.setKeyEntry("own", privateKey, NO_PASSWORD, chain);
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static Collection<? extends Certificate> certificates(Path file) throws IOException {
    Collection<? extends Certificate> certificates;
    try (ByteArrayInputStream bytes = new ByteArrayInputStream(Files.readAllBytes(file))) {
      certificates = CertificateFactory.getInstance("X.509").generateCertificates(bytes);
    } catch (CertificateException e) {
      throw new IOException(file + " holds no certificate in PEM: " + e.getMessage());
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return certificates;
  }

  private static PrivateKey privateKey(Path file, String algorithm)
      throws IOException, GeneralSecurityException {
    Matcher pem = KEY.matcher(Files.readString(file, US_ASCII));
    if (!pem.find()) {
      throw new IOException(file + " holds no private key in PEM");
    }
    String kind = pem.group(1);
    if (!kind.isEmpty()) {
      String how =
          kind.startsWith("ENCRYPTED")
              ? "is encrypted, which is not supported; mount it decrypted: openssl pkcs8 -in KEY"
                  + " -out NEW"
              : "is not in PKCS #8; convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW";
      throw new IOException(file + " " + how);
    }
    try {
      byte[] der = Base64.getMimeDecoder().decode(pem.group(2));
      return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    } catch (InvalidKeySpecException | IllegalArgumentException e) {
      // The cause might quote the key.
      throw new IOException(file + " holds no " + algorithm + " key, as its certificate asks for");
    }
  }
}
