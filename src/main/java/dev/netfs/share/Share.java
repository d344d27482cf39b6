package dev.netfs.share;

import java.nio.file.attribute.AclEntry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * One connection to one remote tree of files.
 *
 * <h2>Paths</h2>
 *
 * Paths are strings, absolute within the share, with {@code /} between their elements and without
 * {@code .} or {@code ..}, empty elements or a slash at the end: {@code "/"} is the share's root,
 * {@code "/a/b"} a file below it. Wherever the share itself is rooted on the server (a prefix, a
 * bucket) is the transport's own affair. Exceptions carry these paths.
 *
 * <h2>Asynchrony</h2>
 *
 * Every method is safe for use by several threads and returns without waiting for the server. A
 * stage may complete on a thread of the transport. A transport whose client library blocks runs its
 * calls on threads of its own.
 *
 * <h2>Errors</h2>
 *
 * A stage completes exceptionally with the most exact type, never with a client library's own,
 * which may appear as a cause only:
 *
 * <ul>
 *   <li>{@link java.nio.file.NoSuchFileException}: the path, or a directory on the way, is not
 *       there. Only where the server said so: "unreachable" is never "not there".
 *   <li>{@link java.nio.file.FileAlreadyExistsException}, {@link
 *       java.nio.file.DirectoryNotEmptyException}, {@link java.nio.file.NotDirectoryException},
 *       {@link java.nio.file.NotLinkException}, {@link java.nio.file.AccessDeniedException}, {@link
 *       java.nio.file.FileSystemLoopException}, {@link IsDirectoryException}: as they say. Where
 *       the server's answer is vague, the transport asks again (a {@code stat}) until it knows.
 *   <li>{@link java.nio.file.FileSystemException} with a reason: anything else about one path.
 *   <li>{@link RangeLockedException}: another client's mandatory lock is in the way.
 *   <li>{@link ShareDisconnectedException}: the connection was lost; the share is of no more use,
 *       and the engine connects a new one. Nothing is retried here.
 *   <li>{@link UnsupportedOperationException}: the {@linkplain #capabilities() capabilities} do not
 *       have it.
 * </ul>
 */
public interface Share extends AutoCloseable {
  /** Returns what this share can do; the same object for the life of the connection. */
  ShareCapabilities capabilities();

  /** Returns whether the connection is known to be usable; false is final. */
  boolean isConnected();

  /**
   * Opens a regular file, following symbolic links.
   *
   * <p>Fails with {@link IsDirectoryException} where the path names a directory, and with {@link
   * java.nio.file.FileAlreadyExistsException} where {@link OpenIntent.Disposition#CREATE_NEW} finds
   * any object, a dangling symbolic link included.
   *
   * @param path the file
   * @param intent how to open it
   * @return the open file, which its receiver has to close
   */
  CompletionStage<ShareFile> open(String path, OpenIntent intent);

  /**
   * Returns an object's attributes.
   *
   * @param path the object
   * @param followLinks whether a symbolic link at the end of the path is followed
   */
  CompletionStage<FileInfo> stat(String path, boolean followLinks);

  /**
   * Lists a directory with the attributes of its entries, in no particular order, each name once.
   *
   * @param path the directory; fails with {@link java.nio.file.NotDirectoryException} if it is
   *     something else
   * @param entries takes the entries, one at a time, before the stage completes; what it throws
   *     ends the listing and fails the stage
   */
  CompletionStage<Void> list(String path, Consumer<? super DirectoryEntry> entries);

  /**
   * Makes a directory.
   *
   * @param path the directory; its parent must exist
   * @param mode the POSIX mode, or -1 for the server's default
   */
  CompletionStage<Void> makeDirectory(String path, int mode);

  /**
   * Deletes a file, a symbolic link itself, or any object but a directory. Fails with {@link
   * IsDirectoryException} for a directory.
   *
   * @param path the object
   */
  CompletionStage<Void> deleteFile(String path);

  /**
   * Deletes an empty directory. Fails with {@link java.nio.file.DirectoryNotEmptyException} if it
   * is not empty and with {@link java.nio.file.NotDirectoryException} if it is something else,
   * deleting nothing.
   *
   * @param path the directory
   */
  CompletionStage<Void> deleteDirectory(String path);

  /**
   * Gives an object another name. A symbolic link is renamed itself.
   *
   * @param source its name now
   * @param target its new name
   * @param replace whether an existing target is replaced: atomically where {@link
   *     ShareCapabilities#atomicReplace()}; elsewhere fails with {@link
   *     java.nio.file.FileAlreadyExistsException}, as it does where this is false. A directory that
   *     is not empty is never replaced ({@link java.nio.file.DirectoryNotEmptyException}).
   */
  CompletionStage<Void> rename(String source, String target, boolean replace);

  /**
   * Changes attributes.
   *
   * @param path the object
   * @param change what to change; a part that the share cannot set fails with {@link
   *     UnsupportedOperationException}, and is never ignored
   * @param followLinks whether a symbolic link at the end of the path is followed
   */
  CompletionStage<Void> setAttributes(String path, AttributeChange change, boolean followLinks);

  /**
   * Returns an object's owner and access control list, where {@link
   * ShareCapabilities#attributeViews()} has {@code acl}.
   *
   * @param path the object
   * @param followLinks whether a symbolic link at the end of the path is followed
   */
  default CompletionStage<ShareAcl> acl(String path, boolean followLinks) {
    return unsupported("access control lists");
  }

  /**
   * Sets an object's access control list, where {@link ShareCapabilities#attributeViews()} has
   * {@code acl}. Entries on the server that {@link AclEntry} has no words for stay as and where
   * they are.
   *
   * @param path the object
   * @param entries the list, each of whose principals is a {@link SharePrincipal}
   * @param followLinks whether a symbolic link at the end of the path is followed
   */
  default CompletionStage<Void> setAcl(String path, List<AclEntry> entries, boolean followLinks) {
    return unsupported("access control lists");
  }

  /**
   * Makes a directory with an access control list, where {@link ShareCapabilities#attributeViews()}
   * has {@code acl}.
   *
   * @param path the directory; its parent must exist
   * @param acl the list, each of whose principals is a {@link SharePrincipal}
   */
  default CompletionStage<Void> makeDirectory(String path, List<AclEntry> acl) {
    return unsupported("access control lists");
  }

  /**
   * Finds somebody, where {@link ShareCapabilities#attributeViews()} has {@code acl}. Fails with
   * {@link java.nio.file.attribute.UserPrincipalNotFoundException} if there is no such name.
   *
   * @param name his name, or what {@link SharePrincipal#id()} returns, which is taken at its word
   * @param group whether one that is taken at its word is taken for a group
   * @return a {@link SharePrincipal.Group}, if it is one
   */
  default CompletionStage<SharePrincipal> principal(String name, boolean group) {
    return unsupported("looking up names");
  }

  /** Returns how full the store is that holds the path, or fails as unsupported. */
  default CompletionStage<SpaceInfo> space(String path) {
    return unsupported("space figures");
  }

  /**
   * Makes a further name for an existing file, where {@link ShareCapabilities#hardLinks()}.
   *
   * @param link the new name, which must not exist
   * @param existing the file
   */
  default CompletionStage<Void> link(String link, String existing) {
    return unsupported("hard links");
  }

  /**
   * Makes a symbolic link, where {@link ShareCapabilities#symbolicLinks()}.
   *
   * @param link the new name, which must not exist
   * @param target where it leads: relative to the link's directory, or absolute within the share.
   *     It need not exist.
   */
  default CompletionStage<Void> symbolicLink(String link, String target) {
    return unsupported("symbolic links");
  }

  /**
   * Returns where a symbolic link leads, as {@link #symbolicLink} takes it. Fails with {@link
   * java.nio.file.NotLinkException} if it is not a symbolic link.
   */
  default CompletionStage<String> readLink(String path) {
    return unsupported("symbolic links");
  }

  /**
   * Copies a regular file's content on the server, where {@link ShareCapabilities#serverCopy()}.
   * The target must not exist; if the copy fails none is left. Fails as unsupported where these two
   * cannot be copied on the server.
   *
   * @param source the file to copy, symbolic links followed
   * @param target the new file
   */
  default CompletionStage<Void> copy(String source, String target) {
    return unsupported("copying on the server");
  }

  /**
   * Watches a directory, where {@link ShareCapabilities#notifications()}: its entries, not what is
   * further below. The stage completes when whatever happens from then on will be told. While it is
   * watched the directory may be held open. What this connection deletes or renames at or above it
   * ends the watch.
   *
   * @param directory the directory; fails with {@link java.nio.file.NotDirectoryException} if it is
   *     something else
   * @param watcher is told what happens
   */
  default CompletionStage<ShareWatch> watch(String directory, DirectoryWatcher watcher) {
    return unsupported("telling of changes");
  }

  /**
   * Ends the connection. Every operation still outstanding fails with {@link
   * ShareDisconnectedException}, and none touches the engine's memory once this has returned. A
   * second call does nothing. Does not wait for the server longer than a moment, throws nothing.
   */
  @Override
  void close();

  private static <T> CompletionStage<T> unsupported(String what) {
    return CompletableFuture.failedFuture(
        new UnsupportedOperationException("this share does not support " + what));
  }
}
