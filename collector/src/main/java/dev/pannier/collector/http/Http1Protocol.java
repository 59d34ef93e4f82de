package dev.pannier.collector.http;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// HTTP/1.1 (RFC 9112). One request at a time: what a pipelining client sends ahead waits, up to
/// [#READ_AHEAD] bytes, until the answer before it is out.
final class Http1Protocol implements Protocol {
  private enum State {
    /// Reading request line and fields.
    HEAD,
    /// Reading a body of known length.
    BODY,
    CHUNK_SIZE,
    CHUNK,
    /// The CR LF behind a chunk.
    CHUNK_END,
    TRAILERS,
    /// The request is complete; the answer is awaited.
    WAITING,
    /// Nothing is read any more.
    CLOSED
  }

  private static final int READ_AHEAD = 8 * 1024;
  private static final int READ_BYTES = 64 * 1024;
  private static final int MAX_CHUNK_LINE = 256;

  /// What a request costs besides its head and body.
  private static final int REQUEST_BYTES = 1024;

  private static final byte[] EMPTY = {};

  private final Connection connection;
  private final boolean refused;

  private State state = State.HEAD;

  /// The head, a chunk's size line, or the trailers, as far as they are here.
  private byte[] line = EMPTY;

  private int lineLength;

  /// Where in `line` the line that is being read begins.
  private int lineStart;

  private byte[] ahead = EMPTY;

  /// Since when it is idle, or the request is on its way.
  private long sinceNanos;

  /// When the last answer was given, or it began.
  private long idleSinceNanos;

  private boolean hasAsked;
  private @Nullable HttpRequest request;
  private @Nullable Exchange exchange;
  private @Nullable Body body;
  private long reservedBytes;
  private long remaining;
  private boolean chunked;
  private boolean keepAlive = true;

  /// The client sends no more than what has come.
  private boolean inputEnded;

  private boolean head;

  /// The request was refused: its body is read over, if it is not too long.
  private boolean discarding;

  private long discarded;

  /// The answer is out before the request's body is in.
  private boolean answered;

  /// @param refused whether the first request is answered with 503 and the connection closed
  Http1Protocol(Connection connection, boolean refused, long nowNanos) {
    this.connection = connection;
    this.refused = refused;
    this.sinceNanos = nowNanos;
    this.idleSinceNanos = nowNanos;
  }

  @Override
  public int wantedBytes() {
    return switch (state) {
      // Where something was sent ahead, it waits until the client has read its answers.
      case HEAD -> ahead.length > 0 ? 0 : READ_AHEAD;
      case CHUNK_SIZE, CHUNK_END, TRAILERS -> READ_AHEAD;
      case BODY -> (int) Math.min(READ_BYTES, remaining);
      case CHUNK -> (int) Math.min(READ_BYTES, remaining + READ_AHEAD / 2);
      case WAITING -> Math.max(0, READ_AHEAD - ahead.length);
      case CLOSED -> 0;
    };
  }

  @Override
  public boolean isBusy() {
    return exchange != null;
  }

  @Override
  public boolean isBeginning() {
    return state == State.HEAD && (lineLength > 0 || !hasAsked);
  }

  @Override
  public boolean hasAsked() {
    return hasAsked;
  }

  @Override
  public long idleNanos(long nowNanos) {
    return state == State.HEAD && ahead.length == 0 ? nowNanos - sinceNanos : -1;
  }

  @Override
  public void received(ByteBuffer in, long nowNanos) {
    try {
      while (in.hasRemaining()) {
        switch (state) {
          case HEAD -> readHead(in, nowNanos);
          case BODY -> readBody(in);
          case CHUNK_SIZE -> readChunkSize(in);
          case CHUNK -> readChunk(in);
          case CHUNK_END -> readChunkEnd(in);
          case TRAILERS -> readTrailers(in);
          case WAITING -> {
            int before = ahead.length;
            ahead = Arrays.copyOf(ahead, before + in.remaining());
            in.get(ahead, before, in.remaining());
          }
          case CLOSED -> in.position(in.limit());
        }
      }
    } catch (BadRequest e) {
      if (exchange != null && !answered) {
        keepAlive = false;
        refuse(e.status, e.reason);
      } else {
        fail(e.status, e.reason);
      }
    }
  }

