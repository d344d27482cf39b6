package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A file of the soak: a channel that is nearly always open, and what has to be in the file. Several
 * threads read at once; one that changes it is alone with it.
 *
 * <p>What the server refuses is part of the game. A write that failed has written some of its bytes
 * from the first one on, or none; a cut that failed may have cut or not. What really was done is
 * read then, and has to be one of these.
 */
final class SoakFile {
  private static final int MAX_SIZE = 700_000;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Path path;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private FileChannel channel; // guarded by lock
  private byte[] expected = new byte[0]; // guarded by lock

  SoakFile(Path path) throws IOException {
    this.path = path;
    insist(this::open);
  }

  /** Something that may fail for no fault of ours. */
  private interface Attempt {
    void run() throws IOException;
  }

  /** Tries until it succeeds: what is wrong with the server does not last. */
  private static void insist(Attempt attempt) throws IOException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        attempt.run();
        return;
      } catch (IOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
      }
    }
  }

  private void open() throws IOException {
    channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  /** Does something with the file, unless somebody else is doing what excludes it. */
  void operate(SplittableRandom random) throws IOException {
    boolean change = random.nextInt(3) == 0;
    Lock held = change ? lock.writeLock() : lock.readLock();
    if (!held.tryLock()) {
      return;
    }
    try {
      if (change) {
        change(random);
      } else {
        read(random);
      }
    } finally {
      held.unlock();
    }
  }

  private void read(SplittableRandom random) throws IOException {
    int position = random.nextInt(expected.length + 1000);
    int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 200_000 : 8_000);
    ByteBuffer buffer = ByteBuffer.allocate(length);
    insist(() -> channel.read(buffer.clear(), position));
    int wanted = Math.max(0, Math.min(length, expected.length - position));
    assertSame(Arrays.copyOf(buffer.array(), buffer.position()), position, wanted);
  }

  private void assertSame(byte[] found, int position, int wanted) {
    assertThat(found.length).as("bytes of %s at %s", path, position).isEqualTo(wanted);
    int at =
        wanted == 0 ? -1 : Arrays.mismatch(found, 0, wanted, expected, position, position + wanted);
    if (at >= 0) {
      throw new AssertionError(path + " differs at " + (position + at));
    }
  }

  private void change(SplittableRandom random) throws IOException {
    switch (random.nextInt(16)) {
      case 0 -> truncate(random.nextInt(expected.length + 1));
      case 1 -> insist(() -> channel.force(true));
      case 2 -> reopen();
      case 3 -> insist(() -> assertThat(channel.size()).isEqualTo(expected.length));
      case 4 -> insist(() -> assertThat(Files.size(path)).isEqualTo(expected.length));
      default -> write(random);
    }
  }

  private void write(SplittableRandom random) throws IOException {
    byte[] bytes = new byte[1 + random.nextInt(random.nextInt(10) == 0 ? 200_000 : 6_000)];
    random.nextBytes(bytes);
    int past = random.nextInt(4) == 0 ? 20_000 : 1;
    int position = random.nextInt(Math.min(expected.length + past, MAX_SIZE));
    byte[] after = Arrays.copyOf(expected, Math.max(expected.length, position + bytes.length));
    System.arraycopy(bytes, 0, after, position, bytes.length);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    try {
      assertThat(channel.write(buffer, position)).isEqualTo(bytes.length);
      expected = after;
    } catch (IOException e) {
      byte[] found = readAll();
      int done = Arrays.mismatch(found, after);
      done = done < 0 || done > position + bytes.length ? position + bytes.length : done;
      byte[] partly = expected;
      if (done > position) {
        partly = Arrays.copyOf(expected, Math.max(expected.length, done));
        System.arraycopy(bytes, 0, partly, position, done - position);
      }
      // Further bytes may be as they were by chance; so it is enough that the rest is as it was.
      assertThat(found).as("%s after %s", path, e).isEqualTo(partly);
      expected = partly;
    }
  }

  private void truncate(int size) throws IOException {
    byte[] after = Arrays.copyOf(expected, size);
    try {
      channel.truncate(size);
      expected = after;
    } catch (IOException e) {
      byte[] found = readAll();
      // Zeros before a write past the end, which was not sent and is cut off, go with it.
      assertThat(found.length).as("%s after %s", path, e).isLessThanOrEqualTo(expected.length);
      assertThat(Arrays.copyOf(found, size)).as("%s after %s", path, e).isEqualTo(after);
      expected = found; // what was behind and not sent is gone
    }
  }

  private byte[] readAll() throws IOException {
    byte[][] found = new byte[1][];
    insist(
        () -> {
          ByteBuffer buffer = ByteBuffer.allocate((int) channel.size());
          channel.read(buffer, 0);
          found[0] = Arrays.copyOf(buffer.array(), buffer.position());
        });
    return found[0];
  }

  private void reopen() throws IOException {
    try {
      channel.close();
    } catch (IOException e) {
      // What could not be sent stays in memory and is sent later.
    }
    insist(this::open);
  }

  /** Sends everything and closes. */
  void finish() throws IOException {
    insist(() -> channel.force(true));
    channel.close();
  }

  /** Checks what the server has. */
  void assertStored(Path stored) throws IOException {
    byte[] found = Files.readAllBytes(stored);
    assertSame(found, 0, expected.length);
  }

  @Override
  public String toString() {
    return path + (lock.isWriteLocked() ? ", changing it" : ", reading it");
  }
}
