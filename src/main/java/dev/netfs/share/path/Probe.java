package dev.netfs.share.path;

import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareCapabilities.LockKind;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a backing store can do, without changing anything in it: what a provider does not
 * have it refuses as unsupported, and what it has it looks for a file that is not there.
 *
 * <p>What cannot be seen that way (whether a move really is atomic, whether a lock really excludes
 * anybody) is taken as given only of providers that are known.
 */
final class Probe {
  private static final Duration COARSEST = Duration.ofSeconds(2);

  private final Backing backing;
  private final boolean windows;

  Probe(Backing backing) {
    this.backing = backing;
    this.windows = os().contains("windows");
  }

  private static String os() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  }

  private interface Call {
    void run(Path missing, Path alsoMissing) throws IOException;
  }

  /**
   * Returns what the share can do.
   *
   * @throws IOException if the root cannot be looked at
   */
  ShareCapabilities capabilities(Attributes attributes) throws IOException {
    FileStore store = store();
    boolean positional = has((missing, other) -> closeChannel(missing));
    return ShareCapabilities.builder()
        .rsize(Workers.BUFFER_SIZE)
        .wsize(Workers.BUFFER_SIZE)
        .depth(Workers.DEPTH)
        .locks(locks())
        .atomicReplace(backing.isDefault || isJimfs())
        .serverCopy(true)
        .hardLinks(has((missing, other) -> Files.createLink(other, missing)))
        .symbolicLinks(has((missing, other) -> Files.readSymbolicLink(missing)))
        .durableSync(positional)
        .caseSensitive(caseSensitive())
        .readOnly(backing.fileSystem.isReadOnly() || (store != null && store.isReadOnly()))
        .timestampGranularity(granularity(store, attributes.read(backing.root, true)))
        .attributeViews(attributes.views())
        .build();
  }

  private void closeChannel(Path missing) throws IOException {
    backing.provider.newFileChannel(missing, Set.of(StandardOpenOption.READ)).close();
  }

  private boolean has(Call call) {
    Path missing = backing.root.resolve(".netfs-probe-" + UUID.randomUUID());
    Path alsoMissing = backing.root.resolve(".netfs-probe-" + UUID.randomUUID());
    try {
      call.run(missing, alsoMissing);
      return true;
    } catch (UnsupportedOperationException e) {
      return false;
    } catch (IOException e) {
      return true; // it looked for the file
    }
  }

  private @Nullable FileStore store() throws IOException {
    try {
      return Files.getFileStore(backing.root);
    } catch (UnsupportedOperationException e) {
      return null;
    }
  }

  private boolean isJimfs() {
    return backing.provider.getScheme().equals("jimfs");
  }

  /**
   * The JVM's own locks are the system's. Others have locks that exclude nobody (Jimfs), and there
   * is no telling.
   */
  private LockKind locks() {
    if (!backing.isDefault) {
      return LockKind.NONE;
    }
    return windows ? LockKind.MANDATORY : LockKind.ADVISORY;
  }

  /**
   * The JDK compares paths on a Mac as if case mattered, though to most of its stores it does not.
   */
  private boolean caseSensitive() {
    return !(backing.isDefault && (windows || os().contains("mac")))
        && !backing.fileSystem.getPath("a").equals(backing.fileSystem.getPath("A"));
  }

  /**
   * How far apart two changes must be to show different times, to be on the safe side.
   *
   * <p>A time with a part below the second shows that the store keeps more than seconds. What it
   * keeps then is the system's clock as of its last tick: up to 10 ms apart on Unix (100 Hz), 15.6
   * ms on Windows; finer digits do not mean finer steps. Without such a sign a second has to be
   * reckoned with, and two on the FAT family. Of a provider that is not known nothing is believed:
   * zip files keep two seconds, though their root shows the archive's own time.
   */
  private Duration granularity(@Nullable FileStore store, FileInfo root) {
    if (!backing.isDefault && !isJimfs()) {
      return COARSEST;
    }
    String type = store == null ? "" : store.type().toLowerCase(Locale.ROOT);
    if (type.contains("fat") || type.contains("msdos")) {
      return COARSEST;
    }
    boolean fine = isFine(root.modified()) || isFine(root.accessed()) || isFine(root.changed());
    if (!fine) {
      return Duration.ofSeconds(1);
    }
    return Duration.ofMillis(windows ? 20 : 10);
  }

  private static boolean isFine(@Nullable FileTime time) {
    return time != null && time.toInstant().getNano() != 0;
  }
}
