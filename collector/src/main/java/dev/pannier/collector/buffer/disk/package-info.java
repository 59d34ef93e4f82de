/// The disk buffer's files: an append-only log of batches in segments, and the shippers' places in
/// it. What becomes of a batch, and who waits for what, is decided in `buffer`.
///
/// # Constraints
///
/// - A record that was synced is there after any crash; one that was not is there whole or not at
///   all.
/// - Numbers of records grow, and none that was synced is ever used twice.
/// - Nothing is changed in place: a segment is appended to, then read, then deleted whole. What may be on no disk is written
///   again with its own bytes.
/// - A reader never needs more memory than one record and a window of 64 KiB.
/// - Only `java.nio.file` and `FileChannel` are used: no mapped file, no `java.io.File`.
///
/// # Format
///
/// Integers are big-endian, texts UTF-8. All files of a buffer lie in one directory:
///
/// ```
/// 00000000000000000042.log   a segment, named by the lowest number that may stand in it
/// cursors                    what each shipper needs no longer
/// log-id                     whose numbers those are, where a destination stores numbers
/// unconfirmed                the lowest end that the log has had since that destination was last asked
/// reserve                    256 KiB of zeros that make way for a segment's header on a full disk
/// given-up                   says that something of the log could not be read, and was given up
/// buffer.lock                locked while a process has the directory
/// ```
///
/// A segment is a header and records, one behind the other without padding:
///
/// ```
/// header
///  0  4  50 4E 4C 47   magic "PNLG"
///  4  2  00 03         version
///  6  2  flags         bit 0: positions in this segment do not count (see below)
///                      bit 1: the segment before could not be synced
///  8  8  first         the lowest number that may stand here
/// 16  8  known up to   the positions of all records up to this number are in the snapshot
/// 24  4  m             bytes of the snapshot
/// 28  m  snapshot      for each file: 2 length of its name · name · 2 length of its positions · positions
///     4  CRC32C        of all before
///
/// record
///  0  4  n             bytes behind the checksum
///  4  4  CRC32C        of these n bytes
///  8  8  sequence
/// 16  8  appended      milliseconds since the epoch
/// 24  1  signal        0 logs, 1 traces, 2 metrics
/// 25  4  records
/// 29  8  source bytes  what the records took where they came from
/// 37  2  s             bytes of the source's name
/// 39  2  k             bytes of the key
/// 41  2  p             bytes of the positions
/// 43  8  synced        all records up to this number were synced when this one was written
/// 51  4  r             bytes of the OTLP request
/// 55     source (s) · key (k) · positions (p) · the request, packed where what is left of n is not r
/// ```
///
/// A packed request is a row of tokens. What the records of a file end with, names, paths and the uid's beginning, is mostly more
/// than their texts, and so stands there once:
///
/// ```
/// token
///  0  2  o             bytes of the request that follow
///  2  2  c             bytes behind them that it has had before: a copy
///  4  2  d             how far before: c ≤ d
///  6     o bytes
/// ```
///
/// Version 2 had no `r`, and no request was packed: the source's name began at 51. Version 1 had no `synced` either: it began at
/// 43. Their segments are read, and nothing is appended to them; in those of version 1 all damage is passed over but that at the newest's end.
/// A later version keeps where `m` stands, and the checksum behind the snapshot: so a version before it knows a whole header from a
/// damaged one, leaves the file as it is, and does not start.
///
/// `cursors` and `unconfirmed` are drawn at [CursorFile], `log-id` at [LogId].
///
/// # Write
///
/// An append goes to the page cache on its caller's thread; it is published to readers when all of
/// it is written. A sync (`force`) covers all that was published before it began, the names of new
/// segments included. The append that begins a segment syncs the one before, so that there is never
/// a hole with records behind it, and the new one's snapshot has the positions of all that is before it. A write that fails leaves the segment's end where it was: the
/// next one goes over it.
///
/// A sync that fails is not tried again: the system tells the error once, and takes the pages for clean that
/// it could not write. Nothing more is appended to the segment, what no sync had covered is told as such,
/// and only then the next one is begun, which says so in its flags. Before that, once the disk takes anything
/// again, what no sync has covered is verified, written again with its own bytes, and synced, which makes it as sure as
/// the rest. At the start nobody knows whether a sync has failed, so the same is done with what is not proven to be synced: all of the newest
/// segment above the number in `cursors`, and of one before another whose flags say that it could not be. Where
/// that fails, too, positions in it do not count.
///
/// # Read
///
/// Every record's checksum is verified before anything of it is used. Where a record is damaged,
/// the next is looked for: at the place that its length names, else byte by byte where a number of
/// the right range stands and the checksum behind it is right. What lies between is told as a range
/// of bytes. At the start the newest segment is cut behind its last whole record (a torn tail).
///
/// The death of the machine may keep any page from the disk that was not synced, and leave later
/// ones: a hole, with whole records behind it. What was not synced was not acknowledged, so the newest
/// segment is cut there, too: what was in the hole is read again, and has to come before what is
/// behind it, and once. What was synced may have rotted instead, and what is behind that was
/// acknowledged. `synced` tells them apart: where a record behind the damage, or `cursors`, tells more
/// as synced than what lies before the damage, it was synced; it is passed over. Else it is cut,
/// whatever it looks like.
///
/// ```
///   number   41  42  ▒▒  44  45           number   41  42  ▒▒  44  45
///   synced   40  40      40  40           synced   40  40      40  44
///                    ▴ never synced: cut                   ▴ rotten: passed over
/// ```
///
/// In segments before the newest all damage has rotted: all of them was synced before the next was
/// begun. Where that one's flags say that it could not be, damage is treated as in the newest, with the
/// following one's `known up to` in the place of `cursors`. Where that one has no header, it was only begun: damage is judged as
/// if it had said nothing.
///
/// Where the disk does not give the bytes, a start asks for them again for ten seconds in all. Then a segment ends there for the process that has found it so at its start, whatever lies
/// behind; numbers that may stand there are not used, and shippers go on behind it. Where a segment would be deleted, such a one is
/// kept as `….log.unreadable` instead, and no later start looks at it. Where the disk gives not one record, it is away, and the start
/// fails.
///
/// # Free
///
/// A segment is deleted when no shipper needs a record of it, also from between others, or when the oldest has to go for new ones.
/// The newest that is on disk stays, and so does each one with records whose positions its snapshot does
/// not have yet: so the log knows of every file how far it was taken over, whatever was deleted. Where the oldest is to go for a new
/// record, and only a segment that is not on disk yet knows its positions, that one is synced first. One that could not be synced and the one
/// behind it, which says so, go in their order, when nothing older is left. Where what nobody needs stays for the newest's sake
/// alone, and the buffer or the disk is full, an empty segment is begun behind all, for which the snapshot has the positions of all that was synced; those of
/// the rest were told by its delivery.
///
/// Positions say "everything before is in the log, or was delivered". That is not so behind what could not be synced, before it is
/// delivered: segments that are begun then say so in their flags. What was in memory alone is written before anything else. Nor is it so behind damage that was passed over: there positions do not count up to the
/// segment's end.
@NullMarked
package dev.pannier.collector.buffer.disk;

import org.jspecify.annotations.NullMarked;
