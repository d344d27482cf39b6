package dev.netfs.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * One regular pattern of reads in an open file, and what is downloaded ahead of it: forward,
 * backward, or strided, which is reads at a constant distance. A {@linkplain Kind#PROBE probe} is a
 * read that fits no pattern yet.
 *
 * <p>A stream asks for one chunk at a time, and puts itself as the <em>marker</em> on the page
 * where the chunk begins ({@link Page#marker}, the kernel's {@code PG_readahead}); whoever comes to
 * that page first, on whatever channel, has the next chunk asked for. So a reader who finds
 * everything in memory pays nothing for it, and several readers of one file drive one stream.
 * Chunks grow from one to the next, up to what {@link ReadaheadLimits} says.
 *
 * <p>What was asked for ahead is held in memory until the reader has passed it, the stream is
 * closed, or has not moved for a while and the memory is wanted.
 *
 * <p>Guarded by the inode's lock, but for {@link #usedNanos}.
 */
final class ReadStream {
  /** Requests of a chunk that is read backward are so long: the reader wants the last one first. */
  private static final long BACKWARD_BYTES = 256 << 10;

  /** So many pieces at most make a chunk of a strided stream. */
  private static final int MAX_PIECES = 64;

  /** The pattern. */
  enum Kind {
    PROBE,
    FORWARD,
    BACKWARD,
    STRIDED
  }

  private final Inode inode;
  private final Reads reads;
  private final ReadaheadLimits limits;
  private final int pageSize;
  private final ArrayDeque<ReadRequest> ahead = new ArrayDeque<>(1); // in the order of reading
  private Kind kind = Kind.PROBE;
  private long start; // of the last read that is known
  private long end; // of the same
  private long stride; // from the read before it to that one; of a probe: as it happened
  private long edge; // how far was asked for: forward an end, backward a start, strided a start
  private long chunk; // 0 if nothing was asked for ahead yet
  private long marked = -1; // the page that carries the marker
  private long markedPiece; // strided: the piece that it stands for
  private boolean onTrial; // whether the first chunk began with the file, and is not yet read
  private boolean unsure; // whether the next miss may be an accident
  private boolean closed;
  private volatile long usedNanos; // written under the inode's lock

  /** Makes a probe. */
  ReadStream(Inode inode, Reads reads, long start, long end, long stride) {
    this.inode = inode;
    this.reads = reads;
    this.limits = reads.limits();
    this.pageSize = reads.pageSize();
    this.stride = stride;
    readAt(start, end);
  }

  private void readAt(long newStart, long newEnd) {
    start = newStart;
    end = newEnd;
    usedNanos = limits.now();
  }

  Kind kind() {
    return kind;
  }

  long start() {
    return start;
  }

  long stride() {
    return stride;
  }

  boolean isClosed() {
    return closed;
  }

  /** Returns when the stream has last moved. By anybody. */
  long usedNanos() {
    return usedNanos;
  }

  /**
   * Makes a probe a stream that goes on forward, backward, or at its distance.
   *
   * @param sure whether something is to be fetched ahead at once, not only after one more read
   */
  void become(Kind pattern, boolean sure) {
    kind = pattern;
    unsure = !sure;
    edge =
        switch (pattern) {
          case FORWARD -> Reads.roundUp(end, Reads.BLOCK);
          case BACKWARD -> start / Reads.BLOCK * Reads.BLOCK;
          case STRIDED, PROBE -> start;
        };
  }

  /** Takes over another file's stream, which is closed, where that one was. */
  void adopt(ReadStream other) {
    kind = other.kind;
    stride = other.stride;
    edge = other.edge;
    chunk = other.chunk;
    marked = other.marked;
    markedPiece = other.markedPiece;
    readAt(other.start, other.end);
  }

  /** Returns whether a read that misses is the one that the stream would have next. */
  boolean expects(long position, long wanted) {
    return switch (kind) {
      case PROBE -> false;
      case FORWARD -> position >= end && position <= Math.max(edge, end);
      case BACKWARD ->
          position + wanted <= roundedStart() && position + wanted >= Math.min(edge, start);
      case STRIDED ->
          (position - start) % stride == 0
              && (stride > 0
                  ? position > start && position <= Math.max(edge, start + stride)
                  : position < start && position >= Math.min(edge, start + stride));
    };
  }

  private long roundedStart() {
    return Reads.roundUp(start, Reads.BLOCK);
  }

  /** Returns whether a read that misses begins where this probe's ended. */
  boolean isFollowedBy(long position) {
    return kind == Kind.PROBE && position >= end && position <= Reads.roundUp(end, Reads.BLOCK);
  }

  /** Returns whether a read that misses ends where this probe's began. */
  boolean isPrecededBy(long position, long wanted) {
    return kind == Kind.PROBE
        && position + wanted <= roundedStart()
        && position + wanted >= start / Reads.BLOCK * Reads.BLOCK;
  }

  /** Asks for what a read misses, and for the stream's chunk after it. */
  List<ReadRequest> miss(long position, long wanted) {
    readAt(position, position + wanted);
    long begin = position / Reads.BLOCK * Reads.BLOCK;
    long stop = Reads.roundUp(end, Reads.BLOCK);
    release();
    return switch (kind) {
      case PROBE -> reads.plan(inode, begin, stop);
      case FORWARD -> {
        long granted = grow(wanted);
        edge = granted == 0 ? stop : Reads.roundUp(end + granted, reads.unit(granted));
        if (granted == 0) {
          yield reads.plan(inode, begin, edge);
        }
        if (stop >= inode.localSize()) {
          // Nothing is ahead of who reads to the end: a small file must not count as held.
          yield reads.plan(inode, position / pageSize * pageSize, edge);
        }
        List<ReadRequest> begun = hold(reads.plan(inode, position / pageSize * pageSize, edge));
        mark(Reads.roundUp(end, pageSize), granted);
        yield begun;
      }
      case BACKWARD -> {
        long granted = grow(wanted);
        edge = granted == 0 ? begin : Math.max(0, position - granted) / pageSize * pageSize;
        if (granted == 0) {
          yield reads.plan(inode, begin, stop);
        }
        List<ReadRequest> begun = planBackward(edge, stop);
        mark((position / pageSize - 1) * pageSize, granted);
        yield begun;
      }
      case STRIDED -> {
        // What is asked for now is not ahead of anybody: it is not held, nor counted as if it were.
        List<ReadRequest> begun = new ArrayList<>(reads.plan(inode, begin, stop));
        edge = start + stride;
        begun.addAll(planPieces());
        yield begun;
      }
    };
  }

  /**
   * Asks for the next chunk, since a reader has come to the page with the marker.
   *
   * @return the requests begun, to be issued after the lock has been let go
   */
  List<ReadRequest> advance(Page page) {
    if (page.number != marked) {
      return List.of(); // an old one
    }
    marked = -1;
    judge(true);
    long at = page.number * pageSize;
    switch (kind) {
      case PROBE -> {
        return List.of();
      }
      case FORWARD -> {
        readAt(at, at);
        release();
        long from = edge;
        long granted = grow(0);
        if (from >= inode.localSize() || granted == 0) {
          return List.of(); // at the end; or else the next miss goes on
        }
        edge = Reads.roundUp(from + granted, reads.unit(granted));
        List<ReadRequest> begun = hold(reads.plan(inode, from, edge));
        mark(from, granted);
        return begun;
      }
      case BACKWARD -> {
        readAt(at + pageSize, at + pageSize);
        release();
        long to = edge;
        long granted = grow(0);
        if (to <= 0 || granted == 0) {
          return List.of();
        }
        edge = Math.max(0, to - granted) / pageSize * pageSize;
        List<ReadRequest> begun = planBackward(edge, to);
        mark((to - 1) / pageSize * pageSize, granted);
        return begun;
      }
      case STRIDED -> {
        // The piece that the marker stands for: the first one of the chunk that is being read.
        long piece = markedPiece;
        readAt(piece, piece + (end - start));
        release();
        return planPieces();
      }
    }
    throw new AssertionError(kind);
  }

  private List<ReadRequest> planBackward(long from, long to) {
    List<ReadRequest> begun = new ArrayList<>();
    long high = to;
    while (high > from) {
      long low = Math.max(from, (high - 1) / BACKWARD_BYTES * BACKWARD_BYTES);
      begun.addAll(hold(reads.plan(inode, low, high)));
      high = low;
    }
    return begun;
  }

  private List<ReadRequest> planPieces() {
    long length = end - start;
    long granted = grow(length);
    // Each piece takes whole pages of memory, however short it is.
    long pieces = Math.min(MAX_PIECES, granted / Reads.roundUp(length, pageSize));
    markedPiece = edge;
    List<ReadRequest> begun = new ArrayList<>();
    for (int i = 0; i < pieces && edge >= 0 && edge < inode.localSize(); i++) {
      long from = edge / Reads.BLOCK * Reads.BLOCK;
      begun.addAll(hold(reads.plan(inode, from, Reads.roundUp(edge + length, Reads.BLOCK))));
      edge += stride;
    }
    if (edge != markedPiece) {
      mark(markedPiece, granted);
    }
    return begun;
  }

  private long grow(long read) {
    if (unsure) {
      unsure = false;
      return 0;
    }
    if (chunk == 0 && start == 0) {
      onTrial = true;
    }
    chunk = chunk == 0 ? limits.firstChunk(read, start == 0) : limits.nextChunk(chunk, read);
    return limits.granted(chunk, read);
  }

  private void judge(boolean read) {
    if (onTrial) {
      onTrial = false;
      limits.firstChunkWas(read);
    }
  }

  /** Puts the marker on the page at an offset, there or on its way. */
  private void mark(long offset, long granted) {
    if (granted == 0 || offset < 0 || offset >= inode.localSize()) {
      return;
    }
    marked = offset / pageSize;
    Page page = inode.pages.get(marked);
    if (page != null) {
      page.setMarker(this);
    }
    for (ReadRequest request : inode.inflight) {
      request.mark(marked, this);
    }
  }

  private List<ReadRequest> hold(List<ReadRequest> begun) {
    long bytes = 0;
    for (ReadRequest request : begun) {
      request.use();
      ahead.addLast(request);
      bytes += request.memory();
    }
    if (bytes > 0) {
      limits.hold(this, bytes, true);
    }
    return begun;
  }

  /** Lets go of what the reader has passed. */
  private void release() {
    long bytes = 0;
    boolean down = kind == Kind.BACKWARD || (kind == Kind.STRIDED && stride < 0);
    ReadRequest first = ahead.peekFirst();
    while (first != null && (down ? first.start >= end : first.end <= start)) {
      bytes += first.memory();
      ahead.removeFirst();
      if (kind == Kind.FORWARD) {
        first.passed();
      } else {
        first.endUse();
      }
      first = ahead.peekFirst();
    }
    if (bytes > 0) {
      limits.hold(this, -bytes, !ahead.isEmpty());
    }
  }

  /** Lets go of everything that was downloaded ahead. Not under the inode's lock. */
  void letGo() {
    inode.lock.lock();
    try {
      releaseAll();
    } finally {
      inode.lock.unlock();
    }
  }

  private void releaseAll() {
    long bytes = 0;
    for (ReadRequest request : ahead) {
      bytes += request.memory();
      request.endUse();
    }
    ahead.clear();
    limits.hold(this, -bytes, false);
  }

  /** Ends the stream and lets go of everything. */
  void close() {
    closed = true;
    if (marked >= 0) {
      judge(false);
    }
    releaseAll();
  }
}
