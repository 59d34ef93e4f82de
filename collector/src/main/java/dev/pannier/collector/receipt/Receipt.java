package dev.pannier.collector.receipt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// All files at one instant. As JSON:
/// ```
/// {"version":1,"complete":true,"unshipped_bytes":100,"lost_bytes":0,"buffered_bytes":0,"buffered_received_records":0,
///  "lost_received_records":0,"damaged_buffer_bytes":0,
///  "shippers":[{"source":"app","shipper":"events","buffered_records":0,"buffered_bytes":0,
///               "dropped_records":2,"dropped_bytes":48}],
///  "whole_files_left_out":0,
///  "files":[{"source":"app","path":"/var/log/app/app.log","generation":"00f3…",
///            "shipped":[[50,900]],"buffered":[],
///            "dropped":[{"shipper":"events","reason":"full","bytes":50,"ranges":[[0,50]]}],
///            "unshipped":[[900,1000]],"lost":[]}]}
/// ```
/// A range is its first byte and the one after its last. What was dropped somewhere in a range has `within` instead of `ranges`. Of files that are shipped whole the
/// youngest 1,000 are listed; every file that misses a byte is.
///
/// @param files    from the oldest to the youngest
/// @param shippers what each has not got though the source need not send it again, where it is anything
/// @param bufferedReceived records of acknowledged requests that are left in the disk buffer by a process that has stopped
/// @param lostReceived records of acknowledged requests that were in memory alone when the process stopped
/// @param damagedBuffer bytes of the disk buffer that a process that has stopped has found to be no records, or could not read; whose
///     they were is not known
/// @param complete whether it is the last word of a process that has stopped
public record Receipt(
    List<FileReceipt> files,
    List<ShipperReceipt> shippers,
    long bufferedReceived,
    long lostReceived,
    long damagedBuffer,
    boolean complete) {
  static final int MAX_WHOLE = 1_000;
  private static final int VERSION = 1;

  /// Shippers that the short form names.
  private static final int MAX_SHIPPERS = 8;

  /// Largest first: a message that has to be short names what weighs most.
  private static final Comparator<FileReceipt> MOST_MISSING_FIRST =
      Comparator.comparingLong(FileReceipt::missingBytes).reversed();

  public Receipt {
    files = List.copyOf(files);
    shippers = shippers.stream().filter(shipper -> !shipper.isEmpty()).toList();
  }

  /// Without a disk buffer, or while the process runs.
  public Receipt(List<FileReceipt> files, long bufferedReceived, boolean complete) {
    this(files, List.of(), bufferedReceived, 0, 0, complete);
  }

  public long unshippedBytes() {
    return files.stream().mapToLong(file -> ByteRange.sum(file.unshipped())).sum();
  }

  public long lostBytes() {
    return files.stream().mapToLong(file -> ByteRange.sum(file.lost())).sum();
  }

  /// Of files, and left in the disk buffer for some shipper. While the process runs it is what waits for the one that has least: what
  /// the others wait for is nearly always part of that.
  public long bufferedBytes() {
    long listed = files.stream().mapToLong(file -> ByteRange.sum(file.buffered())).sum();
    return complete ? listed : Math.max(listed, most(false, ShipperReceipt::bufferedBytes));
  }

  /// The same of acknowledged requests, in records.
  public long bufferedReceivedRecords() {
    return complete
        ? bufferedReceived
        : Math.max(bufferedReceived, most(true, ShipperReceipt::bufferedRecords));
  }

  private long most(boolean received, ToLongFunction<ShipperReceipt> amount) {
    Map<String, Long> bySource = new LinkedHashMap<>();
    for (ShipperReceipt shipper : shippers) {
      if (shipper.received() == received) {
        bySource.merge(shipper.source(), amount.applyAsLong(shipper), Math::max);
      }
    }
    return bySource.values().stream().mapToLong(Long::longValue).sum();
  }

  /// The same, with what shippers have not got.
  public Receipt withShippers(List<ShipperReceipt> others) {
    return new Receipt(files, others, bufferedReceived, lostReceived, damagedBuffer, complete);
  }

  /// The same, where buffers gave something up.
  ///
  /// @param dropped by generation, of files that are listed and of others
  public Receipt withDropped(Map<Long, DroppedFile> dropped) {
    if (dropped.isEmpty()) {
      return this;
    }
    Map<String, DroppedFile> rest = new LinkedHashMap<>();
    dropped.forEach((generation, file) -> rest.put(HexFormat.of().toHexDigits(generation), file));
    List<FileReceipt> all = new ArrayList<>();
    for (FileReceipt file : files) {
      DroppedFile gone = rest.remove(file.generation());
      all.add(gone == null ? file : file.withDropped(gone.parts()));
    }
    rest.forEach(
        (generation, gone) ->
            all.add(
                new FileReceipt(
                    gone.source(),
                    "",
                    generation,
                    List.of(),
                    List.of(),
                    gone.parts(),
                    List.of(),
                    List.of())));
    return new Receipt(all, shippers, bufferedReceived, lostReceived, damagedBuffer, complete);
  }

  /// The same, where the disk buffer still holds something.
  ///
  /// @param left     by generation, of files that are listed and of others
  /// @param received records of acknowledged requests
  public Receipt withBuffered(Map<Long, Buffered> left, long received) {
    Map<String, Buffered> rest = new LinkedHashMap<>();
    left.forEach((generation, file) -> rest.put(HexFormat.of().toHexDigits(generation), file));
    List<FileReceipt> all = new ArrayList<>();
    for (FileReceipt file : files) {
      Buffered held = rest.remove(file.generation());
      all.add(held == null ? file : file.withBuffered(held.ranges()));
    }
    rest.forEach(
        (generation, held) ->
            all.add(
                new FileReceipt(
                    held.source(),
                    "",
                    generation,
                    List.of(),
                    held.ranges(),
                    List.of(),
                    List.of())));
    return new Receipt(all, shippers, received, lostReceived, damagedBuffer, complete);
  }

  /// The same, where records of acknowledged requests were in memory alone at the end.
  public Receipt withLostReceived(long records) {
    return new Receipt(files, shippers, bufferedReceived, records, damagedBuffer, complete);
  }

  /// The same, and nothing comes behind it.
  public Receipt asLastWord() {
    return new Receipt(files, shippers, bufferedReceived, lostReceived, damagedBuffer, true);
  }

  /// The same, where so much of the disk buffer was found damaged, or could not be read.
  public Receipt withDamagedBuffer(long bytes) {
    return new Receipt(files, shippers, bufferedReceived, lostReceived, bytes, complete);
  }

  public byte[] json() {
    long whole = files.stream().filter(FileReceipt::isWhole).count();
    long leftOut = Math.max(0, whole - MAX_WHOLE);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4096);
    try (JsonGenerator out =
        new JsonFactory().createGenerator(ObjectWriteContext.empty(), bytes, JsonEncoding.UTF8)) {
      out.writeStartObject();
      out.writeNumberProperty("version", VERSION);
      out.writeBooleanProperty("complete", complete);
      out.writeNumberProperty("unshipped_bytes", unshippedBytes());
      out.writeNumberProperty("lost_bytes", lostBytes());
      out.writeNumberProperty("buffered_bytes", bufferedBytes());
      out.writeNumberProperty("buffered_received_records", bufferedReceivedRecords());
      out.writeNumberProperty("lost_received_records", lostReceived);
      out.writeNumberProperty("damaged_buffer_bytes", damagedBuffer);
      out.writeArrayPropertyStart("shippers");
      for (ShipperReceipt shipper : shippers) {
        write(out, shipper);
      }
      out.writeEndArray();
      out.writeNumberProperty("whole_files_left_out", leftOut);
      out.writeArrayPropertyStart("files");
      long skip = leftOut;
      for (FileReceipt file : files) {
        if (file.isWhole() && skip > 0) {
          skip--;
        } else {
          write(out, file);
        }
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void write(JsonGenerator out, ShipperReceipt shipper) {
    out.writeStartObject();
    out.writeStringProperty("source", shipper.source());
    out.writeStringProperty("shipper", shipper.shipper());
    out.writeNumberProperty("buffered_records", shipper.bufferedRecords());
    out.writeNumberProperty("buffered_bytes", shipper.bufferedBytes());
    out.writeNumberProperty("dropped_records", shipper.droppedRecords());
    out.writeNumberProperty("dropped_bytes", shipper.droppedBytes());
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, Dropped part) {
    out.writeStartObject();
    out.writeStringProperty("shipper", part.shipper());
    out.writeStringProperty("reason", part.reason());
    out.writeNumberProperty("bytes", part.bytes());
    write(out, part.within() ? "within" : "ranges", part.ranges());
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, FileReceipt file) {
    out.writeStartObject();
    out.writeStringProperty("source", file.source());
    out.writeStringProperty("path", file.path());
    out.writeStringProperty("generation", file.generation());
    write(out, "shipped", file.shipped());
    write(out, "buffered", file.buffered());
    out.writeArrayPropertyStart("dropped");
    file.dropped().forEach(part -> write(out, part));
    out.writeEndArray();
    write(out, "unshipped", file.unshipped());
    write(out, "lost", file.lost());
    out.writeEndObject();
  }

  private static void write(JsonGenerator out, String name, List<ByteRange> ranges) {
    out.writeArrayPropertyStart(name);
    for (ByteRange range : ranges) {
      out.writeStartArray();
      out.writeNumber(range.from());
      out.writeNumber(range.to());
      out.writeEndArray();
    }
    out.writeEndArray();
  }

  /// A line for each file that misses a byte, and one for all others.
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    long whole = 0;
    long wholeBytes = 0;
    for (FileReceipt file : files) {
      if (file.isWhole()) {
        whole++;
        wholeBytes += ByteRange.sum(file.shipped());
      } else {
        lines.add(
            name(file)
                + " ("
                + (file.generation().isEmpty() ? "not opened" : file.generation())
                + "):"
                + said(" bytes shipped ", file.shipped())
                + said(" bytes NOT shipped, in the buffer ", file.buffered())
                + dropped(" bytes dropped", file)
                + said(" bytes NOT shipped ", file.unshipped())
                + said(" bytes lost ", file.lost()));
      }
    }
    long received = bufferedReceivedRecords();
    if (received > 0) {
      lines.add(received + " records of requests NOT shipped, in the buffer");
    }
    if (lostReceived > 0) {
      lines.add(
          lostReceived
              + " records of requests lost, which were acknowledged before they were shipped");
    }
    if (damagedBuffer > 0) {
      lines.add(damagedBuffer + " bytes of the buffer were damaged, or could not be read");
    }
    for (ShipperReceipt shipper : shippers) {
      if (shipper.droppedRecords() > 0) {
        lines.add(
            "shipper "
                + shipper.shipper()
                + " never gets "
                + shipper.droppedRecords()
                + " records of source "
                + shipper.source()
                + " ("
                + shipper.droppedBytes()
                + " bytes), which the buffer has dropped");
      }
    }
    lines.add(whole + " files shipped whole, " + wholeBytes + " bytes");
    return lines;
  }

  private static String said(String what, List<ByteRange> ranges) {
    return ranges.isEmpty()
        ? ""
        : what
            + String.join(", ", ranges.stream().map(ByteRange::toString).toList())
            + " ("
            + ByteRange.sum(ranges)
            + ")";
  }

  private static String dropped(String what, FileReceipt file) {
    StringBuilder text = new StringBuilder();
    for (Dropped part : file.dropped()) {
      text.append(what)
          .append(" for ")
          .append(part.shipper())
          .append(" (")
          .append(part.reason())
          .append(") ")
          .append(part.where(Integer.MAX_VALUE));
    }
    return text.toString();
  }

  /// A line for each shipper that has not got something.
  private String shipperLines() {
    Map<String, long[]> sums = new LinkedHashMap<>();
    for (ShipperReceipt shipper : shippers) {
      long[] sum = sums.computeIfAbsent(shipper.shipper(), any -> new long[4]);
      sum[0] += shipper.bufferedRecords();
      sum[1] += shipper.bufferedBytes();
      sum[2] += shipper.droppedRecords();
      sum[3] += shipper.droppedBytes();
    }
    StringBuilder text = new StringBuilder();
    sums.entrySet().stream()
        .limit(MAX_SHIPPERS)
        .forEach(
            shipper -> {
              long[] sum = shipper.getValue();
              text.append("shipper ").append(shipper.getKey()).append(':');
              if (sum[0] > 0) {
                text.append(" in the buffer %d records, %d bytes".formatted(sum[0], sum[1]));
              }
              if (sum[2] > 0) {
                text.append(sum[0] > 0 ? ";" : "");
                text.append(" dropped %d records, %d bytes".formatted(sum[2], sum[3]));
              }
              text.append('\n');
            });
    return text.toString();
  }

  /// A short form, of whole lines in UTF-8: files that miss most come first, and the last line counts
  /// those that are left out.
  ///
  /// @param maxBytes at least 4,096
  public byte[] message(int maxBytes) {
    List<FileReceipt> missing =
        files.stream().filter(file -> !file.isWhole()).sorted(MOST_MISSING_FIRST).toList();
    StringBuilder text =
        new StringBuilder(
            (complete ? "" : "so far: ")
                + "unshipped bytes "
                + unshippedBytes()
                + ", lost bytes "
                + lostBytes());
    if (bufferedBytes() > 0 || bufferedReceivedRecords() > 0) {
      text.append(", left in the buffer: bytes ").append(bufferedBytes());
      text.append(", records of requests ").append(bufferedReceivedRecords());
    }
    if (lostReceived > 0) {
      text.append(", lost records of requests ").append(lostReceived);
    }
    if (damagedBuffer > 0) {
      text.append(", damaged in the buffer: bytes ").append(damagedBuffer);
    }
    text.append('\n').append(shipperLines());
    int used = text.toString().getBytes(UTF_8).length;
    long leftBytes = missing.stream().mapToLong(FileReceipt::missingBytes).sum();
    int told = 0;
    for (FileReceipt file : missing) {
      String line =
          name(file)
              + said(" in the buffer ", file.buffered())
              + dropped(" dropped", file)
              + said(" unshipped ", file.unshipped())
              + said(" lost ", file.lost())
              + "\n";
      int bytes = line.getBytes(UTF_8).length;
      String rest = rest(missing.size() - told, leftBytes);
      if (used + bytes + rest.length() > maxBytes) {
        text.append(rest);
        break;
      }
      text.append(line);
      used += bytes;
      told++;
      leftBytes -= file.missingBytes();
    }
    return text.toString().getBytes(UTF_8);
  }

  private static String name(FileReceipt file) {
    return file.path().isEmpty()
        ? "a file of source " + file.source() + " that is forgotten"
        : file.path();
  }

  private static String rest(int files, long bytes) {
    return files + " more files, " + bytes + " bytes: see receipt.json\n";
  }
}
