package dev.pannier.collector.http;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// HTTP/2 (RFC 9113) behind the connection preface: one state machine over frames, streams and
/// windows, which is why it is long. Priorities are read over; nothing is pushed.
///
/// The windows given to the client follow what it announces: a stream begins with [#STREAM_WINDOW], and gets the rest of
/// its announced length with its head. Memory is reserved as [Body] does; what finds none is refused, and the rest read over.
final class Http2Protocol implements Protocol {
  private static final Logger LOG = LoggerFactory.getLogger(Http2Protocol.class);

  /// Most requests come whole in a stream's first window.
  static final int STREAM_WINDOW = 256 * 1024;

  /// Bytes are taken or dropped as they come, so this bounds nothing but what is on the wire.
  static final int CONNECTION_WINDOW = 1024 * 1024;

  private static final int DEFAULT_WINDOW = 65_535;
  private static final int READ_BYTES = 64 * 1024;

  /// Room for padding behind a body whose length is known.
  private static final int PADDING_ROOM = 1024;

  private static final int CHEAP = 1;
  private static final int DEAR = 5;

  private static final byte[] EMPTY = {};

  private final Connection connection;
  private final FrameReader reader = new FrameReader(this);
  private final FrameWriter writer;
  private final HpackDecoder decoder;
  private final Allowance allowance;
  private final ClosedStreams closed = new ClosedStreams();
  private final Map<Integer, Http2Stream> streams = new LinkedHashMap<>();

  private long nowNanos;

  /// When the last request began or ended, or the connection did: other frames are no use of it.
  private long activeNanos;

  /// When the last frame began, or the header block that it continues; the connection, as long as SETTINGS have not come.
  private long frameNanos;

  private boolean settingsReceived;
  private boolean settingsAcknowledged;
  private boolean goingAway;
  private int lastStream;

  private int receiveWindow = CONNECTION_WINDOW;
  private int sendWindow = DEFAULT_WINDOW;
  private int clientStreamWindow = DEFAULT_WINDOW;

  /// The stream whose header block goes on in CONTINUATION frames; 0 where there is none.
  private int blockStream;

  private int blockFlags;
  private boolean blockSelfDependent;
  private byte[] block = EMPTY;
  private int blockLength;

  /// The stream of the DATA frame that is being read; null where its bytes are read over.
  private @Nullable Http2Stream dataStream;

  /// The bytes of that frame's payload to come; and those of its padding, -1 where the byte that
  /// says so is to come.
  private int dataRemaining;

  private int paddingRemaining;

  /// Whether any of the frame's bytes were no padding.
  private boolean dataHasContent;

  /// @param refused whether the client is told to go at once
  Http2Protocol(Connection connection, boolean refused, long nowNanos) {
    this.connection = connection;
    this.writer = new FrameWriter(connection.output);
    this.decoder = new HpackDecoder(connection.settings.maxHeadBytes());
    this.allowance = new Allowance(nowNanos);
    this.nowNanos = nowNanos;
    this.activeNanos = nowNanos;
    this.frameNanos = nowNanos;
    writer.settings(
        FrameType.SETTINGS_MAX_CONCURRENT_STREAMS,
        connection.endpoint.maxStreams,
        FrameType.SETTINGS_INITIAL_WINDOW_SIZE,
        STREAM_WINDOW,
        FrameType.SETTINGS_MAX_HEADER_LIST_SIZE,
        connection.settings.maxHeadBytes());
    writer.windowUpdate(0, CONNECTION_WINDOW - DEFAULT_WINDOW);
    if (refused) {
      goAway(ErrorCode.NO_ERROR, "too many connections");
      connection.closeAfterOutput();
    }
  }

  @Override
  public int wantedBytes() {
    return READ_BYTES;
  }

  @Override
  public boolean isBusy() {
    return !streams.isEmpty();
  }

  @Override
  public boolean isBeginning() {
    return streams.isEmpty() && (awaitsRest() || !hasAsked());
  }

  @Override
  public boolean hasAsked() {
    return lastStream > 0;
  }

