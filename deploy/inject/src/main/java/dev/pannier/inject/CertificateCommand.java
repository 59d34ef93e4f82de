package dev.pannier.inject;

import dev.pannier.inject.certificate.Authority;
import dev.pannier.inject.certificate.SelfSigned;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "certificate",
    description = {
      "Make a certificate for the webhook, self-signed or by an authority: a Secret on standard"
          + " output, with the caBundle for its configuration above it.",
      "With manifests (--filename): those, with the caBundle in their webhooks, and the Secret"
          + " after them, for kubectl apply."
    },
    mixinStandardHelpOptions = true)
final class CertificateCommand implements Callable<Integer> {
  /// Clocks of a cluster differ.
  private static final Duration BEFORE = Duration.ofHours(1);

  private static final int MAX_DAYS = 36_500;
  private static final int DAYS = 3650;

  /// What an authority signs can be renewed without a change of the configuration.
  private static final int SIGNED_DAYS = 365;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  /// @param authority whom to trust, PEM
  private record Made(String certificate, String key, String authority) {}

  private final InputStream in;
  private final OutputStream out;
  private final PrintWriter messages;
  private final InstantSource clock = InstantSource.system();

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = {"-f", "--filename"},
      paramLabel = "FILE",
      description =
          "A manifest, a folder with manifests, or - for standard input. May be repeated.")
  private List<String> names = List.of();

  @Option(
      names = "--namespace",
      paramLabel = "NAME",
      description = "Of the webhook's Service, where no manifest says it. By default: pannier.")
  private @Nullable String namespace;

  @Option(
      names = "--service",
      paramLabel = "NAME",
      description =
          "The webhook's Service, where no manifest says it. By default: pannier-webhook.")
  private @Nullable String service;

  @Option(
      names = "--secret",
      paramLabel = "NAME",
      description = "The Secret. By default it has the Service's name.")
  private @Nullable String secret;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "A name or an address by which the webhook is asked as well. May be repeated.")
  private List<String> hosts = List.of();

  @Option(
      names = "--days",
      paramLabel = "DAYS",
      description = "How long it is valid. By default: 3650, and 365 where an authority signs it.")
  private @Nullable Integer days;

  @Option(
      names = "--authority",
      paramLabel = "FOLDER",
      description =
          "Signs it with ca.key, and puts ca.crt into the caBundle, which stays the same when the"
              + " certificate is renewed. Both are made where the folder has neither; an authority"
              + " is valid for 3650 days.")
  private @Nullable Path authority;

  @Option(
      names = "--trust",
      paramLabel = "FILE",
      description =
          "A certificate (PEM) that is in the caBundle, too: the one before, until all replicas"
              + " serve the new one. May be repeated.")
  private List<Path> trusted = List.of();

  CertificateCommand(InputStream in, OutputStream out, PrintWriter messages) {
    this.in = in;
    this.out = out;
    this.messages = messages;
  }

  @Override
  public Integer call() throws IOException, GeneralSecurityException {
    int valid = days == null ? authority == null ? DAYS : SIGNED_DAYS : days;
    if (valid < 1 || valid > MAX_DAYS) {
      throw wrong("--days: is not from 1 to " + MAX_DAYS + " (" + valid + ")");
    }
    List<ManifestFile> files = names.isEmpty() ? List.of() : ManifestFile.find(names, in);
    CertificateAuthorities manifests = new CertificateAuthorities(files);
    if (!manifests.problems().isEmpty()) {
      manifests.problems().forEach(messages::println);
      messages.println("pannier: nothing was written");
      return CommandLine.ExitCode.USAGE;
    }
    List<CertificateAuthorities.Service> services = services(manifests);
    Set<String> all = new LinkedHashSet<>();
    services.forEach(each -> all.add(each.host()));
    all.addAll(hosts);
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant until = now.plus(Duration.ofDays(valid));
    Made made;
    try {
      made = make(List.copyOf(all), now, until);
    } catch (IllegalArgumentException e) {
      throw wrong("--host: " + e.getMessage());
    }
    String bundle = base64(bundle(made.authority()));
    CertificateAuthorities.Service first = services.getFirst();
    String text = secret(first, String.join(", ", all), until, made, bundle);
    List<String> texts = new ArrayList<>(manifests.with(bundle));
    texts.add(text);
    out.write(Manifests.joined(texts).getBytes(StandardCharsets.UTF_8));
    out.flush();
    messages.println(
        "pannier: a certificate for %s, valid until %s".formatted(String.join(", ", all), until));
    return CommandLine.ExitCode.OK;
  }

  private Made make(List<String> all, Instant now, Instant until)
      throws IOException, GeneralSecurityException {
    SecureRandom random = new SecureRandom();
    Instant from = now.minus(BEFORE);
    if (authority == null) {
      SelfSigned own = SelfSigned.make(all, from, until, random);
      return new Made(own.certificate(), own.key(), own.certificate());
    }
    Authority signing = authority(authority, now, random);
    Authority.Signed signed;
    try {
      Instant end = signing.until();
      if (until.isAfter(end)) {
        throw wrong(
            "--days: the authority ends before, at %s: take another folder, and --trust the ca.crt of"
                    .formatted(end)
                + " this one ("
                + authority
                + ")");
      }
      signed = signing.sign(all, from, until, random);
    } catch (GeneralSecurityException e) {
      throw wrong("--authority: " + e.getMessage() + " (" + authority + ")");
    }
    return new Made(signed.certificate(), signed.key(), signing.certificate());
  }

  /// The one in a folder. Its key is nobody's but its owner's, from its first byte on.
  private Authority authority(Path folder, Instant now, SecureRandom random)
      throws IOException, GeneralSecurityException {
    Path certificate = folder.resolve("ca.crt");
    Path key = folder.resolve("ca.key");
    if (Files.exists(certificate) && Files.exists(key)) {
      return new Authority(Files.readString(certificate), Files.readString(key));
    }
    if (Files.exists(certificate) || Files.exists(key)) {
      throw wrong("--authority: has one of ca.crt and ca.key, and not the other (" + folder + ")");
    }
    Authority made = Authority.make(now.minus(BEFORE), now.plus(Duration.ofDays(DAYS)), random);
    Files.createDirectories(folder);
    Files.createFile(key, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    Files.writeString(key, made.key());
    Files.writeString(certificate, made.certificate());
    messages.println("pannier: made an authority: keep " + key + " to renew what it signs");
    return made;
  }

  private List<CertificateAuthorities.Service> services(CertificateAuthorities manifests) {
    if (namespace == null && service == null && !manifests.services().isEmpty()) {
      return manifests.services();
    }
    return List.of(
        new CertificateAuthorities.Service(
            service == null ? "pannier-webhook" : service,
            namespace == null ? "pannier" : namespace));
  }

  private String bundle(String certificate) throws IOException {
    StringBuilder bundle = new StringBuilder(certificate);
    for (Path file : trusted) {
      String other = Files.readString(file);
      if (!other.contains("-----BEGIN CERTIFICATE-----") || other.contains("PRIVATE KEY")) {
        throw wrong("--trust: is no certificate in PEM (" + file + ")");
      }
      bundle.append(other.strip()).append('\n');
    }
    return bundle.toString();
  }

  private String secret(
      CertificateAuthorities.Service service,
      String hosts,
      Instant until,
      Made made,
      String bundle) {
    return """
    # For %s, valid until %s. The caBundle of its webhooks:
    # %s
    apiVersion: v1
    kind: Secret
    metadata:
      name: %s
      namespace: %s
    type: kubernetes.io/tls
    data:
      ca.crt: %s
      tls.crt: %s
      tls.key: %s
    """
        .formatted(
            hosts,
            until,
            bundle,
            secret == null ? service.name() : secret,
            service.namespace(),
            authority == null ? bundle : base64(made.authority()),
            base64(made.certificate()),
            base64(made.key()));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
  }

  private ParameterException wrong(String message) {
    return new ParameterException(
        spec == null ? new CommandLine(this) : spec.commandLine(), message);
  }
}
