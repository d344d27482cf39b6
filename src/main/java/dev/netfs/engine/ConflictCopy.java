package dev.netfs.engine;

import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ReadResult;
import dev.netfs.share.WriteResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What was written here to a file that somebody else has changed, or deleted, meanwhile: it gets a
 * file of its own beside it, with host and time in its name, so that both survive (W4). What was
 * not written here is in it as the server's file has it.
 *
 * <p>Used by one thread, which blocks.
 */
final class ConflictCopy {
  private static final System.Logger LOG = System.getLogger("dev.netfs.engine");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH-mm-ss").withZone(ZoneOffset.UTC);
  private static final int BUFFER = 256 << 10;
  private static final int MOST_NAMES = 100;

  private final Services services;
  private final String path;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private String name = "";
  private @Nullable RemoteFile file;

  ConflictCopy(Services services, String path) {
    this.services = services;
    this.path = path;
  }

  /** Returns a name beside a path, such as {@code /a/b (conflict host 2026-01-31 23-59-59).txt}. */
  static String name(String path, String host, long millis, int number) {
    int slash = path.lastIndexOf('/');
    int dot = path.lastIndexOf('.');
    int cut = dot > slash + 1 ? dot : path.length();
    String more = number == 0 ? "" : " " + number;
    return path.substring(0, cut)
        + " (conflict "
        + host
        + " "
        + TIME.format(Instant.ofEpochMilli(millis))
        + more
        + ")"
        + path.substring(cut);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName().replaceAll("[^A-Za-z0-9.-]", "-");
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /**
   * Makes the file.
   *
   * @param theirs the file whose content it begins with; null for none
   */
  void begin(@Nullable FileInfo theirs) throws IOException {
    long now = services.background().currentTimeMillis();
    String host = host();
    for (int number = 0; file == null; number++) {
      String candidate = name(path, host, now, number);
      RemoteFile made =
          remote(
              candidate, new OpenIntent(false, true, OpenIntent.Disposition.CREATE_NEW, false, -1));
      try {
        services.attributes().changed(candidate);
        Await.result(made.open());
        file = made;
        name = candidate;
      } catch (FileAlreadyExistsException e) {
        if (number == MOST_NAMES) {
          throw e;
        }
      } finally {
        services.attributes().changed(candidate);
      }
    }
    if (theirs != null) {
      copyTheirs();
    }
  }

  private RemoteFile remote(String of, OpenIntent intent) {
    return new RemoteFile(
        services.session(), services.stats(), new Inode(services, services.inodes(), of), intent);
  }

  private void copyTheirs() throws IOException {
    RemoteFile source = remote(path, OpenIntent.READ);
    Await.result(source.open());
    try {
      long at = 0;
      while (true) {
        long from = at;
        buffer.clear();
        ReadResult result =
            Await.result(source.call("read", open -> open.read(IoSegments.of(buffer), from)));
        if (result.bytes() > 0) {
          write(at, buffer.clear().limit((int) result.bytes()));
          at += result.bytes();
        } else if (result.endOfFile()) {
          return;
        } else {
          throw new FileSystemException(path, null, "the server sent nothing at offset " + at);
        }
      }
    } finally {
      source.retire();
    }
  }

  /** Writes bytes that are dirty in memory. */
  void write(Inode inode, ExtentSet ranges) throws IOException {
    for (int i = 0; i < ranges.size(); i++) {
      for (long at = ranges.start(i); at < ranges.end(i); at += BUFFER) {
        long end = Math.min(ranges.end(i), at + BUFFER);
        inode.lock.lock();
        try {
          inode.writeback.copy(at, end, buffer.clear());
        } finally {
          inode.lock.unlock();
        }
        write(at, buffer.flip());
      }
    }
  }

  /** Writes bytes. */
  void write(long offset, ByteBuffer bytes) throws IOException {
    RemoteFile to = Objects.requireNonNull(file);
    long at = offset;
    while (bytes.hasRemaining()) {
      ByteBuffer rest = bytes.slice().limit(Math.min(bytes.remaining(), services.wsize()));
      long place = at;
      WriteResult result =
          Await.result(
              to.call("write", open -> open.write(IoSegments.of(rest.duplicate()), place)));
      if (result.bytes() == 0) {
        throw new FileSystemException(name, null, "the server took no byte");
      }
      services.stats().bytesToServer.add(result.bytes());
      bytes.position(bytes.position() + (int) result.bytes());
      at += result.bytes();
    }
  }

  /** Ends what has failed: nothing is to be left of it, if the server can be told so. */
  void abandon() {
    RemoteFile begun = file;
    if (begun == null) {
      return;
    }
    begun.retire();
    services.attributes().changed(name);
    try {
      Await.result(services.session().call("delete", share -> share.deleteFile(name)));
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, name + " is not whole, and could not be deleted: " + e);
    } finally {
      services.attributes().changed(name);
    }
  }

  /** Takes in that all is written. */
  void end() {
    Objects.requireNonNull(file).retire();
    services.attributes().changed(name);
    services.stats().conflicts.increment();
    LOG.log(
        System.Logger.Level.WARNING,
        path
            + " was changed by somebody else before what was written here was sent; that is in "
            + name);
  }
}
