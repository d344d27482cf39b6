package dev.netfs.nio;

import dev.netfs.engine.OpenFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a channel has mapped: no process can map another machine's file, so each mapping is of a
 * local image of its range, downloaded when it is made.
 *
 * <p>A {@code READ_ONLY} or {@code PRIVATE} image is the range as it was then. The changes made in
 * a {@code READ_WRITE} image are found by comparing it with a second copy, and are sent, to the
 * byte, at the channel's {@code force} and close; changes made later stay in the image. The image
 * is a temporary file that only its owner may read, without a name as soon as the system allows:
 * its space is free again when the buffer has been collected.
 *
 * <p>Safe for use by several threads. {@link #lock} is held while changes are looked for and
 * written to the engine's memory.
 */
final class MappedImages {
  /** Both halves of a writable image begin where any system can map. */
  private static final long ALIGNMENT = 64 * 1024;

  private static final int STEP = 64 * 1024;

  /**
   * The most of an image that is looked at through one buffer, which can hold no more than 2 GiB.
   */
  private static final long PIECE = 1 << 30;

  /**
   * A writable image, or a piece of one: a mapping of our own of the same bytes, which lives
   * whatever becomes of the program's, and what the server's file is known to have of them.
   */
  private record Image(ByteBuffer live, ByteBuffer sent, long position) {}

  private final OpenFile file;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Image> writable = new ArrayList<>(); // guarded by lock
  private volatile boolean empty = true; // written under lock

  MappedImages(OpenFile file) {
    this.file = file;
  }

  /** Maps a range that lies within the file. */
  <T> T map(MapMode mode, long position, long size, ImageMapper<T> mapper) throws IOException {
    Path path = Files.createTempFile("netfs-map-", ".tmp");
    try (FileChannel image =
        FileChannel.open(
            path,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      fill(image, position, size);
      T mapped = mapper.map(image);
      if (mode == MapMode.READ_WRITE) {
        watch(image, position, size);
      }
      return mapped;
    }
  }

  private void fill(FileChannel image, long position, long size) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    try {
      long done = 0;
      while (done < size) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), size - done));
        int count = file.read(buffer, position + done);
        if (count < 0) {
          throw new EOFException("the file was cut while it was being mapped");
        }
        buffer.flip();
        while (buffer.hasRemaining()) {
          done += image.write(buffer, done);
        }
      }
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  /** Makes the second copy of an image, and looks for changes in it from now on. */
  private void watch(FileChannel image, long position, long size) throws IOException {
    long second = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    List<Image> pieces = new ArrayList<>();
    for (long at = 0; at < size; at += PIECE) {
      int length = (int) Math.min(PIECE, size - at);
      ByteBuffer live = image.map(MapMode.READ_WRITE, at, length);
      ByteBuffer sent = image.map(MapMode.READ_WRITE, second + at, length);
      sent.put(0, live, 0, length);
      pieces.add(new Image(live, sent, position + at));
    }
    lock.lock();
    try {
      writable.addAll(pieces);
      empty = writable.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether nothing is mapped that could have been changed. */
  boolean isEmpty() {
    return empty;
  }

  /** Writes what was changed in the images to the file. */
  void write() throws IOException {
    lock.lock();
    try {
      for (Image image : writable) {
        write(image);
      }
    } finally {
      lock.unlock();
    }
  }

  private void write(Image image) throws IOException {
    int size = image.live.capacity();
    byte[] now = new byte[Math.min(STEP, size)];
    for (int at = 0; at < size; at += STEP) {
      int length = Math.min(STEP, size - at);
      ByteBuffer sent = image.sent.slice(at, length);
      if (image.live.slice(at, length).mismatch(sent) < 0) {
        continue;
      }
      // A copy, since the program may go on changing the image.
      image.live.get(at, now, 0, length);
      int from = 0;
      while (from < length) {
        if (now[from] == sent.get(from)) {
          from++;
          continue;
        }
        int to = from + 1;
        while (to < length && now[to] != sent.get(to)) {
          to++;
        }
        file.write(ByteBuffer.wrap(now, from, to - from), image.position + at + from);
        sent.put(from, now, from, to - from);
        from = to;
      }
    }
  }
}
