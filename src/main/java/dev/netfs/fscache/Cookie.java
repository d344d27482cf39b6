package dev.netfs.fscache;

import dev.netfs.share.IoSegments;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is on disk of one object, in one state of it: its open file.
 *
 * <h2>Sound by construction</h2>
 *
 * Every slot proves itself ({@link Sealer}): that it is of this volume, this object, this file's
 * generation and this granule, and that no bit of it has changed. Whatever else is found where a
 * slot should be (a hole, half a write, another file's slot, an older state's) is no slot, and what
 * it should hold is not here. So slots are written in place, without a journal, without being
 * forced to stable storage, by any number of JVMs at once; a crash at any moment costs the slots
 * that were being written (C7, C8). An older copy of a slot of the same generation is no harm: a
 * generation belongs to one state of the object, so all copies of a granule have the same bytes.
 *
 * <p>A file of another state is another file: it is made under another name, with its header, and
 * renamed over the old one. Whoever has the old one open goes on with it, unseen by others, until
 * he closes it.
 *
 * <h2>Concurrency</h2>
 *
 * All methods block for local I/O and must not be called by a thread that may be interrupted: an
 * interrupt would close the file under others. They are safe for use by several threads; those who
 * write one granule take turns. A shared lock on the file, which the kernel takes back when the JVM
 * ends, tells other JVMs that the file is in use and must not be culled.
 */
public final class Cookie implements Closeable {
  private static final int STRIPES = 16;

  /** Where a granule is wanted in smaller pieces, one read of all of it is cheaper. */
  private static final int LEAST_IN_PLACE = 16 << 10;

  private final Volume volume;
  private final String name;
  private final CookieHeader header;
  private final Slots slots;
  private final FileChannel channel;
  private final @Nullable FileLock inUse;
  private final boolean writable;
  private final byte[] binding;
  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  /**
   * Held while the file is written, after a stripe: the kernel lets nobody else write it meanwhile
   * either, and has those who want to run in circles.
   */
  private final ReentrantLock writing = new ReentrantLock();

  /** Granules that did not prove themselves: the next write of one replaces all of it. */
  private final Set<Long> refuted = ConcurrentHashMap.newKeySet();

  private final AtomicInteger uses = new AtomicInteger(1);
  private final AtomicLong stored = new AtomicLong(); // since the file was opened
  private volatile boolean current = true;

  Cookie(
      Volume volume,
      String name,
      byte[] object,
      CookieHeader header,
      FileChannel channel,
      @Nullable FileLock inUse,
      boolean writable) {
    this.volume = volume;
    this.name = name;
    this.header = header;
    this.slots = new Slots(header.granule(), header.coherency().size(), header.generation());
    this.channel = channel;
    this.inUse = inUse;
    this.writable = writable;
    ByteBuffer bound = volume.binding(object);
    this.binding =
        ByteBuffer.allocate(bound.remaining() + CookieHeader.GENERATION)
            .put(bound)
            .put(header.generation())
            .array();
    Arrays.setAll(stripes, i -> new ReentrantLock());
  }

  /** Takes ranges of an object's bytes. */
  @FunctionalInterface
  public interface RangeConsumer {
    /** Takes the range from {@code start} to {@code end}, exclusive. */
    void accept(long start, long end);
  }

  CookieHeader header() {
    return header;
  }

  boolean isWritable() {
    return writable;
  }

  /** Returns how many bytes the slots hold, more or less. */
  long storedBytes() throws IOException {
    ByteBuffer sum = ByteBuffer.allocate(Long.BYTES);
    read(sum, CookieHeader.STORED);
    return Math.max(0, sum.getLong(0) + stored.get());
  }

  /** Returns the state of the object that the bytes are of. */
  public CoherencyData coherency() {
    return header.coherency();
  }

  /** Returns the object's path on its share. */
  public String path() {
    return header.path();
  }

  /** Returns the size of a granule: a power of two from 4 KiB to 16 MiB. */
  public int granule() {
    return slots.granule;
  }

  /**
   * Returns whether the file still has its name here, so that others and later opens find what is
   * written to it.
   */
  public boolean isCurrent() {
    return current;
  }

  /** Notes that the name stands for another file now, or for none. */
  void replaced() {
    current = false;
  }

