package dev.netfs.cli;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;

/**
 * What a copy has to do, looked up before anything is done: so the progress bar knows how much
 * there is, and a target within the source is not copied into itself for ever.
 */
final class CopyPlan {
  /**
   * One object to be copied.
   *
   * @param info its attributes: those of a symbolic link itself, but for a source that was named on
   *     the command line
   */
  record Item(Path source, Path target, BasicFileAttributes info) {}

  /** What could not be looked at. */
  record Failure(Path path, IOException error) {}

  private final List<Item> items = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private long bytes;

  /** Returns what is to be copied; a directory comes before what is in it. */
  List<Item> items() {
    return items;
  }

  /** Returns what cannot be copied, since it could not be looked at. */
  List<Failure> failures() {
    return failures;
  }

  /** Returns how many bytes the files have. */
  long bytes() {
    return bytes;
  }

  /**
   * Adds an object, and everything below it if it is a directory.
   *
   * @param recursive whether a directory may be copied
   * @throws IOException if it cannot be looked at, or is a directory and must not be
   */
  void add(Path source, Path target, boolean recursive) throws IOException {
    BasicFileAttributes info = Files.readAttributes(source, BasicFileAttributes.class);
    if (info.isDirectory() && !recursive) {
      throw new IOException("is a directory; use -r to copy it with all that is in it");
    }
    if (info.isDirectory()
        && source.getFileSystem() == target.getFileSystem()
        && absolute(target).startsWith(absolute(source))) {
      throw new IOException("cannot be copied into itself, " + Mounts.name(target));
    }
    Deque<Item> directories = new ArrayDeque<>();
    add(new Item(source, target, info), directories);
    while (!directories.isEmpty()) {
      Item directory = directories.removeLast();
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.source())) {
        for (Path entry : entries) {
          addEntry(entry, directory, directories);
        }
      } catch (DirectoryIteratorException e) {
        failures.add(new Failure(directory.source(), Objects.requireNonNull(e.getCause())));
      } catch (IOException e) {
        failures.add(new Failure(directory.source(), e));
      }
    }
  }

  private void addEntry(Path entry, Item directory, Deque<Item> directories) {
    Path target = directory.target().resolve(String.valueOf(entry.getFileName()));
    try {
      BasicFileAttributes info =
          Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      add(new Item(entry, target, info), directories);
    } catch (IOException e) {
      failures.add(new Failure(entry, e));
    }
  }

  private void add(Item item, Deque<Item> directories) {
    items.add(item);
    if (item.info().isDirectory()) {
      directories.add(item);
    } else if (item.info().isRegularFile()) {
      bytes += item.info().size();
    }
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }
}
