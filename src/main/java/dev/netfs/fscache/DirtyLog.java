package dev.netfs.fscache;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was written to one object and may not have reached its server: a file to which the bytes are
 * appended as they are acknowledged, and that is deleted when the server has them.
 *
 * <pre>
 * record*: magic (4) | version (1) | kind (1) | 0 (2) | sequence (8) | offset (8) | length (4)
 *          | record head ({@link Sealer#HEAD}) | payload | tag ({@link Sealer#TAG})
 * </pre>
 *
 * All of a record is proven, and bound to the volume and to the file's name, so that it can be
 * neither changed nor left out from before another. The first record says the path and which state
 * of the server's file the writing began with. A crash tears the last record at most, and that one
 * had not been acknowledged. What is later in the file holds: it is read from the front.
 *
 * <p>An exclusive lock on the file, which the kernel takes back when its JVM ends, says that it has
 * an owner. Whoever can take it owns what a dead JVM has left.
 *
 * <p>Safe for use by several threads. All methods block for local I/O; threads that are interrupted
 * may call them, as no channel is used that an interrupt would close.
 */
public final class DirtyLog implements Closeable {
  /** The most bytes of one record's payload. */
  public static final int MAX_PIECE = 256 << 10;

  /** Into so many parts, on an average, a record's bytes get at most by what goes out of date. */
  private static final int MOST_PARTS = 8;

  static final int MAGIC = 0x6e667344; // nfsD
  static final byte VERSION = 1;
  private static final int SEQUENCE = 8;
  private static final int OFFSET = 16;
  private static final int LENGTH = 24;
  static final int RECORD = 28;
  static final int HEAD = RECORD + Sealer.HEAD;

  private static final byte BEGIN = 1;
  private static final byte DATA = 2;
  private static final byte SENT = 3;
  private static final byte SENDING = 4;
  private static final byte STATE = 5;
  private static final byte ENDING = 6;

  /**
   * Bytes that were written, in the file at a position.
   *
   * @param from the first byte of them that counts: others were cut off, or are out of date
   * @param to the byte after the last one that does
   */
  private record Piece(long offset, int length, int from, int to, long position, long sequence) {
    long start() {
      return offset + from;
    }

    long end() {
      return offset + to;
    }

    Piece part(long start, long end) {
      return new Piece(
          offset, length, (int) (start - offset), (int) (end - offset), position, sequence);
    }
  }

  /**
   * A range that is out of date in what was before it.
   *
   * @param pieces how many those are
   */
  private record OutOfDate(long start, long end, int pieces) {}

  /** Takes what was written, in the order in which it was. */
  public interface Replay {
    /** Takes bytes that were written at an offset. */
    void write(long offset, ByteBuffer bytes) throws IOException;
  }

  private final Volume volume;
  private final Path file;
  private final RandomAccessFile content;
  private final byte[] name;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Piece> pieces = new ArrayList<>(); // filled while it is read, then constant
  private long end; // guarded by lock: where the next record begins
  private long sequence; // guarded by lock
  private boolean closed; // guarded by lock
  private String path = "";
  private long createdMillis; // while it is read
  private @Nullable CoherencyData base; // guarded by lock: what the server had before what is here
  private long sendingMillis; // guarded by lock: when some of it was last about to be sent, or 0
  private long sentEnd; // while it is read
  private boolean ending; // guarded by lock
  private boolean damaged; // while it is read

  private DirtyLog(Volume volume, Path file, RandomAccessFile content) {
    this.volume = volume;
    this.file = file;
    this.content = content;
    this.name = Objects.toString(file.getFileName()).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Makes a log whose file, open and new, is the caller's to name.
   *
   * @param file the name that it will have
   * @return null if it cannot be locked
   */
  static @Nullable DirtyLog create(
      Volume volume, Path file, RandomAccessFile content, String path, CoherencyData base)
      throws IOException {
    if (FileRegionLock.tryLock(content.getChannel(), FileRegionLock.IN_USE, false) == null) {
      return null;
    }
    DirtyLog log = new DirtyLog(volume, file, content);
    log.path = path;
    log.base = base;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("path", path);
    fields.put("created", System.currentTimeMillis());
    base.put(fields);
    log.append(BEGIN, 0, ByteBuffer.wrap(Records.encode(fields)));
    return log;
  }

  /**
   * Takes a log over whose owner is gone.
   *
   * @return null if it has an owner, or is gone; nothing is closed then
   * @throws IOException if it cannot be read
   */
  static @Nullable DirtyLog takeOver(Volume volume, Path file, RandomAccessFile content)
      throws IOException {
    FileLock owned = FileRegionLock.tryLock(content.getChannel(), FileRegionLock.IN_USE, false);
    if (owned == null || !Files.exists(file)) {
      return null; // its owner has deleted it before he let go of it
    }
    DirtyLog log = new DirtyLog(volume, file, content);
    log.readAll();
    return log;
  }

  /** Reads a log, whosever it is, without taking it over. Its owner may be appending to it. */
  static DirtyLog look(Volume volume, Path file, RandomAccessFile content) throws IOException {
    DirtyLog log = new DirtyLog(volume, file, content);
    log.readAll();
    return log;
  }

  /** Reads this log anew: what was appended until now; null if it has been closed. */
  @Nullable DirtyLog look() throws IOException {
    lock.lock();
    try {
      return closed ? null : look(volume, file, content);
    } finally {
      lock.unlock();
    }
  }

  /** Returns the object's path on its share. */
  public String path() {
    return path;
  }

  /** Returns when it was made, in milliseconds since the epoch. For one that was taken over. */
  public long createdMillis() {
    return createdMillis;
  }

  /** Returns how many bytes the file has. */
  public long size() {
    lock.lock();
    try {
      return end;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether anything is here that the server may not have. For one that was taken over. */
  public boolean isEmpty() {
    return pieces.isEmpty();
  }

  /** Returns whether something was here that did not prove itself, other than a torn end. */
  public boolean isDamaged() {
    return damaged;
  }

  /** Hands over the ranges that were written, which may overlap. For one that was taken over. */
  public void forEachRange(Cookie.RangeConsumer consumer) {
    pieces.forEach(piece -> consumer.accept(piece.start(), piece.end()));
  }

  /** Returns the byte after the last one that was written. For one that was taken over. */
  public long last() {
    return pieces.stream().mapToLong(Piece::end).max().orElse(0);
  }

  /**
   * Returns the byte after the last one that was written or may have been sent. For one that was
   * taken over.
   */
  public long sentEnd() {
    return Math.max(last(), sentEnd);
  }

  /** Returns which state of the server's file what is here was written over; null if unknown. */
  public @Nullable CoherencyData base() {
    return base;
  }

  /** Returns when something of it was last about to be sent, in milliseconds; 0 if never. */
  public long sendingMillis() {
    return sendingMillis;
  }

  /**
   * Returns whether the server's file was about to be emptied, replaced or deleted by its owner.
   */
  public boolean isEnding() {
    return ending;
  }

  /**
   * Hands over what was written. For one that was taken over; more may be appended meanwhile.
   *
   * @throws IOException if it cannot be read, or is not what it was when it was taken over
   */
  public void replay(Replay consumer) throws IOException {
    for (Piece piece : pieces) {
      ByteBuffer plain = read(piece);
      if (plain == null) {
        throw new FileSystemException(file.toString(), null, "it changes while it is read");
      }
      consumer.write(piece.start(), plain.limit(piece.to).position(piece.from).slice());
    }
  }

  /** Appends bytes that were written at an offset, at most {@link #MAX_PIECE}. */
  public void write(long offset, ByteBuffer bytes) throws IOException {
    if (!volume.cache().hasSpace()) {
      throw new FileSystemException(file.toString(), null, "the file system is full (C6)");
    }
    append(DATA, offset, bytes);
  }

  /**
   * Appends that what is here of a range is out of date: the server has newer bytes, which are not
   * here, or nobody wants them any more.
   */
  public void sent(long start, long end) throws IOException {
    append(SENT, start, ByteBuffer.allocate(Long.BYTES).putLong(0, end));
  }

  /**
   * Appends that something is about to be sent: the server's file may be of a newer state.
   *
   * @param end the byte after the last one of all that may have been sent, here or not
   */
  public void sending(long nowMillis, long end) throws IOException {
    append(SENDING, nowMillis, ByteBuffer.allocate(Long.BYTES).putLong(0, end));
    force();
  }

  /** Appends which state the server's file is in now, after a change that its owner has made. */
  public void state(CoherencyData now) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    now.put(fields);
    append(STATE, 0, ByteBuffer.wrap(Records.encode(fields)));
  }

  /**
   * Appends that what the server's file holds is about to end, by a wish of its owner.
   *
   * @param so false where that came to nothing
   */
  public void ending(boolean so) throws IOException {
    append(ENDING, so ? 1 : 0, ByteBuffer.allocate(0));
  }

  /** Has all that was appended on stable storage. */
  public void force() throws IOException {
    content.getFD().sync();
  }

  private ByteBuffer associated(long number, byte kind, long offset, int length) {
    ByteBuffer binding = volume.binding(name);
    ByteBuffer associated = ByteBuffer.allocate(binding.remaining() + 21);
    associated.put(binding).putLong(number).put(kind).putLong(offset).putInt(length);
    return associated.flip();
  }

  private void append(byte kind, long offset, ByteBuffer payload) throws IOException {
    int length = payload.remaining();
    ByteBuffer record = ByteBuffer.allocate(HEAD + length + Sealer.TAG);
    lock.lock();
    try {
      if (closed) {
        throw new IOException("the log of " + path + " is closed");
      }
      record.putInt(MAGIC).put(VERSION).put(kind).putShort((short) 0);
      record.putLong(sequence).putLong(offset).putInt(length);
      record.position(HEAD);
      volume.sealer().seal(associated(sequence, kind, offset, length), payload, record, RECORD);
      content.seek(end);
      content.write(record.array(), 0, record.position());
      end += record.position(); // where it fails, the next one takes its place
      sequence++;
    } finally {
      lock.unlock();
    }
  }

  private void readAll() throws IOException {
    long size = content.length();
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    boolean lastFailed = false;
    List<OutOfDate> outOfDate = new ArrayList<>();
    while (end + HEAD + Sealer.TAG <= size) {
      head.clear();
      readFully(head, end);
      int length = head.getInt(LENGTH);
      if (head.getInt(0) != MAGIC
          || head.get(4) != VERSION
          || length < 0
          || length > Math.max(MAX_PIECE, CookieHeader.REGION)
          || end + HEAD + length + Sealer.TAG > size) {
        break;
      }
      damaged |= lastFailed; // and more follows: that was no torn end
      lastFailed = !take(head, length, outOfDate);
      end += HEAD + length + Sealer.TAG;
    }
    leaveOut(outOfDate, MOST_PARTS * (1 + size / HEAD));
    damaged |= path.isEmpty() || size - end > HEAD + MAX_PIECE + Sealer.TAG;
  }

  /** Takes a record in; returns false if it does not prove itself. */
  private boolean take(ByteBuffer head, int length, List<OutOfDate> outOfDate) throws IOException {
    byte kind = head.get(5);
    long offset = head.getLong(OFFSET);
    Piece piece = new Piece(offset, length, 0, length, end, head.getLong(SEQUENCE));
    ByteBuffer plain = read(piece, kind);
    if (plain == null) {
      return false;
    }
    damaged |= piece.sequence != sequence; // something is missing
    sequence = Math.max(sequence, piece.sequence + 1);
    switch (kind) {
      case BEGIN -> {
        Records.Fields fields = Records.decode(plain.array(), 0, plain.limit());
        path = fields.text("path");
        createdMillis = fields.number("created");
        base = CoherencyData.of(fields);
      }
      case DATA -> {
        if (offset < 0 || offset > Long.MAX_VALUE - length) {
          throw new IOException("bytes at no offset of a file, in " + file);
        }
        if (length > 0) {
          pieces.add(piece);
        }
      }
      case SENT -> {
        long to = plain.remaining() < Long.BYTES ? Long.MAX_VALUE : plain.getLong(0);
        if (to > offset) {
          outOfDate.add(new OutOfDate(offset, to, pieces.size()));
        }
      }
      case SENDING -> {
        sendingMillis = offset;
        sentEnd = Math.max(sentEnd, plain.remaining() < Long.BYTES ? 0 : plain.getLong(0));
      }
      case STATE -> {
        base = CoherencyData.of(Records.decode(plain.array(), 0, plain.limit()));
        sendingMillis = 0;
        sentEnd = 0;
      }
      case ENDING -> ending = offset != 0;
      default -> throw new IOException("a record of kind " + kind + " in " + file);
    }
    return true;
  }

  /** Leaves out of the pieces what is out of date by what follows them. */
  private void leaveOut(List<OutOfDate> ranges, long most) throws IOException {
    if (ranges.isEmpty()) {
      return;
    }
    NavigableMap<Long, Long> out = new TreeMap<>(); // from start to end, apart from each other
    List<Piece> left = new ArrayList<>();
    int next = ranges.size() - 1;
    for (int number = pieces.size() - 1; number >= 0; number--) {
      for (; next >= 0 && ranges.get(next).pieces > number; next--) {
        add(out, ranges.get(next).start, ranges.get(next).end);
      }
      Piece piece = pieces.get(number);
      long start = piece.start();
      Map.Entry<Long, Long> before = out.floorEntry(start);
      if (before != null) {
        start = Math.max(start, before.getValue());
      }
      while (start < piece.end()) {
        Map.Entry<Long, Long> following = out.higherEntry(start);
        long end = following == null ? piece.end() : Math.min(piece.end(), following.getKey());
        left.add(piece.part(start, end));
        start = following == null ? piece.end() : following.getValue();
      }
      if (left.size() > most) {
        throw new IOException("more pieces than there can be, in " + file);
      }
    }
    Collections.reverse(left);
    pieces.clear();
    pieces.addAll(left);
  }

  private static void add(NavigableMap<Long, Long> ranges, long from, long to) {
    long start = from;
    long end = to;
    Map.Entry<Long, Long> near = ranges.floorEntry(end);
    while (near != null && near.getValue() >= start) {
      start = Math.min(start, near.getKey());
      end = Math.max(end, near.getValue());
      ranges.remove(near.getKey());
      near = ranges.floorEntry(end);
    }
    ranges.put(start, end);
  }

  private @Nullable ByteBuffer read(Piece piece) throws IOException {
    return read(piece, DATA);
  }

  private @Nullable ByteBuffer read(Piece piece, byte kind) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(HEAD + piece.length + Sealer.TAG);
    readFully(record, piece.position);
    ByteBuffer plain = ByteBuffer.allocate(piece.length);
    ByteBuffer sealed = record.duplicate().position(HEAD);
    return volume
            .sealer()
            .open(
                associated(piece.sequence, kind, piece.offset, piece.length),
                record,
                RECORD,
                sealed,
                plain)
        ? plain.flip()
        : null;
  }

  private void readFully(ByteBuffer buffer, long position) throws IOException {
    lock.lock(); // what is appended meanwhile goes by the same position
    try {
      content.seek(position);
      content.readFully(buffer.array(), 0, buffer.limit());
    } finally {
      lock.unlock();
    }
    buffer.position(buffer.limit());
    buffer.flip();
  }

  /** Deletes the file, since the server has what is here, or nobody wants it, and ends the use. */
  public void delete() throws IOException {
    try {
      Files.deleteIfExists(file);
    } finally {
      close();
    }
  }

  /** Lets go of the file, which stays for the next owner. A second call does nothing. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      content.close();
    } catch (IOException e) {
      volume.cache().failed(e);
    } finally {
      lock.unlock();
      volume.dirtyLogs().closed(file);
    }
  }

  @Override
  public String toString() {
    return "DirtyLog[" + path + "]";
  }
}