  @Override
  public boolean inputEnded() {
    inputEnded = true;
    keepAlive &= ahead.length > 0;
    return state == State.WAITING || ahead.length > 0;
  }

  private void readHead(ByteBuffer in, long nowNanos) throws BadRequest {
    if (lineLength == 0) {
      sinceNanos = nowNanos;
    }
    while (readLine(in)) {
      checkHeadLimits();
      int length = lineLength - lineStart;
      if (length < 2 || line[lineLength - 2] != '\r') {
        throw new BadRequest(400, "a line does not end in CR LF");
      }
      if (length == 2) {
        if (lineStart > 0) {
          beginRequest();
          return;
        }
        // An empty line before the request line (RFC 9112, section 2.2): it asks for nothing.
        lineLength = 0;
        sinceNanos = idleSinceNanos;
      }
      lineStart = lineLength;
    }
    checkHeadLimits();
  }

  private void checkHeadLimits() throws BadRequest {
    ServerSettings settings = connection.settings;
    if (lineStart == 0 && lineLength > settings.maxTargetBytes()) {
      throw new BadRequest(414, "the target has more than " + settings.maxTargetBytes() + " bytes");
    }
    if (lineLength > settings.maxHeadBytes()) {
      throw new BadRequest(431, "the head has more than " + settings.maxHeadBytes() + " bytes");
    }
  }

