package dev.netfs.it;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * One of the two sides of an {@link OracleRun}: a directory, by one root or by several (the mounts
 * of several clients, of which one has its turn), and the channels that are open in it.
 */
final class Side {
  static final int CHANNELS = 5;

  /** Whether this is the side of netfs, which knows open options of its own. */
  final boolean netfs;

  final FileChannel[] channels = new FileChannel[CHANNELS];
  private final List<Path> roots;
  private int turn;

  Side(boolean netfs, List<Path> roots) {
    this.netfs = netfs;
    this.roots = roots;
  }

  /** Something done to the files of a side. */
  interface Deed {
    Object on(Side side) throws Exception;
  }

  Path root() {
    return roots.get(turn % roots.size());
  }

  /** Returns what a name stands for; the empty one for the root. */
  Path at(String name) {
    return name.isEmpty() ? root() : root().resolve(name);
  }

  /** Returns a path's name as both sides have it. */
  String name(Path path) {
    return root().relativize(path).toString();
  }

  /** Gives the next client its turn. */
  void next() {
    turn++;
  }

  void closeAll() throws IOException {
    for (int i = 0; i < CHANNELS; i++) {
      FileChannel channel = channels[i];
      channels[i] = null;
      if (channel != null) {
        channel.close();
      }
    }
  }

  /** What a deed came to. */
  record Outcome(String value, Throwable failure) {
    /**
     * Whether this is the same as what the JDK's provider came to. Where that throws no more than
     * an {@link IOException} or a {@link FileSystemException}, an exception that says more will do.
     *
     * @param inFile whether it was about something "in" a regular file, for which the JDK has no
     *     exception: to netfs it is not there
     */
    boolean isAsGoodAs(Outcome jdk, boolean inFile) {
      if (inFile && jdk.failure instanceof IOException) {
        return failure instanceof FileSystemException || "false".equals(value);
      }
      if (failure == null || jdk.failure == null) {
        return failure == jdk.failure && Objects.equals(value, jdk.value);
      }
      Class<?> expected = jdk.failure.getClass();
      if (expected == IOException.class || expected == FileSystemException.class) {
        return expected.isInstance(failure);
      }
      return failure.getClass() == expected || isLoop(failure) && isLoop(jdk.failure);
    }

    private static boolean isLoop(Throwable failure) {
      return failure instanceof FileSystemLoopException;
    }

    @Override
    public String toString() {
      return failure == null ? "returned " + value : "threw " + failure;
    }
  }

  Outcome outcome(Deed deed) {
    try {
      return new Outcome(text(deed.on(this)), null);
    } catch (Exception e) {
      return new Outcome(null, e);
    }
  }

  private String text(Object value) {
    if (value instanceof byte[] bytes) {
      return bytes.length + " bytes, " + Arrays.hashCode(bytes);
    }
    if (value instanceof Path path) {
      return path.isAbsolute() ? "/" + name(path) : path.toString();
    }
    if (value instanceof Set<?> set) {
      return text(set.stream().map(this::text).sorted().toList());
    }
    if (value instanceof Collection<?> several) {
      return several.stream().map(this::text).toList().toString();
    }
    return Objects.toString(value);
  }
}
