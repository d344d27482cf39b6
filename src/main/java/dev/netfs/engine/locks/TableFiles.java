package dev.netfs.engine.locks;

import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.IoSegments;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.ShareFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The table of one file's locks on the share, and its replacement by compare-and-swap.
 *
 * <p>The tables of a file are in a folder of their own, each version under its number. The next
 * version is written under a name of its own and gets its number by a hard link, which fails if
 * another client's version has that number already: that is the comparison. On a share without hard
 * links it is a folder with the table in it, which gets its number by being renamed, to the same
 * effect: a folder that is not empty is never replaced. (A file that is made exclusively would not
 * do: it gets its number before its content.) Such a folder goes by being renamed first, so that it
 * never stands there empty. Clients of both kinds understand each other. The folder of all versions
 * comes into being with version 0 in it, by being renamed to its place, and is never empty.
 *
 * <p>The versions before the last {@link #KEPT} are removed, always the oldest one first. That
 * would let a client that has stood still for long give a number a second time whose first bearer
 * is gone. So whoever has linked version <i>n</i>+1 looks whether his version <i>n</i> is still
 * there: if it is, <i>n</i>+1 was never there before. And whoever finds the newest version in a
 * listing (which on some servers shows no single moment) looks whether it is the successor of the
 * one before.
 *
 * <p>Safe for use by several threads.
 */
final class TableFiles {
  /** The folder of all tables, in the root of the mount. */
  static final String FOLDER = ".netfs-locks";

  private static final int KEPT = 4;
  private static final int ATTEMPTS = 100;
  private static final long PAUSE_MILLIS = 5;
  private static final long MAX_TABLE = 16 << 20;
  private static final String DRAFT = "draft-";

  /** The table in a version that is a folder. */
  private static final String TABLE = "/table";

  private static final long DRAFT_IS_LEFT_AFTER_MILLIS = TimeUnit.HOURS.toMillis(1);

  private static final OpenIntent WRITE =
      new OpenIntent(false, true, OpenIntent.Disposition.OPEN_OR_CREATE, false, -1);

  private final Surroundings surroundings;
  private final String folder;
  private final AtomicLong trimmed = new AtomicLong();

  /**
   * @param path the file whose locks these are
   */
  TableFiles(Surroundings surroundings, String path) {
    this.surroundings = surroundings;
    this.folder = "/" + FOLDER + "/" + hash(path);
  }

  private static String hash(String path) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(path.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private String file(long version) {
    return folder + "/" + String.format("%019d", version);
  }

  String unique() {
    return String.format("%016x%016x", surroundings.random(), surroundings.random());
  }

  /** Returns the newest version of the table; makes the first one where there is none. */
  CompletableFuture<LockTable> newest() {
    return newest(0);
  }

  private CompletableFuture<LockTable> newest(int attempt) {
    return then(
        list(),
        (listed, failure) -> {
          if (failure instanceof NoSuchFileException) {
            return make().thenCompose(made -> again(attempt));
          }
          if (failure != null) {
            return CompletableFuture.failedFuture(failure);
          }
          long last = listed.last;
          if (last < 0) {
            return again(attempt);
          }
          CompletableFuture<@Nullable LockTable> newest = read(last);
          CompletableFuture<@Nullable LockTable> before =
              last == 0 ? CompletableFuture.completedFuture(null) : read(last - 1);
          return newest
              .thenCombine(before, (table, previous) -> proven(table, previous) ? table : null)
              .thenCompose(
                  table ->
                      table == null ? again(attempt) : CompletableFuture.completedFuture(table));
        });
  }

  private static boolean proven(@Nullable LockTable table, @Nullable LockTable previous) {
    return table != null
        && (table.version() == 0 || previous != null && table.previous().equals(previous.id()));
  }

  private CompletableFuture<LockTable> again(int attempt) {
    if (attempt == ATTEMPTS) {
      return CompletableFuture.failedFuture(
          new FileSystemException(folder, null, "the lock table is never the same twice"));
    }
    CompletableFuture<LockTable> table = new CompletableFuture<>();
    surroundings.later(
        () ->
            newest(attempt + 1)
                .whenComplete(
                    (result, failure) -> {
                      if (failure == null) {
                        table.complete(result);
                      } else {
                        table.completeExceptionally(cause(failure));
                      }
                    }),
        attempt == 0 ? 0 : PAUSE_MILLIS);
    return table;
  }

  /** What is in the folder. */
  private static final class Listed {
    long last = -1;
    long lastMillis;
    final List<DirectoryEntry> drafts = new ArrayList<>();

    void take(DirectoryEntry entry) {
      String name = entry.name();
      if (name.startsWith(DRAFT)) {
        drafts.add(entry);
      } else if (name.matches("[0-9]{19}") && Long.parseLong(name) > last) {
        last = Long.parseLong(name);
        lastMillis = entry.info().modified().toMillis();
      }
    }
  }

  private CompletableFuture<Listed> list() {
    return surroundings
        .call(
            "list locks",
            share -> {
              Listed listed = new Listed();
              return share.list(folder, listed::take).thenApply(done -> listed);
            })
        .thenApply(
            listed -> {
              for (DirectoryEntry draft : listed.drafts) {
                long age = listed.lastMillis - draft.info().modified().toMillis();
                if (age > DRAFT_IS_LEFT_AFTER_MILLIS) {
                  String name = folder + "/" + draft.name(); // its writer died
                  if (draft.info().isDirectory()) {
                    deleteFolder(name);
                  } else {
                    delete(name);
                  }
                }
              }
              return listed;
            });
  }

  /** Makes the folder with the first version in it, unless another client does so meanwhile. */
  private CompletableFuture<Void> make() {
    String made = "/" + FOLDER + "/" + DRAFT + unique();
    String first = made + file(0).substring(folder.length());
    return makeFolder("/" + FOLDER)
        .thenCompose(done -> makeFolder(made))
        .thenCompose(done -> write(first, LockTables.encode(LockTable.FIRST)))
        .thenCompose(
            done ->
                then(
                    surroundings.<Void>call(
                        "make locks", share -> share.rename(made, folder, false)),
                    (renamed, failure) -> {
                      if (failure == null) {
                        return nothing();
                      }
                      // Or it was renamed, and the answer lost: then there is nothing to delete.
                      CompletableFuture<Void> gone =
                          delete(first)
                              .thenCompose(
                                  deleted ->
                                      unless(
                                          FileSystemException.class,
                                          run(
                                              "delete locks",
                                              made,
                                              (share, path) -> share.deleteDirectory(path))));
                      return failure instanceof FileAlreadyExistsException
                              || failure instanceof DirectoryNotEmptyException
                              || failure instanceof NoSuchFileException
                          ? gone
                          : gone.thenCompose(done2 -> CompletableFuture.failedFuture(failure));
                    }));
  }

  /**
   * Makes a version the newest.
   *
   * @param base what {@link #newest} returned, or what this has made the newest
   * @param next its successor
   * @return whether it is the newest now, in the place of {@code base}; if not, it may have been
   *     for a moment. After a failure nobody knows: {@link #newest} tells.
   */
  CompletableFuture<Boolean> publish(LockTable base, LockTable next) {
    String draft = folder + "/" + DRAFT + next.id();
    boolean links = surroundings.hardLinks();
    byte[] table = LockTables.encode(next);
    CompletableFuture<Void> linked =
        links
            ? write(draft, table)
                .thenCompose(
                    written ->
                        surroundings.<Void>call(
                            "link locks", share -> share.link(file(next.version()), draft)))
            : makeFolder(draft)
                .thenCompose(made -> write(draft + TABLE, table))
                .thenCompose(
                    written ->
                        surroundings.<Void>call(
                            "link locks",
                            share -> share.rename(draft, file(next.version()), false)));
    return then(
            linked,
            (done, failure) -> {
              if (failure == null) {
                return confirm(base, next);
              }
              // Another client was first; or somebody has removed the folder.
              return failure instanceof FileAlreadyExistsException
                      || failure instanceof DirectoryNotEmptyException
                      || failure instanceof NoSuchFileException
                  ? CompletableFuture.completedFuture(false)
                  : wasOvertaken(next, failure);
            })
        .whenComplete(
            (done, failure) -> {
              if (links) {
                delete(draft);
              } else if (failure != null || !done) {
                deleteFolder(draft);
              }
            });
  }

  /**
   * Looks whether another client was first where the server does not say so: SFTP's has one answer
   * for all that goes wrong, and who asks then what is in the way may find it removed already, by
   * clients that are several versions further.
   *
   * @return false if one was; fails as the publishing did if not
   */
  private CompletableFuture<Boolean> wasOvertaken(LockTable next, Throwable failure) {
    return list()
        .thenCompose(
            listed ->
                listed.last >= next.version()
                    ? CompletableFuture.completedFuture(false)
                    : CompletableFuture.failedFuture(failure));
  }

  private CompletableFuture<Void> makeFolder(String path) {
    return unless(
        FileAlreadyExistsException.class,
        run("make locks", path, (share, name) -> share.makeDirectory(name, -1)));
  }

  /** Deletes a folder with a table in it, which nobody looks for. */
  private CompletableFuture<Void> deleteFolder(String path) {
    return delete(path + TABLE)
        .thenCompose(
            gone ->
                unless(
                    FileSystemException.class,
                    run("delete locks", path, (share, name) -> share.deleteDirectory(name))));
  }

  /** Deletes a version, of either kind; fails if it is not there. */
  private CompletableFuture<Void> deleteVersion(long version) {
    String path = file(version);
    return then(
        run("delete locks", path, (share, name) -> share.deleteFile(name)),
        (done, failure) -> {
          if (!(failure instanceof IsDirectoryException)) {
            return failure == null ? nothing() : CompletableFuture.failedFuture(failure);
          }
          String away = folder + "/" + DRAFT + unique();
          return surroundings
              .<Void>call("delete locks", share -> share.rename(path, away, false))
              .thenCompose(renamed -> deleteFolder(away));
        });
  }

  /** Looks whether the version before is there: or else this number has been given before. */
  private CompletableFuture<Boolean> confirm(LockTable base, LockTable next) {
    return read(base.version())
        .thenCompose(
            found -> {
              if (found != null && found.id().equals(base.id())) {
                trim(Math.max(base.oldest(), trimmed()), next.version() - KEPT);
                return CompletableFuture.completedFuture(true);
              }
              return unless(FileSystemException.class, deleteVersion(next.version()))
                  .thenApply(done -> false);
            });
  }

  /** Removes versions, the oldest first, each after the one before has gone. */
  private void trim(long from, long to) {
    trimmed.accumulateAndGet(from, Math::max);
    if (from <= to) {
      unless(NoSuchFileException.class, deleteVersion(from)).thenRun(() -> trim(from + 1, to));
    }
  }

  /** Returns below which version all are known to have gone. */
  long trimmed() {
    return trimmed.get();
  }

  /** Reads a version, of either kind; null if it is not there. */
  private CompletableFuture<@Nullable LockTable> read(long version) {
    String asFile = file(version);
    String asFolder = asFile + TABLE;
    boolean links = surroundings.hardLinks();
    return then(
        bytes(links ? asFile : asFolder),
        (bytes, failure) -> {
          boolean other =
              links
                  ? failure instanceof IsDirectoryException
                  : failure instanceof NoSuchFileException
                      || failure instanceof NotDirectoryException;
          return other
              ? then(bytes(links ? asFolder : asFile), (more, end) -> table(more, end, asFile))
              : table(bytes, failure, asFile);
        });
  }

  private static CompletableFuture<@Nullable LockTable> table(
      byte[] bytes, @Nullable Throwable failure, String path) {
    if (failure instanceof NoSuchFileException || failure instanceof IsDirectoryException) {
      return CompletableFuture.completedFuture(null); // or it has just come, or is about to go
    }
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    try {
      return CompletableFuture.completedFuture(LockTables.decode(bytes, path));
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<byte[]> bytes(String path) {
    return surroundings.call(
        "read locks",
        share ->
            share
                .open(path, OpenIntent.READ)
                .thenCompose(
                    file ->
                        closing(
                            file,
                            () -> {
                              long size = file.openInfo().size();
                              return size > MAX_TABLE
                                  ? CompletableFuture.failedFuture(
                                      new IOException(path + " is too large"))
                                  : fill(file, ByteBuffer.allocate((int) size));
                            })));
  }

  private static CompletionStage<byte[]> fill(ShareFile file, ByteBuffer buffer) {
    if (!buffer.hasRemaining()) {
      return CompletableFuture.completedFuture(buffer.array());
    }
    return file.read(IoSegments.of(buffer.slice()), buffer.position())
        .thenCompose(
            result -> {
              if (result.bytes() == 0) {
                return CompletableFuture.failedFuture(
                    new IOException("a lock table ends before its end"));
              }
              buffer.position(buffer.position() + (int) result.bytes());
              return fill(file, buffer);
            });
  }

  private CompletableFuture<Void> write(String path, byte[] bytes) {
    return surroundings.call(
        "write locks",
        share ->
            share
                .open(path, WRITE)
                .thenCompose(file -> closing(file, () -> drain(file, ByteBuffer.wrap(bytes)))));
  }

  private static CompletionStage<Void> drain(ShareFile file, ByteBuffer buffer) {
    if (!buffer.hasRemaining()) {
      return nothing();
    }
    return file.write(IoSegments.of(buffer.slice()), buffer.position())
        .thenCompose(
            result -> {
              if (result.bytes() == 0) {
                return CompletableFuture.failedFuture(new IOException("the server took no byte"));
              }
              buffer.position(buffer.position() + (int) result.bytes());
              return drain(file, buffer);
            });
  }

  /** Does something with a file, closes it in any case, and returns what was done. */
  private static <T> CompletionStage<T> closing(
      ShareFile file, Supplier<CompletionStage<T>> operation) {
    return operation
        .get()
        .handle(
            (result, failure) ->
                file.close()
                    .thenCompose(
                        closed ->
                            failure == null
                                ? CompletableFuture.completedFuture(result)
                                : CompletableFuture.<T>failedFuture(cause(failure))))
        .thenCompose(stage -> stage);
  }

  private CompletableFuture<Void> delete(String path) {
    return unless(
        FileSystemException.class,
        run("delete locks", path, (share, name) -> share.deleteFile(name)));
  }

  /** An operation on one path. */
  @FunctionalInterface
  private interface Operation {
    CompletionStage<Void> on(dev.netfs.share.Share share, String path);
  }

  private CompletableFuture<Void> run(String kind, String path, Operation operation) {
    return surroundings.call(kind, share -> operation.on(share, path));
  }

  /** Completes as a stage does, and without a failure where it fails in one way. */
  private static CompletableFuture<Void> unless(
      Class<? extends Exception> expected, CompletableFuture<Void> stage) {
    return then(
        stage,
        (done, failure) ->
            failure == null || expected.isInstance(failure)
                ? nothing()
                : CompletableFuture.failedFuture(failure));
  }

  /** Goes on after a stage, whichever way it ended. */
  private interface Next<T, U> {
    CompletionStage<U> after(T result, @Nullable Throwable failure);
  }

  private static <T, U> CompletableFuture<U> then(CompletableFuture<T> stage, Next<T, U> next) {
    return stage
        .handle((result, failure) -> next.after(result, failure == null ? null : cause(failure)))
        .thenCompose(after -> after);
  }

  static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  @SuppressWarnings("NullAway") // a stage of Void completes with null
  private static CompletableFuture<Void> nothing() {
    return CompletableFuture.completedFuture(null);
  }
}