  /** Begins a use, which a {@link #close} ends; returns false if the last one has ended. */
  public boolean retain() {
    while (true) {
      int now = uses.get();
      if (now == 0) {
        return false;
      }
      if (uses.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /**
   * Hands over, in order, the ranges that seem to be here: it is advice, since nothing is opened.
   *
   * @param start the first byte
   * @param end the byte after the last one; what is past the object's size is not here
   */
  public void probe(long start, long end, RangeConsumer consumer) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(slots.headSize);
    long stop = Math.min(end, header.coherency().size());
    long from = -1; // of the range that is being collected
    long to = -1;
    long at = start;
    while (at < stop) {
      long number = at / slots.granule;
      long base = number * slots.granule;
      Slots.Head head = head(number, buffer);
      long edge = Math.min(stop, base + slots.granule);
      while (at < edge) {
        long next = Math.min(edge, (at / Slots.BLOCK + 1) * Slots.BLOCK);
        if (head != null && head.isValid((int) ((at - base) / Slots.BLOCK))) {
          from = from < 0 ? at : from;
          to = next;
        } else if (from >= 0) {
          consumer.accept(from, to);
          from = -1;
        }
        at = next;
      }
    }
    if (from >= 0) {
      consumer.accept(from, to);
    }
  }

  private Slots.@Nullable Head head(long number, ByteBuffer buffer) throws IOException {
    buffer.clear().limit(slots.headSize);
    read(buffer, slots.offset(number));
    buffer.flip();
    Slots.Head head = slots.new Head(number);
    return head.read(buffer) ? head : null;
  }

  /** Fills a buffer as far as the file goes. */
  private void read(ByteBuffer buffer, long offset) throws IOException {
    long at = offset;
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, at);
      if (count <= 0) {
        return;
      }
      at += count;
    }
  }

  /**
   * Reads bytes of one granule.
   *
   * @param start the first byte
   * @param dst takes as many bytes as remain in it, which all lie in the granule; if they are not
   *     here, it may have got worthless ones
   * @return whether the bytes are here and proven
   * @throws IOException if the file cannot be read
   */
  public boolean read(long start, IoSegments dst) throws IOException {
    long number = start / slots.granule;
    int from = (int) (start - number * slots.granule);
    int to = from + (int) dst.remaining();
    if (to > slots.length(number) || dst.remaining() > slots.granule) {
      return false;
    }
    Scratch scratch = volume.scratch().take(slots);
    try {
      if (readInPlace(number, scratch, from, to, dst)) {
        return true;
      }
      Slots.Head head = open(number, scratch, from, to);
      if (head == null) {
        return false;
      }
      dst.put(scratch.plain.position(from).limit(to));
      return true;
    } finally {
      volume.scratch().give(scratch);
    }
  }

  /**
   * Reads bytes to where they are wanted and proves them there, if they are what the slot holds as
   * it is. If not, or if they do not prove themselves, the position stays where it is.
   */
  private boolean readInPlace(long number, Scratch scratch, int from, int to, IoSegments dst)
      throws IOException {
    if (volume.sealer().encrypts() || dst.next().remaining() < LEAST_IN_PLACE) {
      return false;
    }
    ByteBuffer sealed = scratch.sealed;
    Slots.Head head = head(number, sealed);
    if (head == null
        || head.codec != Codec.NONE.id()
        || head.first() != from
        || head.plainLength() != to - from
        || !head.covers(from, to)) {
      return false;
    }
    long at = slots.offset(number) + slots.headSize;
    IoSegments payload = dst.slice(0, to - from);
    while (payload.hasRemaining()) {
      int count = channel.read(payload.next(), at);
      if (count <= 0) {
        return false;
      }
      payload.advance(count);
      at += count;
    }
    read(sealed.clear().limit(Sealer.TAG), at);
    if (sealed.hasRemaining()
        || !volume.sealer().proves(associated(head), dst.slice(0, to - from), sealed.flip())) {
      return false;
    }
    dst.advance(to - from);
    return true;
  }

  /**
   * Opens a slot if it seems to have bytes from one offset to another; the granule's bytes are in
   * {@code scratch.plain} then, at their offsets.
   */
  private Slots.@Nullable Head open(long number, Scratch scratch, int from, int to)
      throws IOException {
    // Once more if it fails: somebody may have written it between two reads.
    for (int attempt = 0; attempt < 2; attempt++) {
      ByteBuffer sealed = scratch.sealed;
      Slots.Head head = head(number, sealed);
      if (head == null || !head.covers(from, to)) {
        return null;
      }
      sealed.limit(slots.headSize + head.stored + Sealer.TAG).position(slots.headSize);
      read(sealed, slots.offset(number) + slots.headSize);
      sealed.flip().position(slots.headSize);
      if (sealed.remaining() == head.stored + Sealer.TAG && open(head, sealed, scratch)) {
        return head;
      }
      if (!isReadable(head)) {
        refuted.add(number); // it may well be sound, but is of no use here
        volume.unreadable();
        return null;
      }
    }
    if (refuted.add(number)) {
      volume.refuted(header.path(), number);
    }
    return null;
  }

