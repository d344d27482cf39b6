package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection through a {@link LinkProxy}.
 *
 * <p>One thread reads, stamps what it has read with the moment when it is due, and reads on;
 * another writes what is due. Between them is a ring of bytes, so large that the bytes on their way
 * never fill it: it is full only when the receiver does not read, or when the sender has sent far
 * more than the bandwidth lets through; then the sender has to wait, as TCP makes it wait for a
 * router.
 *
 * <p>The ring's bytes between {@code taken} and {@code put} are the writer's, all others the
 * reader's; the lock is held for moving these marks only, never for input or output. A link that
 * neither delays nor limits needs no ring: its bytes go straight on.
 */
final class LinkPipe {
  /** The most bytes with one stamp: 0.65 ms of a link of 100 MB/s. */
  private static final int PACED_CHUNK = 64 << 10;

  private static final int CHUNK = 256 << 10;

  /** Of the ring beside the bytes on their way. */
  private static final int SLACK = 2 << 20;

  /** Of the ring where the bandwidth is not known: 6 GB a second over 10 ms. */
  private static final int UNLIMITED = 64 << 20;

  private record Stamp(long end, long due) {}

  private final SocketChannel from;
  private final SocketChannel to;
  private final Link link;
  private final LinkSchedule schedule;
  private final LinkClock clock;
  private final LongAdder count;
  private final Runnable taking;
  private final Runnable delivering;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Stamp> stamps = new ArrayDeque<>(); // guarded by lock
  private long taken; // guarded by lock; what has been written, in bytes since the start
  private boolean ended; // guarded by lock; the writer has nothing more to do, or cannot

  /**
   * @param count of the bytes delivered
   * @param taking is run when bytes have come
   * @param delivering is run before bytes are delivered
   */
  LinkPipe(
      SocketChannel from,
      SocketChannel to,
      Link link,
      LinkSchedule schedule,
      LinkClock clock,
      LongAdder count,
      Runnable taking,
      Runnable delivering) {
    this.from = from;
    this.to = to;
    this.link = link;
    this.schedule = schedule;
    this.clock = clock;
    this.count = count;
    this.taking = taking;
    this.delivering = delivering;
  }

  /**
   * Returns whether bytes go straight on: {@link #forward} does it all, without a second thread.
   */
  boolean isStraight() {
    return link.isPlain();
  }

  /** Passes bytes on until the sender has no more. */
  void forward() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    while (from.read(buffer) >= 0) {
      buffer.flip();
      taking.run();
      delivering.run();
      count.add(buffer.remaining());
      while (buffer.hasRemaining()) {
        to.write(buffer);
      }
      buffer.clear();
    }
    to.shutdownOutput();
  }

  /** Makes the memory for the bytes on their way, for {@link #read} and {@link #write}. */
  ByteBuffer ring() {
    if (link.bytesPerSecond() == 0) {
      return ByteBuffer.allocateDirect(UNLIMITED);
    }
    double flying = link.bytesPerSecond() * (link.roundTrip().toNanos() / 1e9);
    return ByteBuffer.allocateDirect((int) Math.min(UNLIMITED, 2 * flying + SLACK));
  }

  /** Takes bytes in, until the sender has no more or the writer has failed. */
  void read(ByteBuffer ring) throws IOException, InterruptedException {
    int size = ring.capacity();
    int most = link.bytesPerSecond() == 0 ? CHUNK : PACED_CHUNK;
    long put = 0;
    try {
      while (true) {
        int room = (int) Math.min(most, size - (put - awaitRoom(put, size)));
        if (room <= 0) {
          return; // the writer has failed
        }
        int start = (int) (put % size);
        ByteBuffer free = ring.duplicate();
        free.limit(Math.min(size, start + room)).position(start);
        int n = from.read(free);
        if (n < 0) {
          return;
        }
        put += n;
        taking.run();
        add(new Stamp(put, schedule.due(clock.nanoTime(), n)));
      }
    } finally {
      // An end of -1 is the end of all; it is due when a byte would be.
      add(new Stamp(-1, schedule.due(clock.nanoTime(), 0)));
    }
  }

  /** Waits until there is room in the ring; returns {@code taken}, or less than put - size. */
  private long awaitRoom(long put, int size) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!ended && put - taken == size) {
        changed.await();
      }
      return ended ? put - size : taken;
    } finally {
      lock.unlock();
    }
  }

  private void add(Stamp stamp) {
    lock.lock();
    try {
      stamps.add(stamp);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Delivers what is due, when it is due, until all is delivered. */
  void write(ByteBuffer ring) throws IOException, InterruptedException {
    int size = ring.capacity();
    long done = 0;
    try {
      while (true) {
        Stamp next = next();
        clock.awaitUntil(next.due);
        if (next.end < 0) {
          break;
        }
        long end = dueBy(clock.nanoTime(), next.end);
        while (done < end) {
          int start = (int) (done % size);
          ByteBuffer bytes = ring.duplicate();
          bytes.limit((int) Math.min(size, start + (end - done))).position(start);
          // Counted before anybody can have them: who has received bytes finds them counted.
          delivering.run();
          count.add(bytes.remaining());
          while (bytes.hasRemaining()) {
            done += to.write(bytes);
          }
          moved(done);
        }
      }
      to.shutdownOutput();
    } finally {
      end();
    }
  }

  private Stamp next() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      @Nullable Stamp next = stamps.poll();
      while (next == null) {
        changed.await();
        next = stamps.poll();
      }
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the stamps of what is due by now too; returns where its last byte ends. */
  private long dueBy(long now, long end) {
    lock.lock();
    try {
      long last = end;
      for (Stamp more = stamps.peek();
          more != null && more.end >= 0 && more.due - now <= 0;
          more = stamps.peek()) {
        last = more.end;
        stamps.remove();
      }
      return last;
    } finally {
      lock.unlock();
    }
  }

  private void moved(long done) {
    lock.lock();
    try {
      taken = done;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
