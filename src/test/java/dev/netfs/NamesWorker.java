package dev.netfs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A JVM for {@link SharedNamesTest}: mounts a directory with a cache on disk that believes what it
 * was told for an hour, looks whether the folder that nobody else changes is as it is, and changes
 * it until it is killed. It prints {@code ready}, and {@code step} after each change; a wrong name
 * or size ends it with an error.
 */
final class NamesWorker {
  private static final int NAMES = 6;

  private NamesWorker() {}

  /** Arguments: the share, the cache, the key, the folder's name, a seed. */
  public static void main(String[] args) throws IOException {
    Path share = Path.of(args[0]);
    String folder = args[3];
    Random random = new Random(Long.parseLong(args[4]));
    try (NetfsFileSystem fs =
        Netfs.mount(URI.create("netfs+file://" + share))
            .option("cache", "loose")
            .option("attrTtl", "1h")
            .option("disk", args[1])
            .option("encryptionKeyFile", args[2])
            .open()) {
      Path mounted = fs.getPath("/" + folder);
      Path real = share.resolve(folder);
      compare(real, mounted);
      System.out.println("ready");
      while (true) {
        change(mounted, random);
        if (random.nextInt(4) == 0) {
          compare(real, mounted);
        }
        if (random.nextInt(8) == 0) {
          tree(fs.getPath("/")); // what others change may be old, but is no error
        }
        System.out.println("step");
      }
    }
  }

  private static void change(Path folder, Random random) throws IOException {
    Path one = folder.resolve("d" + random.nextInt(2)).resolve("f" + random.nextInt(NAMES));
    Path other = folder.resolve("d" + random.nextInt(2)).resolve("f" + random.nextInt(NAMES));
    switch (random.nextInt(6)) {
      case 0, 1 -> {
        Files.createDirectories(one.getParent());
        Files.write(one, new byte[random.nextInt(5000)]);
      }
      case 2 -> Files.deleteIfExists(one);
      case 3 -> {
        if (Files.exists(one) && Files.exists(other.getParent()) && !one.equals(other)) {
          Files.move(one, other, StandardCopyOption.REPLACE_EXISTING);
        }
      }
      case 4 -> {
        if (Files.exists(folder.resolve("d0")) && !Files.exists(folder.resolve("x"))) {
          Files.move(folder.resolve("d0"), folder.resolve("x"));
          if (Files.exists(folder.resolve("d1"))) {
            Files.move(folder.resolve("d1"), folder.resolve("d0"));
          }
          Files.move(folder.resolve("x"), folder.resolve("d1"));
        }
      }
      default -> {
        if (Files.exists(folder.resolve("x"))) { // a JVM was killed in between
          try (Stream<Path> all = Files.list(folder.resolve("x"))) {
            for (Path path : (Iterable<Path>) all::iterator) {
              Files.delete(path);
            }
          }
          Files.delete(folder.resolve("x"));
        }
      }
    }
  }

  private static void compare(Path real, Path mounted) throws IOException {
    Map<String, Long> expected = tree(real);
    Map<String, Long> found = tree(mounted);
    if (!found.equals(expected)) {
      throw new AssertionError("there is " + expected + " and was shown " + found);
    }
  }

  /** Returns the sizes of all files below a directory, and -1 for directories. */
  private static Map<String, Long> tree(Path root) throws IOException {
    Map<String, Long> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        try {
          long size = Files.isDirectory(path) ? -1 : Files.size(path);
          found.put(root.relativize(path).toString(), size);
        } catch (NoSuchFileException e) {
          // Somebody else has deleted it.
        }
      }
    } catch (UncheckedIOException e) {
      if (!(e.getCause() instanceof NoSuchFileException)) {
        throw e;
      }
    }
    return found;
  }
}
