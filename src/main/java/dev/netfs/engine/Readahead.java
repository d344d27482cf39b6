package dev.netfs.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one open file is being read: the regular patterns in it, of which there may be several at
 * once where threads share a channel, and the reads that fit none.
 *
 * <p>Only reads that miss are looked at. One that begins at the file's beginning, or where the
 * channel's last one ended, or where another that missed ended, begins a forward {@linkplain
 * ReadStream stream}; one that ends where another began, a backward one; the third at the same
 * distance, a strided one. For any other exactly what it needs is fetched, rounded to blocks: a
 * random reader has nothing fetched in vain.
 *
 * <p>Guarded by the inode's lock.
 */
final class Readahead {
  /** So many patterns, and reads that fitted none, are remembered. */
  private static final int STREAMS = 16;

  private final Inode inode;
  private final Reads reads;
  private @Nullable List<ReadStream> streams; // the one that moved last is the last
  private boolean closed;

  Readahead(Inode inode, Reads reads) {
    this.inode = inode;
    this.reads = reads;
  }

  /**
   * Asks for what a read misses, and for what will probably be read after it.
   *
   * @param position the first byte that is missing
   * @param wanted how many bytes the read would have, at least 1
   * @param follows whether the read begins where the last one of the same channel or stream ended
   * @return the requests begun, to be issued after the lock has been let go
   */
  List<ReadRequest> miss(long position, long wanted, boolean follows) {
    if (!reads.limits().isOn() || closed) {
      return reads.plan(
          inode,
          position / Reads.BLOCK * Reads.BLOCK,
          Reads.roundUp(position + wanted, Reads.BLOCK));
    }
    ReadStream stream = find(position, wanted);
    if (stream == null) {
      stream = begin(position, wanted, follows);
    }
    keep(stream);
    return stream.miss(position, wanted);
  }

  private @Nullable ReadStream find(long position, long wanted) {
    if (streams == null) {
      return null;
    }
    for (int i = streams.size() - 1; i >= 0; i--) {
      ReadStream stream = streams.get(i);
      if (stream.expects(position, wanted)) {
        return stream;
      }
      // Beside the last read is no accident; beside any of many others it is, once.
      boolean sure = i == streams.size() - 1;
      if (stream.isFollowedBy(position)) {
        stream.become(ReadStream.Kind.FORWARD, sure);
        return stream;
      }
      if (stream.isPrecededBy(position, wanted)) {
        stream.become(ReadStream.Kind.BACKWARD, sure);
        return stream;
      }
    }
    return null;
  }

  private ReadStream begin(long position, long wanted, boolean follows) {
    if (position == 0 || follows) {
      ReadStream stream = new ReadStream(inode, reads, position, position, 0);
      stream.become(ReadStream.Kind.FORWARD, true);
      return stream;
    }
    ReadStream last = streams == null ? null : streams.get(streams.size() - 1);
    long distance = last == null ? 0 : position - last.start();
    if (last != null
        && last.kind() == ReadStream.Kind.PROBE
        && last.stride() == distance
        && distance != 0) {
      // Small gaps are cheaper to fetch than to leave out.
      boolean dense = Math.abs(distance) - wanted <= 2 * Reads.BLOCK;
      last.become(
          !dense
              ? ReadStream.Kind.STRIDED
              : distance > 0 ? ReadStream.Kind.FORWARD : ReadStream.Kind.BACKWARD,
          true);
      return last;
    }
    return new ReadStream(inode, reads, position, position + wanted, distance);
  }

  /** Makes a stream the last one; the one that has not moved for longest may have to go. */
  private void keep(ReadStream stream) {
    if (streams == null) {
      streams = new ArrayList<>(2);
    }
    streams.remove(stream);
    if (streams.size() == STREAMS) {
      streams.remove(0).close();
    }
    streams.add(stream);
  }

  /**
   * Asks for more, since this file's reader has come to a page with a marker.
   *
   * @return the requests begun, to be issued after the lock has been let go
   */
  List<ReadRequest> advance(Page page) {
    ReadStream stream = page.marker();
    if (stream == null || closed) {
      return List.of();
    }
    page.setMarker(null);
    if (inode.isExact()) {
      return List.of();
    }
    if (stream.isClosed()) {
      // Its file is closed; this one's reader goes on where that one stopped.
      ReadStream successor = new ReadStream(inode, reads, 0, 0, 0);
      successor.adopt(stream);
      keep(successor);
      stream = successor;
    }
    return stream.advance(page);
  }

  /** Lets go of what was downloaded ahead. */
  void close() {
    closed = true;
    if (streams != null) {
      streams.forEach(ReadStream::close);
      streams = null;
    }
  }
}