  /// Whether a frame or a header block has come in part, or the client's SETTINGS have not come.
  private boolean awaitsRest() {
    return !settingsReceived || blockStream != 0 || reader.isWithinFrame();
  }

  @Override
  public long idleNanos(long now) {
    if (!streams.isEmpty()) {
      return -1;
    }
    return now - (awaitsRest() ? frameNanos : activeNanos);
  }

  @Override
  public void received(ByteBuffer in, long now) {
    nowNanos = now;
    try {
      reader.read(in);
    } catch (Http2Error e) {
      fail(e);
    }
  }

  /// A connection error (section 5.4.1).
  private void fail(Http2Error e) {
    goAway(e.code, e.getMessage() == null ? "" : e.getMessage());
    abandon();
    connection.closeAfterOutput();
  }

  /// What has come whole is answered, as far as the client's windows let it be; what has not is never handled.
  @Override
  public boolean inputEnded() {
    goingAway = true;
    Iterator<Http2Stream> each = streams.values().iterator();
    while (each.hasNext()) {
      Http2Stream stream = each.next();
      if (!stream.remoteClosed && !stream.discarding) {
        each.remove();
        stream.abandon();
        stream.release();
      }
    }
    return !streams.isEmpty();
  }

  /// A frame's first byte has come.
  void firstByte() {
    if (settingsReceived && blockStream == 0) {
      frameNanos = nowNanos;
    }
  }

