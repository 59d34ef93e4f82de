package dev.pannier.inject;

import dev.pannier.inject.certificate.CertificateFolder;
import dev.pannier.inject.pod.Injection;
import dev.pannier.inject.pod.Problem;
import dev.pannier.inject.webhook.Admission;
import dev.pannier.inject.webhook.WebhookServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "webhook",
    description =
        "Serve the admission webhook, which does to Pods what inject does to manifests, until"
            + " SIGTERM.",
    mixinStandardHelpOptions = true)
final class WebhookCommand implements Callable<Integer> {
  private final PrintWriter messages;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Where it listens. By default: ${DEFAULT-VALUE}.")
  private String listen = "0.0.0.0:8443";

  @Option(
      names = "--tls",
      paramLabel = "FOLDER",
      description =
          "With tls.crt and tls.key, as a Secret is mounted; read again when they change. By"
              + " default: ${DEFAULT-VALUE}.")
  private Path tls = Path.of("/var/run/secrets/pannier-webhook");

  @Option(
      names = "--drain",
      paramLabel = "SECONDS",
      description =
          "How long it answers after SIGTERM, while the cluster learns that it goes. By default:"
              + " ${DEFAULT-VALUE}.")
  private int drainSeconds = 5;

  @Mixin private InjectionOptions options = new InjectionOptions();

  WebhookCommand(PrintWriter messages) {
    this.messages = messages;
  }

  @Override
  public Integer call() throws IOException, GeneralSecurityException, InterruptedException {
    InetSocketAddress address = address();
    Injection injection = new Injection(options.defaults());
    List<Problem> problems = injection.problems();
    if (!problems.isEmpty()) {
      problems.forEach(problem -> messages.println("pannier: " + problem));
      return CommandLine.ExitCode.USAGE;
    }
    CertificateFolder certificates =
        CertificateFolder.open(tls, InstantSource.system(), System.nanoTime(), messages::println);
    WebhookServer server =
        new WebhookServer(address, certificates, new Admission(injection, messages::println));
    // What a hook can do and the default cannot: end with 0.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server), "webhook-end"));
    server.start();
    messages.println("pannier: listening on " + shown(server.address()));
    new CountDownLatch(1).await();
    return CommandLine.ExitCode.OK;
  }

  private void end(WebhookServer server) {
    messages.println("pannier: stopping: answering for " + drainSeconds + " s more");
    server.drain();
    try {
      if (!new CountDownLatch(1).await(drainSeconds, TimeUnit.SECONDS)) {
        server.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    messages.println("pannier: stopped");
    Runtime.getRuntime().halt(CommandLine.ExitCode.OK);
  }

  private InetSocketAddress address() {
    int colon = listen.lastIndexOf(':');
    String host = colon < 0 ? "" : listen.substring(0, colon);
    String port = listen.substring(colon + 1);
    if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
      throw wrong("--listen: is no HOST:PORT (" + listen + ")");
    }
    if (drainSeconds < 0) {
      throw wrong("--drain: < 0 (" + drainSeconds + ")");
    }
    InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(port));
    if (address.isUnresolved()) {
      throw wrong("--listen: no such host (" + listen + ")");
    }
    return address;
  }

  private static String shown(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  private ParameterException wrong(String message) {
    return new ParameterException(
        spec == null ? new CommandLine(this) : spec.commandLine(), message);
  }
}
