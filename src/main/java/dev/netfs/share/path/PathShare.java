package dev.netfs.share.path;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareCapabilities;
import dev.netfs.share.ShareCapabilities.LockKind;
import dev.netfs.share.ShareFile;
import dev.netfs.share.SpaceInfo;
import java.io.IOException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A directory of any file system of this JVM, as a share. Every method hands one task to {@link
 * Workers}; see there for what happens when the backing store hangs.
 */
final class PathShare implements Share {
  private static final long BLOCK_SIZE_UNKNOWN = 4096;
  private static final long CLOSE_WAIT_MILLIS = 1_000;
  private static final int OPEN_ATTEMPTS = 4;

  private final Backing backing;
  private final Attributes attributes;
  private final Workers workers;
  private final Failures failures;
  private final ShareCapabilities capabilities;
  private final Set<PathShareFile> openFiles = ConcurrentHashMap.newKeySet();

  PathShare(
      Backing backing, Attributes attributes, ShareCapabilities capabilities, Workers workers) {
    this.backing = backing;
    this.attributes = attributes;
    this.capabilities = capabilities;
    this.workers = workers;
    this.failures = new Failures(backing, workers);
  }

  @Override
  public ShareCapabilities capabilities() {
    return capabilities;
  }

  @Override
  public boolean isConnected() {
    return !workers.isClosed() && backing.fileSystem.isOpen();
  }

  @Override
  public CompletionStage<ShareFile> open(String path, OpenIntent intent) {
    return workers.run(
        operation -> openNow(path, intent),
        failures.of(path),
        unwanted -> ((PathShareFile) unwanted).shut());
  }

  @Override
  public CompletionStage<FileInfo> stat(String path, boolean followLinks) {
    return workers.run(
        operation -> attributes.read(backing.resolve(path), followLinks), failures.of(path));
  }