  private boolean open(Slots.Head head, ByteBuffer sealed, Scratch scratch) {
    ByteBuffer plain = scratch.plain.clear().position(head.first());
    ByteBuffer associated = associated(head);
    if (head.codec == Codec.NONE.id()) {
      return volume.sealer().open(associated, sealed, Slots.RECORD, sealed, plain);
    }
    Codec codec = Codec.of(head.codec);
    byte[] packed = scratch.packed();
    byte[] unpacked = scratch.unpacked();
    if (codec == null
        || !volume.sealer().open(associated, sealed, Slots.RECORD, sealed, ByteBuffer.wrap(packed))
        || !codec.decompress(packed, head.stored, unpacked, head.plainLength())) {
      return false;
    }
    plain.put(unpacked, 0, head.plainLength());
    return true;
  }

  /** Returns whether what a slot is compressed with can be opened here. */
  private static boolean isReadable(Slots.Head head) {
    Codec codec = Codec.of(head.codec);
    return codec == null || codec.isAvailable();
  }

  private ByteBuffer associated(Slots.Head head) {
    ByteBuffer associated = ByteBuffer.allocate(binding.length + slots.boundBytes());
    associated.put(binding);
    head.bind(associated);
    return associated.flip();
  }

  /**
   * Writes bytes of one granule, beside what is here of it already.
   *
   * @param start the first byte, at a multiple of 4 KiB
   * @param src all its remaining bytes, which lie in the granule and end at a multiple of 4 KiB or
   *     at the object's end
   * @return whether they were written; not if they are here already, or nothing may be allocated
   * @throws IOException if the file cannot be written
   */
  public boolean write(long start, IoSegments src) throws IOException {
    long number = start / slots.granule;
    int from = (int) (start - number * slots.granule);
    int to = from + (int) src.remaining();
    if (start % Slots.BLOCK != 0
        || to > slots.length(number)
        || (to % Slots.BLOCK != 0 && to != slots.length(number))
        || from == to) {
      throw new IllegalArgumentException(
          "not whole blocks of a granule: " + start + " + " + src.remaining());
    }
    if (!writable || !volume.cache().mayAllocate(to - from)) {
      return false;
    }
    Scratch scratch = volume.scratch().take(slots);
    ReentrantLock stripe = stripes[(int) (number % STRIPES)];
    stripe.lock();
    try {
      return write(number, from, to, src, scratch);
    } finally {
      stripe.unlock();
      volume.scratch().give(scratch);
    }
  }

  private boolean write(long number, int from, int to, IoSegments src, Scratch scratch)
      throws IOException {
    Slots.Head head = slots.new Head(number);
    head.makeValid(from, to);
    Slots.Head there = refuted.contains(number) ? null : head(number, scratch.sealed);
    if (there != null && there.covers(head)) {
      return false;
    }
    int before = there == null ? 0 : there.stored;
    ByteBuffer plain = scratch.plain;
    if (there != null && !head.covers(there)) {
      int first = there.first();
      there = open(number, scratch, first, first + 1);
      if (there != null) {
        for (int i = 0; i < slots.words; i++) {
          head.valid[i] |= there.valid[i];
        }
        zeroGaps(plain, head, there, from, to);
      }
    }
    int first = head.first();
    if (head.plainLength() == to - from && src.next().remaining() == to - from) {
      plain = src.next(); // all of the payload, in one piece
    } else {
      src.get(plain.clear().position(from).limit(to));
      plain.limit(first + head.plainLength()).position(first);
    }
    ByteBuffer payload = payload(head, plain, scratch);
    head.stored = payload.remaining();
    ByteBuffer sealed = scratch.sealed.clear();
    head.write(sealed);
    sealed.position(slots.headSize);
    volume.sealer().seal(associated(head), payload, sealed, Slots.RECORD);
    sealed.flip();
    int count = sealed.remaining();
    long at = slots.offset(number);
    writing.lock();
    try {
      while (sealed.hasRemaining()) {
        at += channel.write(sealed, at);
      }
    } finally {
      writing.unlock();
    }
    refuted.remove(number);
    stored.addAndGet(head.stored - before);
    volume.cache().allocated(head.stored - before);
    return count > 0;
  }

