package dev.pannier.collector.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pannier.collector.health.Health;
import dev.pannier.collector.http.Headers;
import dev.pannier.collector.http.HttpHandler;
import dev.pannier.collector.http.HttpRequest;
import dev.pannier.collector.http.HttpResponder;
import dev.pannier.collector.http.HttpResponse;
import java.security.MessageDigest;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The admin address:
///
/// | path | answers | to |
/// |---|---|---|
/// | `/livez` | 200, or 503 with a line for each loop that is dead | anybody |
/// | `/readyz` | 200, or 503 with a line for each thing that is amiss | anybody |
/// | `/metrics` | Prometheus text format 0.0.4 | anybody |
/// | `/status` | JSON: sources, files, shippers, ledger | loopback, or who brings the token |
public final class AdminHandler implements HttpHandler {
  private static final String BEARER = "Bearer ";

  private final Health health;
  private volatile byte @Nullable [] token;
  private final MetricsPage metrics;
  private final StatusPage status;

  /// @param token     what `Authorization: Bearer` has to bring from elsewhere than loopback; null
  ///     where nobody else may see `/status`
  /// @param nanoClock the process's uptime counts from now on
  public AdminHandler(Health health, View view, @Nullable String token, LongSupplier nanoClock) {
    this.health = health;
    token(token);
    Uptime uptime = new Uptime(nanoClock);
    this.metrics = new MetricsPage(view, uptime);
    this.status = new StatusPage(view, uptime);
  }

  /// Another token from the next request on; null as in the constructor. Any thread.
  public void token(@Nullable String other) {
    token = other == null ? null : other.getBytes(UTF_8);
  }

  @Override
  public void handle(HttpRequest request, HttpResponder responder) {
    responder.respond(answer(request));
  }

  /// The probes are answered whatever memory and connections others hold: it costs a few bytes, and
  /// a kubelet that is told 503 ends the container.
  @Override
  public void refuse(HttpRequest request, int status, String reason, HttpResponder responder) {
    String path = request.path();
    if (status == 503 && (path.equals("/livez") || path.equals("/readyz"))) {
      handle(request, responder);
    } else {
      HttpHandler.super.refuse(request, status, reason, responder);
    }
  }

  private HttpResponse answer(HttpRequest request) {
    String path = request.path();
    boolean known =
        switch (path) {
          case "/livez", "/readyz", "/metrics", "/status" -> true;
          default -> false;
        };
    if (!known) {
      return HttpResponse.text(404, "no such page; there are /livez /readyz /metrics /status\n");
    }
    if (!request.method().equals("GET")) {
      return text(405, "only GET\n", "allow", "GET");
    }
    return switch (path) {
      case "/livez" -> state(health.dead(), "alive");
      case "/readyz" -> state(health.unready(), "ready");
      case "/metrics" -> HttpResponse.of(200, MetricsPage.CONTENT_TYPE, metrics.render());
      default -> statusFor(request);
    };
  }

  private static HttpResponse state(List<String> problems, String fine) {
    return problems.isEmpty()
        ? HttpResponse.text(200, fine + "\n")
        : HttpResponse.text(503, String.join("\n", problems) + "\n");
  }

  private HttpResponse statusFor(HttpRequest request) {
    if (!request.client().isLoopbackAddress()) {
      byte[] wanted = token;
      if (wanted == null) {
        return HttpResponse.text(403, "/status answers loopback only: admin.token is not set\n");
      }
      if (!hasToken(request.header("authorization"), wanted)) {
        return text(401, "/status wants admin.token\n", "www-authenticate", "Bearer");
      }
    }
    return HttpResponse.of(200, "application/json", status.render());
  }

  private static boolean hasToken(@Nullable String authorization, byte[] token) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
      return false;
    }
    byte[] brought = authorization.substring(BEARER.length()).strip().getBytes(UTF_8);
    // Takes as long for a wrong first byte as for a wrong last one.
    return MessageDigest.isEqual(token, brought);
  }

  private static HttpResponse text(int status, String body, String header, String value) {
    Headers headers = Headers.of("content-type", "text/plain; charset=utf-8", header, value);
    return new HttpResponse(status, headers, body.getBytes(UTF_8), Headers.NONE);
  }
}