  @Override
  public CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries) {
    return workers.perform(
        operation -> {
          try (DirectoryStream<Path> names = Files.newDirectoryStream(backing.resolve(path))) {
            for (Path name : names) {
              DirectoryEntry entry = entry(name);
              if (entry != null) {
                operation.touch(() -> hand(entry, entries));
              }
            }
          }
        },
        failures.of(path));
  }

  /** Returns a directory's entry, or null if it has just been deleted. */
  private @Nullable DirectoryEntry entry(Path name) throws IOException {
    try {
      return new DirectoryEntry(Backing.name(name), attributes.read(name, false));
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void hand(DirectoryEntry entry, Consumer<? super DirectoryEntry> entries) {
    try {
      entries.accept(entry);
    } catch (Throwable e) {
      throw new Failures.Exact(e);
    }
  }

  @Override
  public CompletionStage<Void> makeDirectory(String path, int mode) {
    return workers.perform(
        operation -> {
          Files.createDirectory(backing.resolve(path), attributes.creation(mode));
        },
        failures.of(path));
  }

  @Override
  public CompletionStage<Void> deleteFile(String path) {
    return workers.perform(
        operation -> {
          Path file = backing.resolve(path);
          if (attributes.read(file, false).isDirectory()) {
            throw Failures.exact(new IsDirectoryException(path));
          }
          backing.provider.delete(file);
        },
        failures.of(path));
  }

  @Override
  public CompletionStage<Void> deleteDirectory(String path) {
    return workers.perform(
        operation -> {
          refuseRoot(path);
          Path directory = backing.resolve(path);
          if (!attributes.read(directory, false).isDirectory()) {
            throw Failures.exact(new NotDirectoryException(path));
          }
          backing.provider.delete(directory);
        },
        failures.of(path));
  }

  @Override
  public CompletionStage<Void> rename(String source, String target, boolean replace) {
    return workers.perform(
        operation -> {
          renameNow(source, target, replace);
          for (PathShareFile file : openFiles) {
            file.renamed(source, target);
          }
        },
        failures.of(source, target));
  }

  private void renameNow(String source, String target, boolean replace) throws IOException {
    refuseRoot(source);
    refuseRoot(target);
    Path from = backing.resolve(source);
    Path to = backing.resolve(target);
    FileInfo moved = attributes.read(from, false);
    // A link may well be moved into the directory that it leads to.
    if (moved.isDirectory() && within(target, source) && !target.equals(source)) {
      throw Failures.exact(
          new FileSystemException(
              source, target, "a directory cannot be moved to a place inside itself"));
    }
    FileInfo present = find(target, false);
    if (present != null) {
      boolean otherCase = !capabilities.caseSensitive() && source.equalsIgnoreCase(target);
      if (!replace && !otherCase) {
        throw Failures.exact(new FileAlreadyExistsException(target));
      }
      if (source.equals(target)) {
        return;
      }
      refuseOtherKind(moved, present, target, to);
      if (!capabilities.atomicReplace() && !otherCase) {
        throw Failures.exact(new FileAlreadyExistsException(target));
      }
    }
    try {
      // Never without ATOMIC_MOVE where there is one: the JDK would copy between file stores.
      CopyOption[] options =
          capabilities.atomicReplace()
              ? new CopyOption[] {
                StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING
              }
              : new CopyOption[0];
      Files.move(from, to, options);
    } catch (FileSystemException e) {
      if (present != null && present.isDirectory() && isNotEmpty(to)) {
        throw Failures.exact(
            (FileSystemException) new DirectoryNotEmptyException(target).initCause(e));
      }
      throw e;
    }
  }

  /** As POSIX has it: a directory replaces a directory only, and the other way round. */
  private static void refuseOtherKind(
      FileInfo moved, FileInfo present, String target, Path targetPath) throws IOException {
    if (present.isDirectory()) {
      if (isNotEmpty(targetPath)) {
        throw Failures.exact(new DirectoryNotEmptyException(target));
      }
      if (!moved.isDirectory()) {
        throw Failures.exact(new IsDirectoryException(target));
      }
    } else if (moved.isDirectory()) {
      throw Failures.exact(new NotDirectoryException(target));
    }
  }

  private static boolean isNotEmpty(Path directory) throws IOException {
    try (DirectoryStream<Path> names = Files.newDirectoryStream(directory)) {
      return names.iterator().hasNext();
    }
  }

  @Override
  public CompletionStage<Void> setAttributes(
      String path, AttributeChange change, boolean followLinks) {
    return workers.perform(
        operation -> {
          Path file = backing.resolve(path);
          Object key = null;
          if (backing.isPosixDefault() && Attributes.opensFile(change)) {
            key = attributes.read(file, followLinks).fileKey();
          }
          if (key == null) {
            attributes.change(file, change, followLinks);
          } else if (!PosixLocks.PROCESS.passing(
              key, () -> attributes.change(file, change, followLinks))) {
            throw Failures.exact(
                new FileSystemException(
                    path,
                    null,
                    "its times cannot be changed while this process holds a lock on it, which the"
                        + " system would drop; release the lock first"));
          }
        },
        failures.of(path));
  }

  @Override
  public CompletionStage<SpaceInfo> space(String path) {
    return workers.run(
        operation -> {
          Path file = backing.resolve(path);
          attributes.read(file, true); // the JDK finds a store for what is not there, too
          FileStore store = Files.getFileStore(file);
          return new SpaceInfo(
              store.getTotalSpace(),
              store.getUnallocatedSpace(),
              store.getUsableSpace(),
              blockSize(store),
              store.isReadOnly());
        },
        failures.of(path));
  }

  private static long blockSize(FileStore store) throws IOException {
    try {
      return store.getBlockSize();
    } catch (UnsupportedOperationException e) {
      return BLOCK_SIZE_UNKNOWN;
    }
  }

  @Override
  public CompletionStage<Void> link(String link, String existing) {
    return workers.perform(
        operation -> {
          Path file = backing.resolve(existing);
          if (attributes.read(file, false).isDirectory()) {
            if (find(link, false) != null) {
              // Which is what link(2) looks at first.
              throw Failures.exact(new FileAlreadyExistsException(link));
            }
            throw Failures.exact(new IsDirectoryException(existing));
          }
          Files.createLink(backing.resolve(link), file);
        },
        failures.of(existing, link));
  }

  @Override
  public CompletionStage<Void> symbolicLink(String link, String target) {
    return workers.perform(
        operation -> {
          Files.createSymbolicLink(backing.resolve(link), backing.linkTarget(target));
        },
        failures.of(link));
  }

  @Override
  public CompletionStage<String> readLink(String path) {
    return workers.run(
        operation -> {
          Path link = backing.resolve(path);
          return backing.shareTarget(link, Files.readSymbolicLink(link));
        },
        failures.of(path));
  }

  @Override
  public CompletionStage<Void> copy(String source, String target) {
    return workers.perform(
        operation -> {
          Path from = backing.resolve(source);
          FileInfo info = attributes.read(from, true);
          refuseIrregular(info, source);
          FileCopy.copy(backing, attributes, operation, from, info, backing.resolve(target));
        },
        failures.of(source, target));
  }

  @Override
  public void close() {
    workers.close();
    for (PathShareFile file : openFiles) {
      file.shut();
    }
    workers.shutdown(CLOSE_WAIT_MILLIS);
  }

  private ShareFile openNow(String path, OpenIntent intent) throws IOException {
    Path file = backing.resolve(path);
    Set<OpenOption> options = options(intent);
    for (int attempt = 1; ; attempt++) {
      // Looked at first: opening a pipe would wait for its other end, and to have seen older
      // attributes than the content's is harmless, where newer ones would let old bytes pass for
      // new.
      FileInfo before = intent.disposition() == Disposition.CREATE_NEW ? null : find(path, true);
      if (before != null) {
        refuseIrregular(before, path);
      } else if (intent.disposition() == Disposition.OPEN_EXISTING) {
        throw Failures.exact(new NoSuchFileException(path));
      }
      FileIo io = FileIo.open(backing.provider, file, options, attributes.creation(intent.mode()));
      FileInfo after = null;
      boolean taken = false;
      try {
        after = find(path, true);
        boolean same = after != null && (before == null || sameObject(before, after));
        if (after != null && (same || attempt == OPEN_ATTEMPTS)) {
          refuseIrregular(after, path);
          FileInfo seen = before != null && same && !intent.truncate() ? before : after;
          FileInfo info = seen.toBuilder().size(io.size()).build();
          PathShareFile opened = new PathShareFile(this, workers, path, io, info, posixKey(info));
          openFiles.add(opened);
          taken = true;
          return opened;
        }
        if (attempt == OPEN_ATTEMPTS) {
          throw Failures.exact(new NoSuchFileException(path));
        }
      } finally {
        if (!taken) {
          PosixLocks.PROCESS.close(after == null ? null : posixKey(after), io.channel());
        }
      }
    }
  }

  private @Nullable Object posixKey(FileInfo info) {
    return backing.isPosixDefault() ? info.fileKey() : null;
  }

  private static Set<OpenOption> options(OpenIntent intent) {
    Set<OpenOption> options = new HashSet<>();
    if (intent.read()) {
      options.add(StandardOpenOption.READ);
    }
    if (intent.write()) {
      options.add(StandardOpenOption.WRITE);
    }
    if (intent.truncate()) {
      options.add(StandardOpenOption.TRUNCATE_EXISTING);
    }
    if (intent.sparse()) {
      options.add(StandardOpenOption.SPARSE);
    }
    switch (intent.disposition()) {
      case OPEN_EXISTING -> {}
      case OPEN_OR_CREATE -> options.add(StandardOpenOption.CREATE);
      case CREATE_NEW -> options.add(StandardOpenOption.CREATE_NEW);
    }
    return options;
  }

  /**
   * Returns an object's attributes, or null if it is not there. For calls on the share's threads.
   */
  @Nullable FileInfo find(String path, boolean followLinks) throws IOException {
    try {
      return attributes.read(backing.resolve(path), followLinks);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Returns whether two descriptions may be of one object. */
  static boolean sameObject(FileInfo one, FileInfo other) {
    return one.fileKey() == null || Objects.equals(one.fileKey(), other.fileKey());
  }

  /** Returns whether a path is another or lies below it. */
  static boolean within(String path, String ancestor) {
    return path.startsWith(ancestor)
        && (path.length() == ancestor.length() || path.charAt(ancestor.length()) == '/');
  }

  private static void refuseIrregular(FileInfo info, String path) {
    if (info.isDirectory()) {
      throw Failures.exact(new IsDirectoryException(path));
    }
    if (!info.isRegularFile()) {
      throw Failures.exact(new FileSystemException(path, null, "Not a regular file"));
    }
  }

  private static void refuseRoot(String path) {
    if (path.equals("/")) {
      throw Failures.exact(
          new FileSystemException(path, null, "The share's root stays where it is"));
    }
  }

  Failures failures() {
    return failures;
  }

  boolean hasLocks() {
    return capabilities.locks() != LockKind.NONE;
  }

  void forget(PathShareFile file) {
    openFiles.remove(file);
  }
}
