package dev.netfs.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One page of a file in memory, valid as a whole or in part.
 *
 * <h2>Reading without a lock</h2>
 *
 * A page is read as a sequence lock: the reader notes {@link #stamp}, copies, and looks whether the
 * stamp is still the same. Whoever changes bytes or validity makes the stamp odd first and even
 * (another one) afterwards; an evicted page's stamp stays odd for ever, so that a reader who still
 * copies from its frame, which may hold another page by then, throws the copy away. A reader
 * therefore writes no memory that another reader reads, and frames stay mapped as long as anybody
 * can reach them. What a reader may copy is said by {@link #window}, one contiguous valid range; a
 * page whose valid bytes are in several pieces keeps them in {@link #fragments}, for readers that
 * hold the inode's lock.
 *
 * <p>A page that is valid as a whole has an entry in the inode's {@link PageTable}, by which
 * readers come to its bytes without looking at this object. It is a sequence lock of its own: it is
 * taken away before the stamp becomes odd, when a marker is set, and at an eviction.
 *
 * <h2>Pins</h2>
 *
 * {@link #pins} counts who needs the page to stay: one for being dirty, one for each read request
 * that has just filled it. Changing bytes needs a pin and the inode's lock. Only a page without
 * pins can be {@linkplain #tryEvict evicted}, which is final: a page never returns from there.
 *
 * <h2>Loans</h2>
 *
 * {@link #loans} counts who has been lent valid bytes of the frame itself, for as long as he likes
 * ({@link PageCache#lend}). A loan is no pin: the page may go, be dropped, or be replaced, but its
 * frame belongs to nobody else until the last loan of it has ended. And what is lent does not
 * change: whoever wants to change bytes that may be valid {@linkplain #closeToLoans closes} the
 * page to loans first; if some of it is lent, it is not closed, and he makes the change in a copy
 * of the page, which takes its place ({@link PageCache#writable}). Both begin with an atomic
 * operation on the same word, so that one of them sees the other.
 */
final class Page {
  private static final int EVICTED = -1;

  /** In {@link #loans}: bytes are being changed, under the inode's lock. */
  private static final int CLOSED = 1 << 30;

  /** In {@link #loans}: the page has left its frame, which the last loan has to give back. */
  private static final int GONE = 1 << 29;

  private static final VarHandle PINS;
  private static final VarHandle STAMP;
  private static final VarHandle LOANS;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      PINS = lookup.findVarHandle(Page.class, "pins", int.class);
      STAMP = lookup.findVarHandle(Page.class, "stamp", long.class);
      LOANS = lookup.findVarHandle(Page.class, "loans", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final Inode inode;

  /** The page's number in its file. */
  final long number;

  /** Where its bytes are: as many as it has had a use for, which may be less than a page. */
  final FramePool.Frame frame;

  // The frame's own fields, here too: one jump through memory less for each read.
  private final ByteBuffer slab;
  private final int base;

  /** When its bytes were asked of the server, in milliseconds since the epoch; 0 for our own. */
  final long fetchedMillis;

  private final int hash;

  @SuppressWarnings({"FieldMayBeFinal", "unused"}) // by PINS
  private volatile int pins;

  @SuppressWarnings({"FieldMayBeFinal", "unused"}) // by STAMP
  private volatile long stamp;

  @SuppressWarnings("FieldMayBeFinal") // by LOANS
  private volatile int loans;

  /** A valid range: its first byte in the upper half, the byte after its last in the lower. */
  private volatile long window;

  /** The valid bytes where one range cannot say them. Guarded by the inode's lock. */
  private @Nullable ExtentSet fragments;

  /** Whether the page holds a pin for being dirty or on its way. Guarded by the inode's lock. */
  boolean dirtyPin;

  /**
   * The stream of reads whose next chunk is to be asked for when a reader comes here. Written under
   * the inode's lock; readers look at it without, and take the lock where there is one.
   */
  private @Nullable ReadStream marker;

  /** When it was last of use, as {@link PageCache} counts; 0 before. Racy. */
  int usedInEpoch;

  /** Whether the index has dropped the page, which goes when its last pin does. */
  volatile boolean detached;

  /** Makes a page with one pin, held by its maker, and no valid byte. */
  Page(Inode inode, long number, FramePool.Frame frame, long fetchedMillis) {
    this.inode = inode;
    this.number = number;
    this.frame = frame;
    this.slab = frame.slab;
    this.base = frame.offset;
    this.fetchedMillis = fetchedMillis;
    this.pins = 1;
    this.stamp = frame.firstStamp;
    // Spread, so that files whose names differ in the last letter have no hash codes in common.
    this.hash = inode.path().hashCode() * 0x9e3779b9 ^ Long.hashCode(number);
    frame.page = this;
  }

  /**
   * The same for every page that has this place in this file: how often they were of use is counted
   * by it, so that what comes back again and again is known when it does. No two are equal.
   */
  @Override
  public int hashCode() {
    return hash;
  }

  /**
   * Copies valid bytes out without a lock.
   *
   * @param offset the first byte's offset in the page
   * @param dst takes them at its position, which moves on
   * @param length how many are wanted, at least 1
   * @return how many were copied: fewer where the valid range ends before, 0 where the first byte
   *     is not in it or the page was changed meanwhile
   */
  int read(int offset, ByteBuffer dst, int length) {
    long before = (long) STAMP.getAcquire(this);
    if ((before & 1) != 0) {
      return 0;
    }
    long valid = window;
    int from = (int) (valid >>> 32);
    int to = (int) valid;
    if (offset < from || offset >= to) {
      return 0;
    }
    int count = Math.min(length, to - offset);
    int at = dst.position();
    dst.put(at, slab, base + offset, count);
    VarHandle.acquireFence();
    if ((long) STAMP.getOpaque(this) != before) {
      return 0;
    }
    dst.position(at + count);
    return count;
  }

  /** As {@link #read}, under the inode's lock: sees valid bytes in several pieces too. */
  int readLocked(int offset, ByteBuffer dst, int length) {
    int count = Math.min(length, validEnd(offset) - offset);
    if (count <= 0) {
      return 0;
    }
    dst.put(dst.position(), frame.slab, frame.offset + offset, count);
    dst.position(dst.position() + count);
    return count;
  }

  /** Returns where the last valid range that begins no later ends, or 0. Under the inode's lock. */
  private int validEnd(int offset) {
    if (fragments == null) {
      return offset >= (int) (window >>> 32) ? (int) window : 0;
    }
    int end = 0;
    for (int i = 0; i < fragments.size() && fragments.start(i) <= offset; i++) {
      end = (int) fragments.end(i);
    }
    return end;
  }

  /** Copies bytes in and makes them valid. Under the inode's lock, with a pin. */
  void write(int offset, ByteBuffer src, int length) {
    long before = beginChange();
    frame.slab.put(frame.offset + offset, src, src.position(), length);
    src.position(src.position() + length);
    addValid(offset, offset + length);
    endChange(before);
  }

  /** Sets bytes to zero and makes them valid. Under the inode's lock, with a pin. */
  void zero(int from, int to) {
    if (from >= to) {
      return;
    }
    long before = beginChange();
    frame.zero(from, to);
    addValid(from, to);
    endChange(before);
  }

  /** Makes bytes valid that are in the frame already. Under the inode's lock, with a pin. */
  void makeValid(int from, int to) {
    long before = beginChange();
    addValid(from, to);
    endChange(before);
  }

  /** Fills what is not valid here, within a range, from another page's frame. */
  void fillGaps(Page source, int from, int to) {
    long before = beginChange();
    validSet()
        .forEachGapIn(
            from,
            to,
            (start, end) ->
                frame.slab.put(
                    frame.offset + (int) start,
                    source.frame.slab,
                    source.frame.offset + (int) start,
                    (int) (end - start)));
    addValid(from, to);
    endChange(before);
  }

  /** Takes over what is valid in another page, of a smaller frame. Before this one is published. */
  void copy(Page smaller) {
    long before = beginChange();
    smaller
        .validSet()
        .forEachIn(
            0,
            smaller.frame.size(),
            (from, to) -> {
              frame.slab.put(
                  frame.offset + (int) from,
                  smaller.frame.slab,
                  smaller.frame.offset + (int) from,
                  (int) (to - from));
              addValid((int) from, (int) to);
            });
    setMarker(smaller.marker);
    endChange(before);
  }

  /** Returns a copy of the set of valid bytes, as offsets in the page. Under the inode's lock. */
  ExtentSet validSet() {
    ExtentSet copy = new ExtentSet();
    if (fragments != null) {
      copy.addAll(fragments);
    } else {
      copy.add(window >>> 32, (int) window);
    }
    return copy;
  }

  /** Makes valid what a set says, and nothing else. Under the inode's lock, with a pin. */
  void retainValid(ExtentSet wanted) {
    long before = beginChange();
    fragments = null;
    setWindow(0, 0);
    wanted.forEachIn(0, frame.size(), (from, to) -> addValid((int) from, (int) to));
    endChange(before);
  }

  private void addValid(int from, int to) {
    ExtentSet valid = fragments;
    if (valid == null) {
      int oldFrom = (int) (window >>> 32);
      int oldTo = (int) window;
      if (oldFrom == oldTo || (from <= oldTo && to >= oldFrom)) {
        boolean none = oldFrom == oldTo;
        setWindow(none ? from : Math.min(from, oldFrom), none ? to : Math.max(to, oldTo));
        return;
      }
      valid = validSet();
      fragments = valid;
    }
    valid.add(from, to);
    int widest = 0;
    for (int i = 1; i < valid.size(); i++) {
      if (valid.end(i) - valid.start(i) > valid.end(widest) - valid.start(widest)) {
        widest = i;
      }
    }
    setWindow((int) valid.start(widest), (int) valid.end(widest));
    if (valid.size() == 1) {
      fragments = null;
    }
  }

  private void setWindow(int from, int to) {
    window = ((long) from << 32) | to;
  }

  private long beginChange() {
    long before = stamp;
    inode.pages.table.unmap(this);
    STAMP.setOpaque(this, before + 1);
    VarHandle.releaseFence();
    return before;
  }

  private void endChange(long before) {
    STAMP.setRelease(this, before + 2);
  }

  /** Takes a pin, unless the page was evicted. */
  boolean tryPin() {
    while (true) {
      int now = pins;
      if (now == EVICTED) {
        return false;
      }
      if (PINS.compareAndSet(this, now, now + 1)) {
        return true;
      }
    }
  }

  /** Gives a pin back; returns whether it was the last. For {@link PageCache#unpin} only. */
  boolean dropPin() {
    return (int) PINS.getAndAdd(this, -1) == 1;
  }

  /** Evicts the page if nobody has a pin on it; its frame is the caller's to release then. */
  boolean tryEvict() {
    if (!PINS.compareAndSet(this, 0, EVICTED)) {
      return false;
    }
    // Odd from now on: whoever copies from the frame while it gets another owner throws it away.
    long last = stamp | 1;
    STAMP.setOpaque(this, last);
    frame.firstStamp = last + 1;
    inode.pages.table.unmap(this);
    VarHandle.fullFence();
    return true;
  }

  /** Begins a loan; returns false if the page has left its frame, or bytes are being changed. */
  boolean beginLoan() {
    int now;
    do {
      now = loans;
      if (now >= GONE) {
        return false;
      }
    } while (!LOANS.compareAndSet(this, now, now + 1));
    return true;
  }

  /** Returns how many valid bytes there are from an offset on, of a few that are wanted. */
  int lendable(int offset, int wanted) {
    long valid = window;
    int to = (int) valid;
    return offset < (int) (valid >>> 32) ? 0 : Math.max(0, Math.min(wanted, to - offset));
  }

  /** Ends a loan; returns whether the frame is the caller's to release now. */
  boolean dropLoan() {
    return (int) LOANS.getAndAdd(this, -1) == (GONE | 1);
  }

  /**
   * Keeps bytes from being lent while they are changed. Under the inode's lock, with a pin.
   *
   * @return false if some are lent: the page must not be changed then
   */
  boolean closeToLoans() {
    return LOANS.compareAndSet(this, 0, CLOSED);
  }

  /** Ends {@link #closeToLoans}. */
  void openToLoans() {
    loans = 0;
  }

  /** Leaves the frame of an evicted page; returns whether it is the caller's to release now. */
  boolean leaveFrame() {
    return (int) LOANS.getAndAdd(this, GONE) == 0;
  }

  /** Returns the stream that is to go on when a reader comes here. */
  @Nullable ReadStream marker() {
    return marker;
  }

  /** Sets or takes away the marker. Under the inode's lock. */
  void setMarker(@Nullable ReadStream stream) {
    marker = stream;
    if (stream != null) {
      inode.pages.table.unmap(this); // since readers who go by the table see no marker
    }
  }

  /** Returns whether the page may be in the {@link PageTable}. Of use under the inode's lock. */
  boolean isPlain() {
    return frame.split == null && marker == null && window == frame.size();
  }

  /** Returns the stamp, which is even unless the page is being changed or was evicted. */
  long stamp() {
    return stamp;
  }

  /** Returns whether the page was evicted. */
  boolean isEvicted() {
    return pins == EVICTED;
  }
}
