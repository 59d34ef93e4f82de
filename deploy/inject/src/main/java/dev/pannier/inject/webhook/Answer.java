package dev.pannier.inject.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;

/// @param status HTTP's
record Answer(int status, String contentType, byte[] body) {
  static Answer text(int status, String line) {
    return new Answer(status, "text/plain; charset=utf-8", (line + "\n").getBytes(UTF_8));
  }

  static Answer metrics(String page) {
    return new Answer(200, WebhookMetrics.CONTENT_TYPE, page.getBytes(UTF_8));
  }

  static Answer json(byte[] body) {
    return new Answer(200, "application/json", body);
  }
}
