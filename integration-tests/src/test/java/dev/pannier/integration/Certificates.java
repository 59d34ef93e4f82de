package dev.pannier.integration;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/// An authority and identities that it has signed, made by the JDK's keytool. Each identity is a key
/// store (`NAME.p12`) and PEM files (`NAME.crt`, `NAME.key`); the authority's certificate is
/// `ca.crt`.
final class Certificates {
  static final String PASSWORD = "st0re-p4ssword";

  private final Path folder;

  Certificates(Path folder) throws Exception {
    this.folder = Files.createDirectories(folder);
    keytool("-genkeypair", "-alias", "ca", "-dname", "CN=authority", "-ext", "bc:c");
    try (InputStream in = Files.newInputStream(all())) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      pem(file("ca.crt"), "CERTIFICATE", store.getCertificate("ca").getEncoded());
    }
  }

  /// Makes an identity for the loopback address.
  ///
  /// @param more keytool's options
  Certificates add(String name, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-genkeypair",
                "-alias",
                name,
                "-signer",
                "ca",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:localhost,ip:127.0.0.1"));
    arguments.addAll(List.of(more));
    keytool(arguments.toArray(String[]::new));
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(all())) {
      store.load(in, PASSWORD.toCharArray());
    }
    Key key = store.getKey(name, PASSWORD.toCharArray());
    Certificate[] chain = store.getCertificateChain(name);
    pem(file(name + ".key"), "PRIVATE KEY", key.getEncoded());
    pem(file(name + ".crt"), "CERTIFICATE", chain[0].getEncoded());
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(name, key, PASSWORD.toCharArray(), chain);
    try (OutputStream out = Files.newOutputStream(file(name + ".p12"))) {
      own.store(out, PASSWORD.toCharArray());
    }
    return this;
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  private Path all() {
    return file("all.p12");
  }

  /// For a server that is this identity and trusts the authority.
  SSLSocketFactory sockets(String name) throws IOException, GeneralSecurityException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file(name + ".p12"))) {
      own.load(in, PASSWORD.toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", own.getCertificateChain(name)[1]);
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context.getSocketFactory();
  }

  private static void pem(Path file, String what, byte[] der) throws IOException {
    String base64 = Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(der);
    Files.writeString(
        file, "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n");
  }

  private void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-keyalg", "EC", "-keystore", all().toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    Path log = file("keytool.log");
    Process keytool =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!keytool.waitFor(60, TimeUnit.SECONDS) || keytool.exitValue() != 0) {
      throw new IllegalStateException(Files.readString(log));
    }
  }
}
