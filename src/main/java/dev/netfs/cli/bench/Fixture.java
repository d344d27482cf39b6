package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/**
 * The files that a benchmark works on, in one directory; the local disk and the server have the
 * same ones. They are made when a workload asks for them first.
 *
 * <p>All of them look an hour old: a file that was changed a moment ago may change again within the
 * same tick of the server's clock, so that no cache may trust what it has read of it.
 */
final class Fixture {
  /** The seed of the content of {@link #large}; other files have others. */
  static final long LARGE_SEED = 1;

  private static final long MEDIUM_SEED = 2;
  private static final long SMALL_SEED = 3;
  private static final long EDITED_SEED = 4;
  private static final int MEDIUM = 64 << 20;
  private static final int CHUNK = 1 << 20;
  private static final int ENTRIES_EACH = 100;
  private static final FileTime OLD =
      FileTime.from(
          Instant.ofEpochSecond(Instant.now().getEpochSecond()).minus(Duration.ofHours(1)));

  private final BenchSettings settings;
  private Path root;

  /**
   * @param root the directory that holds the files, which exists
   */
  Fixture(Path root, BenchSettings settings) {
    this.root = root;
    this.settings = settings;
  }

  /** Returns the directory that holds the files. */
  Path root() {
    return root;
  }

  /** Gives the directory another name, under which no cache knows it. */
  void rename(String name) throws IOException {
    root = Files.move(root, root.resolveSibling(name));
  }

  /** Makes the large file. */
  Path large() throws IOException {
    return file("large.bin", settings.size(), LARGE_SEED);
  }

  /** Makes the file that several read at once, or that is read in one piece. */
  Path medium() throws IOException {
    return file("medium.bin", Math.min(MEDIUM, settings.size()), MEDIUM_SEED);
  }

  /** Makes a file, as large as the large one, that may be changed. */
  Path edited() throws IOException {
    return file("edited.bin", settings.size(), EDITED_SEED);
  }

  /** Makes a directory of small files, {@link Content#BLOCK} bytes each. */
  Path small() throws IOException {
    Path directory = root.resolve("small");
    if (Files.notExists(directory)) {
      Files.createDirectory(directory);
      for (int i = 0; i < settings.files(); i++) {
        old(Files.write(directory.resolve(smallName(i)), smallContent(i)));
      }
      old(directory);
    }
    return directory;
  }

  static String smallName(int i) {
    return String.format("file-%06d", i);
  }

  static byte[] smallContent(int i) {
    return Content.block(SMALL_SEED, i);
  }

  /** Makes a tree of directories with a hundred files each. */
  Path tree() throws IOException {
    Path top = root.resolve("tree");
    if (Files.notExists(top)) {
      Files.createDirectory(top);
      int left = settings.entries();
      for (int d = 0; left > 0; d++) {
        Path directory = Files.createDirectory(top.resolve(String.format("dir-%04d", d)));
        for (int i = 0; i < Math.min(ENTRIES_EACH, left); i++) {
          Files.createFile(directory.resolve(String.format("entry-%04d", i)));
        }
        left -= ENTRIES_EACH;
      }
    }
    return top;
  }

  /** Returns how many names are in the tree, its top included. */
  int treeNames() {
    return 1 + settings.entries() + (settings.entries() + ENTRIES_EACH - 1) / ENTRIES_EACH;
  }

  /** Makes an empty directory for what a round makes. */
  Path fresh(String name) throws IOException {
    Path directory = root.resolve(name);
    TemporaryTree.delete(directory);
    return Files.createDirectory(directory);
  }

  private Path file(String name, long size, long seed) throws IOException {
    Path file = root.resolve(name);
    if (Files.notExists(file)) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        for (long at = 0; at < size; at += CHUNK) {
          buffer.clear().limit((int) Math.min(CHUNK, size - at));
          Content.fill(buffer, seed, at);
          buffer.flip();
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        }
        channel.force(true); // lest it is written back while something is measured
      }
      old(file);
    }
    return file;
  }

  private static void old(Path path) throws IOException {
    Files.setLastModifiedTime(path, OLD);
  }

  /**
   * Checks that a file holds the content of a seed.
   *
   * @throws BenchException if it does not
   */
  static void check(Path file, long size, long seed) throws IOException {
    ByteBuffer expected = ByteBuffer.allocate(CHUNK);
    ByteBuffer found = ByteBuffer.allocate(CHUNK);
    try (FileChannel channel = FileChannel.open(file)) {
      for (long at = 0; at < size; at += CHUNK) {
        int length = (int) Math.min(CHUNK, size - at);
        expected.clear().limit(length);
        Content.fill(expected, seed, at);
        found.clear().limit(length);
        while (found.hasRemaining() && channel.read(found) >= 0) {
          // Reads on.
        }
        if (found.hasRemaining() || !expected.flip().equals(found.flip())) {
          throw new BenchException(file + ": what is in it near byte " + at + " is wrong");
        }
      }
      if (channel.size() != size) {
        throw new BenchException(file + ": has " + channel.size() + " bytes, not " + size);
      }
    }
  }

  /**
   * Checks that a directory holds the first small files, whole.
   *
   * @throws BenchException if it does not
   */
  static void checkSmall(Path directory, int files) throws IOException {
    int found = 0;
    try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
      for (Path file : names) {
        int number = Integer.parseInt(file.getFileName().toString().substring("file-".length()));
        if (!Arrays.equals(Files.readAllBytes(file), smallContent(number))) {
          throw new BenchException(file + ": what is in it is wrong");
        }
        found++;
      }
    }
    if (found != files) {
      throw new BenchException(directory + ": has " + found + " files, not " + files);
    }
  }
}
