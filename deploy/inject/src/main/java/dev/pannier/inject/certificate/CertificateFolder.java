package dev.pannier.inject.certificate;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.function.Consumer;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/// A certificate and its key in a folder, as a Secret of the type `kubernetes.io/tls` is mounted. What new connections
/// are served with follows the files; a pair that cannot be used is told, and the one before stays.
public final class CertificateFolder {
  static final String CERTIFICATE = "tls.crt";
  static final String KEY = "tls.key";

  private static final long LOOK_NANOS = Duration.ofSeconds(2).toNanos();
  private static final Duration WARN_BEFORE = Duration.ofDays(14);
  private static final Duration WARN_EACH = Duration.ofDays(1);

  /// No file of a Secret is larger.
  private static final long MAX_BYTES = 1 << 20;

  private final Path folder;
  private final InstantSource clock;
  private final Consumer<String> messages;
  private final Keys keys = new Keys();
  private byte[] certificateBytes = new byte[0];
  private byte[] keyBytes = new byte[0];
  private String failure = "";
  private @Nullable Instant warned;
  private long lookedNanos;

  private CertificateFolder(Path folder, InstantSource clock, Consumer<String> messages) {
    this.folder = folder;
    this.clock = clock;
    this.messages = messages;
  }

  /// @param clock    for the certificate's end
  /// @param messages what is to be told, a line each
  /// @throws IOException where there is no pair that can be used
  public static CertificateFolder open(
      Path folder, InstantSource clock, long nowNanos, Consumer<String> messages)
      throws IOException {
    CertificateFolder opened = new CertificateFolder(folder, clock, messages);
    try {
      opened.read();
    } catch (GeneralSecurityException e) {
      throw new IOException(opened.folder + ": " + e.getMessage(), e);
    }
    opened.lookedNanos = nowNanos;
    opened.warn();
    return opened;
  }

  /// Looks at the files now and then.
  ///
  /// @return whether there is another pair now
  public boolean doWork(long nowNanos) {
    if (nowNanos - lookedNanos < LOOK_NANOS) {
      return false;
    }
    lookedNanos = nowNanos;
    boolean changed = false;
    try {
      changed = read();
      failure = "";
    } catch (IOException | GeneralSecurityException e) {
      String now = e.getClass().getSimpleName() + ": " + e.getMessage();
      if (!now.equals(failure)) {
        failure = now;
        messages.accept(
            "pannier: the certificate stays the one before, since the new one cannot be read: "
                + now);
      }
    }
    warn();
    return changed;
  }

  private boolean read() throws IOException, GeneralSecurityException {
    byte[] certificate = bytes(CERTIFICATE);
    byte[] key = bytes(KEY);
    if (Arrays.equals(certificate, certificateBytes) && Arrays.equals(key, keyBytes)) {
      return false;
    }
    KeyedCertificate pair = KeyedCertificate.read(certificate, key);
    keys.take(pair);
    certificateBytes = certificate;
    keyBytes = key;
    warned = null;
    messages.accept("pannier: serving the certificate that is valid until " + pair.until());
    return true;
  }

  private byte[] bytes(String name) throws IOException {
    Path file = folder.resolve(name);
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException(file + ": > " + MAX_BYTES + " bytes");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    }
  }

  private void warn() {
    Instant now = clock.instant();
    Instant until = until();
    boolean isDue = warned == null || !now.isBefore(warned.plus(WARN_EACH));
    if (isDue && now.isAfter(until.minus(WARN_BEFORE))) {
      warned = now;
      messages.accept(
          "pannier: the certificate "
              + (now.isAfter(until) ? "has ended" : "ends")
              + " at "
              + until
              + ": the API server does not ask without a valid one");
    }
  }

  /// When the certificate ends.
  public Instant until() {
    return keys.current.pair.until();
  }

  /// What serves with it. Whom it trusts does not matter: no client has to show a certificate.
  ///
  /// @throws GeneralSecurityException where the Java that runs this lacks TLS
  public SSLContext context() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {keys}, new TrustManager[0], null);
    return context;
  }

  /// A handshake asks by a name that it was given: it gets the pair of that name, though another one came meanwhile.
  private static final class Keys extends X509ExtendedKeyManager {
    private record Named(String name, KeyedCertificate pair) {}

    private volatile @Nullable Named before;

    @SuppressWarnings("NullAway.Init") // the folder is not open without
    private volatile Named current;

    private int taken;

    void take(KeyedCertificate pair) {
      before = current;
      current = new Named("pair-" + ++taken, pair);
    }

    private @Nullable KeyedCertificate pair(@Nullable String name) {
      for (Named named : Arrays.asList(current, before)) {
        if (named != null && named.name.equals(name)) {
          return named.pair;
        }
      }
      return null;
    }

    private @Nullable String choose(@Nullable String keyType) {
      Named named = current;
      return named.pair.key().getAlgorithm().equals(keyType) ? named.name : null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
        @Nullable String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return choose(keyType);
    }

    @Override
    public @Nullable String chooseServerAlias(
        @Nullable String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return choose(keyType);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
      KeyedCertificate pair = pair(alias);
      return pair == null ? null : pair.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
      KeyedCertificate pair = pair(alias);
      return pair == null ? null : pair.key();
    }

    @Override
    public String @Nullable [] getServerAliases(
        @Nullable String keyType, Principal @Nullable [] issuers) {
      String chosen = choose(keyType);
      return chosen == null ? null : new String[] {chosen};
    }

    @Override
    public String @Nullable [] getClientAliases(
        @Nullable String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String @Nullable [] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }
  }
}