  /** Returns what is stored of a granule: its bytes, or what they are compressed to. */
  private ByteBuffer payload(Slots.Head head, ByteBuffer plain, Scratch scratch) {
    Codec codec = volume.codec();
    if (codec != Codec.NONE) {
      byte[] bytes = scratch.unpacked();
      plain.get(plain.position(), bytes, 0, plain.remaining());
      byte[] packed = scratch.packed();
      int length = codec.compress(bytes, plain.remaining(), packed);
      if (length > 0) {
        head.codec = codec.id();
        return ByteBuffer.wrap(packed, 0, length);
      }
    }
    head.codec = Codec.NONE.id();
    return plain;
  }

  /** What lies between the valid blocks of a payload is zeros, not what the scratch held before. */
  private static void zeroGaps(
      ByteBuffer plain, Slots.Head head, Slots.Head there, int from, int to) {
    int low = Math.min(from, there.first());
    int high = Math.max(to, there.first() + there.plainLength());
    for (int block = low / Slots.BLOCK; block * Slots.BLOCK < high; block++) {
      if (!head.isValid(block)) {
        for (int at = block * Slots.BLOCK; at < (block + 1) * Slots.BLOCK; at += Long.BYTES) {
          plain.putLong(at, 0);
        }
      }
    }
  }

  /** What was found of a granule's slot. */
  public enum State {
    /** There is none. */
    ABSENT,
    /** Some of the granule's bytes are here and proven. */
    PARTIAL,
    /** All of the granule's bytes are here and proven. */
    CACHED,
    /** There is something that does not prove itself. */
    DAMAGED,
    /** There is something that nobody here can open, as {@link Codec#ZSTD_LIBRARY} is missing. */
    UNREADABLE
  }

  /** Returns how many granules the object has. */
  public long granules() {
    return slots.count();
  }

  /**
   * Returns how many granules may be here: what comes after them is not, as the file ends there.
   */
  public long granulesInFile() throws IOException {
    long bytes = Math.max(0, channel.size() - CookieHeader.REGION);
    return Math.min(slots.count(), (bytes + slots.slotSize() - 1) / slots.slotSize());
  }

  /** Returns how many of the object's bytes seem to be here. */
  public long cachedBytes() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(slots.headSize);
    long sum = 0;
    long end = granulesInFile();
    for (long number = 0; number < end; number++) {
      Slots.Head head = head(number, buffer);
      sum += head == null ? 0 : head.validBytes();
    }
    return sum;
  }

  /**
   * Looks at a granule's slot.
   *
   * @param proof whether to open it; if not, what its head says is believed, and what is no head is
   *     nothing
   */
  public State state(long number, boolean proof) throws IOException {
    Scratch scratch = volume.scratch().take(slots);
    try {
      Slots.Head head = head(number, scratch.sealed);
      if (head == null) {
        return proof && !isHole(scratch.sealed) ? State.DAMAGED : State.ABSENT;
      }
      int first = head.first();
      if (proof && !isReadable(head)) {
        return State.UNREADABLE;
      }
      if (proof && open(number, scratch, first, first + 1) == null) {
        return State.DAMAGED;
      }
      return head.covers(0, slots.length(number)) ? State.CACHED : State.PARTIAL;
    } finally {
      volume.scratch().give(scratch);
    }
  }

  private static boolean isHole(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      if (bytes.get() != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Takes the file's name away, since the object is about to be changed or is gone: nobody finds
   * what is here any more. Does not end a use.
   */
  public void invalidate() throws IOException {
    volume.remove(this);
  }

  String name() {
    return name;
  }

  /** Ends a use; with the last one the file is closed. Never throws. */
  @Override
  public void close() {
    if (uses.decrementAndGet() > 0) {
      return;
    }
    volume.closed(this);
    try {
      long added = stored.get();
      if (writable && current && added != 0) {
        ByteBuffer sum = ByteBuffer.allocate(Long.BYTES).putLong(storedBytes()).flip();
        channel.write(sum, CookieHeader.STORED);
      }
      if (inUse != null) {
        inUse.release();
      }
      channel.close();
    } catch (EOFException | ClosedChannelException e) {
      // Nothing is lost.
    } catch (IOException e) {
      volume.cache().failed(e);
    }
  }

  @Override
  public String toString() {
    return "Cookie[" + header.path() + "]";
  }
}