  private void beginRequest() throws BadRequest {
    Http1Head parsed = Http1Head.parse(line, lineLength, connection.settings.maxHeaders());
    int headBytes = lineLength;
    resetLine();
    hasAsked = true;
    request =
        new HttpRequest(parsed.method(), parsed.target(), parsed.headers(), connection.client);
    exchange = new Exchange(connection);
    keepAlive &= parsed.keepAlive();
    chunked = parsed.chunked();
    remaining = parsed.contentLength();
    head = parsed.method().equals("HEAD");
    discarding = false;
    discarded = 0;
    answered = false;
    body = new Body(connection.endpoint, false);
    if (refused) {
      keepAlive = false;
      discarding = true;
      state = State.CLOSED;
      connection.refuseConnection(request, exchange);
      return;
    }
    boolean fits = connection.endpoint.budget.tryReserve(REQUEST_BYTES + headBytes);
    reservedBytes = fits ? REQUEST_BYTES + headBytes : 0;
    Body.Result result = fits ? body.expect(remaining) : Body.Result.NO_MEMORY;
    if (result != Body.Result.TAKEN) {
      // A client that waits for 100 may send its body or not.
      keepAlive &= !parsed.expects() && remaining <= 2L * connection.endpoint.maxBodyBytes;
      refuse(result);
    } else if (parsed.expects()) {
      connection.output.put("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (state != State.CLOSED) {
      state = chunked ? State.CHUNK_SIZE : State.BODY;
      if (!chunked && remaining == 0) {
        endOfRequest();
      }
    }
  }

  private void readBody(ByteBuffer in) {
    int count = (int) Math.min(in.remaining(), remaining);
    take(in, count);
    if (state == State.BODY && remaining == 0) {
      endOfRequest();
    }
  }

  private void readChunkSize(ByteBuffer in) throws BadRequest {
    if (!readLine(in)) {
      if (lineLength > MAX_CHUNK_LINE) {
        throw new BadRequest(400, "a chunk's size has more than " + MAX_CHUNK_LINE + " bytes");
      }
      return;
    }
    remaining = chunkSize();
    resetLine();
    state = remaining == 0 ? State.TRAILERS : State.CHUNK;
  }

  /// `1*HEXDIG [ chunk-ext ] CRLF` (RFC 9112, section 7.1); extensions are read over.
  private long chunkSize() throws BadRequest {
    long size = 0;
    int i = 0;
    while (i < lineLength && Character.digit(line[i], 16) >= 0) {
      size = size << 4 | Character.digit(line[i], 16);
      i++;
    }
    boolean ended = line[i] == '\r' || line[i] == ';' || line[i] == ' ' || line[i] == '\t';
    boolean lineEnds = lineLength >= 2 && line[lineLength - 2] == '\r';
    for (int j = i; j < lineLength - 2; j++) {
      lineEnds &= line[j] != '\r';
    }
    if (i == 0 || i > 8 || !ended || !lineEnds) {
      throw new BadRequest(400, "a chunk's size is no hexadecimal number");
    }
    return size;
  }

  private void readChunk(ByteBuffer in) {
    take(in, (int) Math.min(in.remaining(), remaining));
    if (state == State.CHUNK && remaining == 0) {
      state = State.CHUNK_END;
    }
  }

  private void readChunkEnd(ByteBuffer in) throws BadRequest {
    boolean ended = readLine(in);
    if (lineLength > 2
        || (lineLength > 0 && line[0] != '\r')
        || (lineLength == 2 && line[1] != '\n')) {
      throw new BadRequest(400, "a chunk does not end in CR LF");
    }
    if (ended) {
      resetLine();
      state = State.CHUNK_SIZE;
    }
  }

  private void readTrailers(ByteBuffer in) throws BadRequest {
    while (readLine(in)) {
      if (lineLength - lineStart == 2 && line[lineStart] == '\r') {
        resetLine();
        endOfRequest();
        return;
      }
      lineStart = lineLength;
    }
    if (lineLength > connection.settings.maxHeadBytes()) {
      throw new BadRequest(431, "more trailers than " + connection.settings.maxHeadBytes());
    }
  }

  private void take(ByteBuffer in, int count) {
    remaining -= count;
    if (discarding || body == null) {
      in.position(in.position() + count);
      discarded += count;
      if (discarded > 2L * connection.endpoint.maxBodyBytes) {
        keepAlive = false;
        state = State.CLOSED;
        if (answered) {
          connection.closeAfterOutput();
        }
      }
      return;
    }
    Body.Result result = body.take(in, count);
    if (result != Body.Result.TAKEN) {
      in.position(in.position() + count);
      refuse(result);
    }
  }

  private void endOfRequest() {
    if (answered) {
      next();
      return;
    }
    state = State.WAITING;
    if (!discarding && request != null && exchange != null && body != null) {
      body.moveTo(request);
      connection.handle(request, exchange);
    }
  }

  private void refuse(Body.Result result) {
    if (result == Body.Result.TOO_LARGE) {
      refuse(413, "the body has more than " + connection.endpoint.maxBodyBytes + " bytes");
    } else if (result == Body.Result.NEVER_MEMORY) {
      refuse(413, Body.NEVER_MEMORY);
    } else {
      refuse(503, "no memory is free for the request now");
    }
  }

  private void refuse(int status, String reason) {
    if (request == null || exchange == null || body == null) {
      return;
    }
    discarding = true;
    body.release();
    if (!keepAlive) {
      state = State.CLOSED;
    }
    connection.refuse(request, status, reason, exchange);
  }

  /// Answers what is no request, and closes.
  private void fail(int status, String reason) {
    if (!answered && status != BadRequest.NO_ANSWER) {
      keepAlive = false;
      head = false;
      write(HttpResponse.text(status, reason + "\n"));
    }
    state = State.CLOSED;
    resetLine();
    connection.closeAfterOutput();
  }

  @Override
  public void answered(Exchange answeredExchange, long nowNanos) {
    HttpResponse response = answeredExchange.response();
    if (answeredExchange != exchange || response == null || answered) {
      return;
    }
    answered = true;
    idleSinceNanos = nowNanos;
    write(response);
    release();
    if (!keepAlive) {
      state = State.CLOSED;
      connection.closeAfterOutput();
    } else if (state == State.WAITING) {
      sinceNanos = nowNanos;
      next();
      readAhead(nowNanos);
    }
  }

  /// Goes on with what came behind the last request, unless too many answers wait for the client:
  /// a few bytes can ask for any number of them.
  private void readAhead(long nowNanos) {
    if (state == State.HEAD && ahead.length > 0 && !connection.isOutputFull()) {
      ByteBuffer sentAhead = ByteBuffer.wrap(ahead);
      ahead = EMPTY;
      received(sentAhead, nowNanos);
      if (inputEnded && ahead.length == 0) {
        endInput();
      }
    }
  }

  /// No request begins behind the one that is under way; one of which only a part has come is never handled.
  private void endInput() {
    keepAlive = false;
    boolean isUnderWay = state == State.WAITING || (exchange != null && !exchange.isOpen());
    if (!isUnderWay) {
      abandon();
      connection.closeAfterOutput();
    }
  }

  private void next() {
    state = State.HEAD;
    exchange = null;
    request = null;
    body = null;
    answered = false;
  }

  private void write(HttpResponse response) {
    Output out = connection.output;
    out.put("HTTP/1.1 " + response.status() + " " + reasonPhrase(response.status()) + "\r\n");
    Headers headers = response.headers();
    for (int i = 0; i < headers.size(); i++) {
      out.put(headers.name(i));
      out.put(": ");
      out.put(headers.value(i));
      out.put("\r\n");
    }
    if (response.status() != 204 && response.status() != 304) {
      out.put("content-length: " + response.body().length + "\r\n");
    }
    out.put(keepAlive ? "\r\n" : "connection: close\r\n\r\n");
    if (!head) {
      out.put(response.body(), 0, response.body().length);
    }
  }

  @Override
  public void writable(long nowNanos) {
    readAhead(nowNanos);
  }

  @Override
  public void tick(long nowNanos) {
    if (state == State.WAITING || state == State.CLOSED) {
      return;
    }
    boolean idle = state == State.HEAD && lineLength == 0;
    long limit =
        (idle ? connection.settings.idleTimeout() : connection.settings.requestTimeout()).toNanos();
    if (nowNanos - sinceNanos <= limit) {
      return;
    }
    if (idle) {
      connection.closeAfterOutput();
    } else if (exchange != null && !answered) {
      keepAlive = false;
      refuse(408, "the request took too long");
    } else {
      fail(408, "the request took too long");
    }
  }

  @Override
  public void shutDown(long nowNanos) {
    keepAlive = false;
    if (state == State.HEAD && lineLength == 0) {
      connection.closeAfterOutput();
    }
  }

  @Override
  public void abandon() {
    if (exchange != null) {
      exchange.abandon();
    }
    release();
    state = State.CLOSED;
  }

  private void release() {
    if (body != null) {
      body.release();
    }
    connection.endpoint.budget.release(reservedBytes);
    reservedBytes = 0;
  }

  /// Moves bytes to `line` up to and with the next LF.
  ///
  /// @return whether the line ended
  private boolean readLine(ByteBuffer in) {
    int from = in.position();
    int to = from;
    int limit = in.limit();
    boolean ended = false;
    while (to < limit && !ended) {
      ended = in.get(to++) == '\n';
    }
    int count = to - from;
    if (line.length - lineLength < count) {
      line = Arrays.copyOf(line, Math.max(512, 2 * (lineLength + count)));
    }
    in.get(line, lineLength, count);
    lineLength += count;
    return ended;
  }

  private void resetLine() {
    line = EMPTY;
    lineLength = 0;
    lineStart = 0;
  }

  private static String reasonPhrase(int status) {
    return switch (status) {
      case 200 -> "OK";
      case 204 -> "No Content";
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 408 -> "Request Timeout";
      case 413 -> "Content Too Large";
      case 414 -> "URI Too Long";
      case 415 -> "Unsupported Media Type";
      case 417 -> "Expectation Failed";
      case 429 -> "Too Many Requests";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 503 -> "Service Unavailable";
      case 505 -> "HTTP Version Not Supported";
      default -> String.format(Locale.ROOT, "Status %d", status);
    };
  }
}