  /// What can be said against a frame by its header alone.
  void beginFrame(int type, int flags, int stream, int length) throws Http2Error {
    if (length > FrameType.MAX_FRAME_BYTES) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a frame of " + length + " bytes");
    }
    if (!settingsReceived && (type != FrameType.SETTINGS || (flags & FrameType.FLAG_ACK) != 0)) {
      throw protocolError("the first frame is not SETTINGS");
    }
    if (blockStream != 0 && (type != FrameType.CONTINUATION || stream != blockStream)) {
      throw protocolError("a header block is interrupted");
    }
    switch (type) {
      case FrameType.DATA -> beginData(flags, stream, length);
      case FrameType.HEADERS -> checkStream(stream, true);
      case FrameType.PRIORITY -> {
        checkStream(stream, true);
        checkLength(length == 5, "PRIORITY");
      }
      case FrameType.RST_STREAM -> {
        checkStream(stream, true);
        checkLength(length == 4, "RST_STREAM");
      }
      case FrameType.SETTINGS -> {
        checkStream(stream, false);
        boolean ack = (flags & FrameType.FLAG_ACK) != 0;
        checkLength(length % 6 == 0 && (!ack || length == 0), "SETTINGS");
      }
      case FrameType.PUSH_PROMISE -> throw protocolError("PUSH_PROMISE from a client");
      case FrameType.PING -> {
        checkStream(stream, false);
        checkLength(length == 8, "PING");
      }
      case FrameType.GOAWAY -> {
        checkStream(stream, false);
        checkLength(length >= 8, "GOAWAY");
      }
      case FrameType.WINDOW_UPDATE -> checkLength(length == 4, "WINDOW_UPDATE");
      case FrameType.CONTINUATION -> {
        if (blockStream == 0) {
          throw protocolError("CONTINUATION without HEADERS");
        }
      }
      default -> {}
    }
  }

  private static void checkStream(int stream, boolean ofStream) throws Http2Error {
    if (stream != 0 != ofStream) {
      throw protocolError("a frame on stream " + stream);
    }
  }

  private static void checkLength(boolean right, String type) throws Http2Error {
    if (!right) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "the length of " + type);
    }
  }

  private static Http2Error protocolError(String reason) {
    return new Http2Error(ErrorCode.PROTOCOL_ERROR, reason);
  }

  private void spend(int units) throws Http2Error {
    if (!allowance.spend(units, nowNanos)) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many frames for nothing");
    }
  }

  /// A complete frame, DATA excepted.
  void frame(int type, int flags, int stream, byte[] payload, int length) throws Http2Error {
    switch (type) {
      case FrameType.HEADERS -> headers(flags, stream, payload, length);
      case FrameType.CONTINUATION -> {
        spend(CHEAP);
        continueBlock(payload, 0, length);
        if ((flags & FrameType.FLAG_END_HEADERS) != 0) {
          byte[] complete = block;
          int completeLength = blockLength;
          int id = blockStream;
          block = EMPTY;
          blockLength = 0;
          blockStream = 0;
          endBlock(id, complete, 0, completeLength);
        }
      }
      case FrameType.PRIORITY -> {
        spend(CHEAP);
        if ((FrameReader.int32(payload, 0) & 0x7fff_ffff) == stream) {
          throw protocolError("a stream that depends on itself");
        }
      }
      case FrameType.RST_STREAM -> resetByClient(stream);
      case FrameType.SETTINGS -> {
        settingsReceived = true;
        if ((flags & FrameType.FLAG_ACK) == 0) {
          settings(payload, length);
        } else if (settingsAcknowledged) {
          spend(CHEAP);
        } else {
          settingsAcknowledged = true; // ours are sent once
        }
      }
      case FrameType.PING -> {
        spend(CHEAP);
        if ((flags & FrameType.FLAG_ACK) == 0) {
          writer.pingAck(payload);
        }
      }
      case FrameType.WINDOW_UPDATE -> {
        spend(CHEAP);
        windowUpdate(stream, FrameReader.int32(payload, 0) & 0x7fff_ffff);
      }
      default -> spend(CHEAP); // GOAWAY: it opens no more streams; unknown types are ignored
    }
  }

  // ---- DATA ----

  private void beginData(int flags, int stream, int length) throws Http2Error {
    checkStream(stream, true);
    if (length > receiveWindow) {
      throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "beyond the connection's window");
    }
    receiveWindow -= length;
    dataRemaining = length;
    paddingRemaining = (flags & FrameType.FLAG_PADDED) != 0 ? -1 : 0;
    if (paddingRemaining < 0 && length == 0) {
      throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "a padded frame of 0 bytes");
    }
    dataHasContent = false;
    Http2Stream found = streams.get(stream);
    dataStream = null;
    if (found == null) {
      if (isIdle(stream)) {
        throw protocolError("DATA on an idle stream");
      }
      if (!closed.closedByServer(stream)) {
        throw new Http2Error(ErrorCode.STREAM_CLOSED, "DATA on a closed stream");
      }
    } else if (found.remoteClosed) {
      reset(found, ErrorCode.STREAM_CLOSED);
    } else if (length > found.receiveWindow) {
      reset(found, ErrorCode.FLOW_CONTROL_ERROR);
    } else {
      found.receiveWindow -= length;
      dataStream = found;
    }
  }

  private boolean isIdle(int stream) {
    return stream > lastStream || stream % 2 == 0;
  }

  /// Some of a DATA frame's payload. Consumes `count` bytes.
  void data(ByteBuffer in, int count) throws Http2Error {
    int end = in.position() + count;
    if (paddingRemaining < 0 && count > 0) {
      paddingRemaining = in.get() & 0xff;
      dataRemaining--;
      if (paddingRemaining > dataRemaining) {
        throw protocolError("more padding than payload");
      }
    }
    int content = Math.min(end - in.position(), dataRemaining - Math.max(0, paddingRemaining));
    dataRemaining -= end - in.position();
    if (content > 0) {
      dataHasContent = true;
      if (dataStream != null) {
        content(dataStream, in, content);
      }
    }
    // What is left of the frame is padding now, or was read over.
    in.position(end);
    if (dataRemaining < Math.max(0, paddingRemaining)) {
      paddingRemaining = dataRemaining;
    }
  }

  private void content(Http2Stream stream, ByteBuffer in, int count) throws Http2Error {
    stream.receivedBytes += count;
    if (stream.contentLength >= 0 && stream.receivedBytes > stream.contentLength) {
      dataStream = null;
      reset(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (!stream.discarding) {
      Body.Result result = stream.body.take(in, count);
      if (result != Body.Result.TAKEN) {
        refuse(stream, result);
      }
    }
  }

  /// The end of a DATA frame.
  void endData(int flags) throws Http2Error {
    if (!dataHasContent && (flags & FrameType.FLAG_END_STREAM) == 0) {
      spend(CHEAP);
    }
    if (receiveWindow < CONNECTION_WINDOW / 2) {
      writer.windowUpdate(0, CONNECTION_WINDOW - receiveWindow);
      receiveWindow = CONNECTION_WINDOW;
    }
    Http2Stream stream = dataStream;
    dataStream = null;
    if (stream == null || streams.get(stream.id) != stream) {
      return;
    }
    if ((flags & FrameType.FLAG_END_STREAM) != 0) {
      endOfRequest(stream);
    } else if (!stream.discarding) {
      widen(stream);
    }
  }

  /// Lets the client send what it has announced, or some more.
  private void widen(Http2Stream stream) {
    int missing = stream.body.missing();
    int wanted = missing > 0 ? missing + PADDING_ROOM : STREAM_WINDOW;
    boolean narrow =
        missing > 0 ? stream.receiveWindow < missing : stream.receiveWindow < STREAM_WINDOW / 2;
    if (narrow) {
      writer.windowUpdate(stream.id, wanted - stream.receiveWindow);
      stream.receiveWindow = wanted;
    }
  }

  // ---- HEADERS ----

  private void headers(int flags, int stream, byte[] payload, int length) throws Http2Error {
    int offset = 0;
    int end = length;
    if ((flags & FrameType.FLAG_PADDED) != 0) {
      offset = 1;
      end = length > 0 ? length - (payload[0] & 0xff) : -1;
    }
    blockSelfDependent = false;
    if ((flags & FrameType.FLAG_PRIORITY) != 0) {
      if (offset + 5 <= end) {
        blockSelfDependent = (FrameReader.int32(payload, offset) & 0x7fff_ffff) == stream;
      }
      offset += 5;
    }
    if (offset > end) {
      throw protocolError("more padding than payload");
    }
    if (stream % 2 == 0) {
      throw protocolError("a client's stream of even number");
    }
    blockFlags = flags;
    if ((flags & FrameType.FLAG_END_HEADERS) != 0) {
      endBlock(stream, payload, offset, end - offset);
    } else {
      blockStream = stream;
      continueBlock(payload, offset, end - offset);
    }
  }

  private void continueBlock(byte[] payload, int offset, int length) throws Http2Error {
    if (blockLength + length > connection.settings.maxHeadBytes()) {
      throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "a header block without end");
    }
    block = Arrays.copyOf(block, blockLength + length);
    System.arraycopy(payload, offset, block, blockLength, length);
    blockLength += length;
  }

  private void endBlock(int id, byte[] bytes, int offset, int length) throws Http2Error {
    List<String> fields = decoder.decode(bytes, offset, length);
    if (fields == null) {
      throw new Http2Error(ErrorCode.COMPRESSION_ERROR, "a header block that cannot be decoded");
    }
    boolean endStream = (blockFlags & FrameType.FLAG_END_STREAM) != 0;
    Http2Stream stream = streams.get(id);
    if (stream != null) {
      trailers(stream, fields, endStream);
    } else if (id > lastStream) {
      lastStream = id;
      beginRequest(id, fields, endStream);
    } else if (closed.closedByClient(id)) {
      throw new Http2Error(ErrorCode.STREAM_CLOSED, "HEADERS on a closed stream");
    } else if (closed.closedByServer(id)) {
      spend(CHEAP); // it was on its way, or is one of many
    } else {
      throw protocolError("a stream below one that was used");
    }
  }

  private void trailers(Http2Stream stream, List<String> fields, boolean endStream)
      throws Http2Error {
    if (stream.remoteClosed) {
      reset(stream, ErrorCode.STREAM_CLOSED);
    } else if (!endStream || blockSelfDependent || !Http2Head.areTrailers(fields)) {
      reset(stream, ErrorCode.PROTOCOL_ERROR);
    } else {
      endOfRequest(stream);
    }
  }

  private void beginRequest(int id, List<String> fields, boolean endStream) throws Http2Error {
    if (goingAway || streams.size() >= connection.endpoint.maxStreams) {
      resetUnopened(id, ErrorCode.REFUSED_STREAM);
      return;
    }
    Http2Head head = Http2Head.parse(fields, connection.client);
    boolean tooLarge = decoder.tooLarge() || fields.size() > 2 * connection.settings.maxHeaders();
    if (blockSelfDependent || (head == null && !tooLarge)) {
      resetUnopened(id, ErrorCode.PROTOCOL_ERROR);
      return;
    }
    HttpRequest request =
        head == null ? new HttpRequest("", "", Headers.NONE, connection.client) : head.request();
    Body body = new Body(connection.endpoint, head != null && head.grpc());
    long contentLength = head == null ? -1 : head.contentLength();
    Http2Stream stream = new Http2Stream(connection, id, request, body, contentLength);
    stream.sinceNanos = nowNanos;
    stream.receiveWindow = STREAM_WINDOW;
    stream.sendWindow = clientStreamWindow;
    streams.put(id, stream);
    activeNanos = nowNanos;
    if (tooLarge) {
      stream.discarding = true;
      stream.remoteClosed = endStream;
      stream.respond(HttpResponse.text(431, "the request's fields are too large\n"));
      return;
    }
    long cost = Http2Stream.BYTES;
    for (String text : fields) {
      cost += text.length();
    }
    if (connection.endpoint.budget.tryReserve(cost)) {
      stream.reservedBytes = cost;
      Body.Result result = body.expect(Math.max(0, contentLength));
      if (result != Body.Result.TAKEN) {
        refuse(stream, result);
      }
    } else {
      refuse(stream, Body.Result.NO_MEMORY);
    }
    if (endStream) {
      endOfRequest(stream);
    } else if (!stream.discarding) {
      if (head != null && head.expects()) {
        writer.headers(id, 100, Headers.NONE, -1, false);
      }
      widen(stream);
    }
  }

  private void endOfRequest(Http2Stream stream) throws Http2Error {
    stream.remoteClosed = true;
    if (stream.contentLength >= 0 && stream.receivedBytes != stream.contentLength) {
      reset(stream, ErrorCode.PROTOCOL_ERROR);
    } else if (!stream.discarding) {
      stream.body.moveTo(stream.request);
      connection.handle(stream.request, stream);
    }
  }

  private void refuse(Http2Stream stream, Body.Result result) {
    if (result == Body.Result.TOO_LARGE) {
      int limit = connection.endpoint.maxBodyBytes;
      refuse(stream, 413, "the body has more than " + limit + " bytes");
    } else if (result == Body.Result.NEVER_MEMORY) {
      refuse(stream, 413, Body.NEVER_MEMORY);
    } else {
      refuse(stream, 503, "no memory is free for the request now");
    }
  }

  private void refuse(Http2Stream stream, int status, String reason) {
    stream.discarding = true;
    stream.body.release();
    connection.refuse(stream.request, status, reason, stream);
  }

  // ---- streams' ends ----

  /// A stream error (section 5.4.2).
  private void reset(Http2Stream stream, ErrorCode code) throws Http2Error {
    writer.reset(stream.id, code);
    closed.add(stream.id, true);
    streams.remove(stream.id);
    activeNanos = nowNanos;
    stream.abandon();
    stream.release();
    closeWhenDone();
    spend(DEAR);
  }

  private void resetUnopened(int id, ErrorCode code) throws Http2Error {
    writer.reset(id, code);
    closed.add(id, true);
    spend(DEAR);
  }

  private void resetByClient(int id) throws Http2Error {
    if (isIdle(id)) {
      throw protocolError("RST_STREAM on an idle stream");
    }
    Http2Stream stream = streams.remove(id);
    if (stream != null) {
      closed.add(id, false);
      activeNanos = nowNanos;
      stream.abandon();
      stream.release();
      closeWhenDone();
    }
    spend(DEAR);
  }

  private void closeWhenDone() {
    if (goingAway && streams.isEmpty()) {
      connection.closeAfterOutput();
    }
  }

  // ---- SETTINGS and windows ----

  private void settings(byte[] payload, int length) throws Http2Error {
    spend(DEAR);
    for (int i = 0; i < length; i += 6) {
      int identifier = (payload[i] & 0xff) << 8 | (payload[i + 1] & 0xff);
      long value = FrameReader.int32(payload, i + 2) & 0xffff_ffffL;
      switch (identifier) {
        case FrameType.SETTINGS_ENABLE_PUSH -> {
          if (value > 1) {
            throw protocolError("SETTINGS_ENABLE_PUSH is " + value);
          }
        }
        case FrameType.SETTINGS_INITIAL_WINDOW_SIZE -> clientStreamWindow(value);
        case FrameType.SETTINGS_MAX_FRAME_SIZE -> {
          // Frames of the smallest maximum are sent whatever the client takes.
          if (value < FrameType.MAX_FRAME_BYTES || value > 0xff_ffff) {
            throw protocolError("SETTINGS_MAX_FRAME_SIZE is " + value);
          }
        }
        default -> {} // the encoder keeps no table, and responses' fields are few
      }
    }
    writer.settingsAck();
    sendAll();
  }

  private void clientStreamWindow(long value) throws Http2Error {
    if (value > Integer.MAX_VALUE) {
      throw new Http2Error(
          ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE is " + value);
    }
    long change = value - clientStreamWindow;
    for (Http2Stream stream : streams.values()) {
      if (stream.sendWindow + change > Integer.MAX_VALUE) {
        throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window above 2^31-1");
      }
      stream.sendWindow += (int) change;
    }
    clientStreamWindow = (int) value;
  }

  private void windowUpdate(int id, int increment) throws Http2Error {
    if (id == 0) {
      if (increment == 0) {
        throw protocolError("WINDOW_UPDATE by 0");
      }
      if ((long) sendWindow + increment > Integer.MAX_VALUE) {
        throw new Http2Error(ErrorCode.FLOW_CONTROL_ERROR, "a window above 2^31-1");
      }
      sendWindow += increment;
      sendAll();
      return;
    }
    if (isIdle(id)) {
      throw protocolError("WINDOW_UPDATE on an idle stream");
    }
    Http2Stream stream = streams.get(id);
    if (stream == null) {
      return;
    }
    if (increment == 0) {
      reset(stream, ErrorCode.PROTOCOL_ERROR);
    } else if ((long) stream.sendWindow + increment > Integer.MAX_VALUE) {
      reset(stream, ErrorCode.FLOW_CONTROL_ERROR);
    } else {
      stream.sendWindow += increment;
      sendAll();
    }
  }

  // ---- answers ----

  @Override
  public void answered(Exchange exchange, long now) {
    nowNanos = now;
    HttpResponse response = exchange.response();
    if (!(exchange instanceof Http2Stream stream)
        || streams.get(stream.id) != stream
        || response == null) {
      return;
    }
    stream.answer = response;
    stream.body.release();
    if (send(stream)) {
      streams.remove(stream.id);
      stream.release();
      closeWhenDone();
    } else if (!stream.keepAnswer() && othersWait(stream)) {
      try {
        reset(stream, ErrorCode.CANCEL);
      } catch (Http2Error e) {
        fail(e);
      }
    }
  }

  private void sendHead(Http2Stream stream, HttpResponse response) {
    stream.headSent = true;
    stream.sinceNanos = nowNanos;
    if (!writeHead(stream, response)) {
      LOG.error("an answer's fields do not fit a frame: it becomes one of status 500");
      HttpResponse instead = HttpResponse.text(500, "internal error\n");
      stream.answer = instead;
      writeHead(stream, instead);
    }
  }

  /// @return false where the fields fit no frame
  private boolean writeHead(Http2Stream stream, HttpResponse response) {
    boolean noTrailers = response.trailers().size() == 0;
    int length = response.body().length;
    return writer.headers(
        stream.id,
        response.status(),
        response.headers(),
        length > 0 && noTrailers ? length : -1,
        stream.responseLength() == 0 && noTrailers);
  }

  /// Whether other answers wait for the client. One may without memory that is reserved
  /// for it: in HTTP/1.1 it would be in the output.
  private boolean othersWait(Http2Stream stream) {
    for (Http2Stream each : streams.values()) {
      if (each != stream && each.answer != null) {
        return true;
      }
    }
    return false;
  }

  private void sendAll() {
    Iterator<Http2Stream> each = streams.values().iterator();
    boolean removed = false;
    while (each.hasNext() && !connection.isOutputFull()) {
      Http2Stream stream = each.next();
      if (stream.answer != null && send(stream)) {
        each.remove();
        stream.release();
        removed = true;
      }
    }
    if (removed) {
      closeWhenDone();
    }
  }

  /// Sends what the windows, and what waits for the client by now, allow of an answer.
  ///
  /// @return whether the stream is closed now
  private boolean send(Http2Stream stream) {
    if (!stream.headSent && stream.answer != null && !connection.isOutputFull()) {
      sendHead(stream, stream.answer);
    }
    HttpResponse response = stream.answer;
    if (response == null || !stream.headSent) {
      return false;
    }
    boolean trailers = response.trailers().size() > 0;
    int length = stream.responseLength();
    while (stream.sentBytes < length) {
      int room = Math.min(sendWindow, stream.sendWindow);
      if (room <= 0 || connection.isOutputFull()) {
        return false;
      }
      int count = Math.min(Math.min(room, length - stream.sentBytes), FrameType.MAX_FRAME_BYTES);
      boolean last = stream.sentBytes + count == length;
      writer.data(stream.id, response.body(), stream.sentBytes, count, last && !trailers);
      stream.sentBytes += count;
      stream.sendWindow -= count;
      sendWindow -= count;
      if (Pace.isStep(stream.sentBytes - count, stream.sentBytes)) {
        stream.sinceNanos = nowNanos;
      }
    }
    boolean whole = !trailers || writer.headers(stream.id, 0, response.trailers(), -1, true);
    if (!whole) {
      LOG.error("an answer's trailers do not fit a frame: its stream is reset");
      writer.reset(stream.id, ErrorCode.INTERNAL_ERROR);
    } else if (!stream.remoteClosed) {
      writer.reset(stream.id, ErrorCode.NO_ERROR); // section 8.1: the rest is not needed
    }
    closed.add(stream.id, !whole || !stream.remoteClosed);
    allowance.requestAnswered();
    activeNanos = nowNanos;
    return true;
  }

  @Override
  public void writable(long now) {
    nowNanos = now;
    sendAll();
  }

  // ---- time and end ----

  @Override
  public void tick(long now) {
    nowNanos = now;
    ServerSettings settings = connection.settings;
    long requestNanos = settings.requestTimeout().toNanos();
    if (awaitsRest() && now - frameNanos > requestNanos) {
      goAway(ErrorCode.NO_ERROR, "a frame or a header block took too long");
      abandon();
      connection.closeAfterOutput();
      return;
    }
    if (streams.isEmpty()) {
      if (now - activeNanos > settings.idleTimeout().toNanos()) {
        goAway(ErrorCode.NO_ERROR, "idle");
        connection.closeAfterOutput();
      }
      return;
    }
    try {
      for (Http2Stream stream : List.copyOf(streams.values())) {
        long age = now - stream.sinceNanos;
        if (stream.headSent && age > settings.writeTimeout().toNanos()) {
          reset(stream, ErrorCode.CANCEL);
        } else if (!stream.remoteClosed && !stream.discarding && age > requestNanos) {
          refuse(stream, 408, "the request took too long");
        }
      }
    } catch (Http2Error e) {
      fail(e);
    }
  }

  @Override
  public void shutDown(long now) {
    if (!goingAway) {
      goAway(ErrorCode.NO_ERROR, "no more requests");
      closeWhenDone();
    }
  }

  private void goAway(ErrorCode code, String reason) {
    goingAway = true;
    writer.goAway(lastStream, code, reason);
  }

  @Override
  public void abandon() {
    for (Http2Stream stream : streams.values()) {
      stream.abandon();
      stream.release();
    }
    streams.clear();
    dataStream = null;
  }
}
