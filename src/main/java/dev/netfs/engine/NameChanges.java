package dev.netfs.engine;

import dev.netfs.engine.ShareSession.Replay;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.Share;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a mount changes of names, and of what they stand for: the server is asked, and whoever here
 * knows something by the name learns of it, be it open files, attributes, listings, or the cache on
 * disk. All of it blocks until the server has answered.
 */
final class NameChanges {
  private final Services services;
  private final ShareSession session;
  private final AttributeCache attributes;
  private final InodeTable inodes;
  private final Directories directories;
  private final MountOptions options;
  private final @Nullable DiskCache disk;

  NameChanges(Services services, Directories directories) {
    this.services = services;
    this.session = services.session();
    this.attributes = services.attributes();
    this.inodes = services.inodes();
    this.directories = directories;
    this.options = services.options();
    this.disk = services.disk();
  }

  /** Deletes a file, a symbolic link itself, or an empty directory. */
  void delete(String path) throws IOException {
    // Files and directories go by requests of their own, each of which refuses what is of the other
    // kind. So a good guess does, and nobody is asked first.
    boolean directory = isLikelyDirectory(path);
    try {
      deleteAs(path, directory);
    } catch (IsDirectoryException | NotDirectoryException e) {
      if (directory == e instanceof IsDirectoryException) {
        throw e; // something else is no directory: one on the way
      }
      deleteAs(path, !directory);
    }
  }

  private boolean isLikelyDirectory(String path) {
    FileInfo known = attributes.get(path);
    return known == null ? directories.order(path) != null : known.isDirectory();
  }

  private void deleteAs(String path, boolean directory) throws IOException {
    services.delayedCloses().endBelow(path);
    openBeforeNameGoes(path);
    Inode inode = inodes.find(path);
    FileLog ending = inode == null || inode.deferred == null ? null : inode.deferred.log;
    FileCut cut = ending == null ? null : ending.beginLosingName();
    boolean gone = false;
    try {
      change(
          path,
          "delete",
          share -> directory ? share.deleteDirectory(path) : share.deleteFile(path),
          failure -> failure instanceof NoSuchFileException);
      inodes.remove(path);
      gone = true;
    } finally {
      if (ending != null && cut != null) {
        ending.ended(gone);
        cut.endOpened();
      }
    }
    forgetOnDisk(path);
    directories.deleted(path, directory);
  }

  private boolean mayBeDirectory(String path) {
    FileInfo known = attributes.get(path);
    return known == null ? inodes.find(path) == null : known.isDirectory();
  }

  /** As {@link #forgetOnDisk}, of a directory: with what is below it. */
  private void forgetTreeOnDisk(String path) {
    if (disk != null) {
      disk.forgetTree(path);
    }
  }

  /** A name stands for something else from now on, which may look like what it stood for. */
  private void forgetOnDisk(String path) {
    if (disk != null) {
      disk.forget(path);
    }
  }

  /** Opens a file that is open here only by word, so that it can be read when its name is gone. */
  private void openBeforeNameGoes(String path) {
    Inode inode = inodes.find(path);
    RemoteFile handle = inode == null ? null : inode.handles.readerToBe();
    if (handle != null) {
      // If it cannot be opened, it could not be read either: whoever reads it will hear of it.
      Await.untilDone(handle.openNow());
    }
  }

  /**
   * Gives an object another name.
   *
   * @param replace whether an existing target is replaced
   * @param atomic whether it must be one step
   * @throws AtomicMoveNotSupportedException if it cannot be one step but must
   */
  void rename(String source, String target, boolean replace, boolean atomic) throws IOException {
    services.delayedCloses().endBelow(source); // a server may refuse what has open files below it
    services.delayedCloses().endBelow(target);
    boolean replaces = replace && session.capabilities().atomicReplace();
    if (atomic && !session.capabilities().atomicRename()) {
      throw new AtomicMoveNotSupportedException(
          source, target, "the server cannot rename in one step");
    }
    if (replace && !replaces && !atomic) {
      try {
        delete(target);
      } catch (NoSuchFileException e) {
        // Nothing to replace.
      }
    }
    openBeforeNameGoes(target);
    boolean directory = mayBeDirectory(source);
    FileInfo known = attributes.get(source);
    if (options.isDeferred()) {
      Deferred.sendBelow(services, source, target);
    }
    Inode replaced = inodes.find(target);
    FileLog ending = replaced == null || replaced.deferred == null ? null : replaced.deferred.log;
    FileCut cut = ending == null ? null : ending.beginLosingName();
    boolean gone = false;
    attributes.treeChanged();
    try {
      Await.result(
          session.call(
              "rename",
              share -> share.rename(source, target, replaces),
              failure -> failure instanceof NoSuchFileException));
      inodes.remove(target);
      gone = true;
      inodes.rename(source, target);
      if (directory) {
        forgetTreeOnDisk(source);
        forgetTreeOnDisk(target);
      } else {
        forgetOnDisk(source);
        forgetOnDisk(target);
      }
      if (disk != null) {
        disk.names().renamed(source, target, known);
      }
    } catch (FileAlreadyExistsException e) {
      if (!atomic || !replace || replaces) {
        throw e;
      }
      AtomicMoveNotSupportedException refused =
          new AtomicMoveNotSupportedException(
              source, target, "the server cannot replace an existing file in one step");
      refused.initCause(e);
      throw refused;
    } finally {
      attributes.renamed(source, target);
      if (ending != null && cut != null) {
        ending.ended(gone);
        cut.endOpened();
      }
    }
  }

  /** Changes attributes. */
  void setAttributes(String path, AttributeChange change, boolean followLinks) throws IOException {
    services.delayedCloses().endBelow(path); // who may open it is asked anew
    Inode written = change.isOfTimes() ? inodes.find(path) : null;
    if (written != null) {
      // Or what is sent later would move the time on again, and so do some servers at the close of
      // a handle that was written with.
      written.uploader.flush(Await::result);
      Await.untilDone(written.handles.ending());
    }
    if (change.modified() != null) {
      forgetOnDisk(path); // the time may be one that its content has had before
    }
    change(path, "setattr", share -> share.setAttributes(path, change, followLinks), Replay.NEVER);
    if (change.modified() != null) {
      Inode inode = inodes.find(path);
      if (inode != null && inode.deferred != null) {
        inode.deferred.log.settle();
        inode.deferred.touched();
      }
    }
    if (followLinks) {
      attributes.treeChanged(); // the path may be a link to anywhere
    }
  }

  /**
   * Copies a regular file's content on the server.
   *
   * @return false if the server cannot; nothing is done then
   * @throws FileAlreadyExistsException if the target exists
   */
  boolean copy(String source, String target) throws IOException {
    if (!session.capabilities().serverCopy()) {
      return false;
    }
    services.delayedCloses().endBelow(source); // or the server asks for it back first
    Inode inode = inodes.find(source);
    if (inode != null) {
      inode.uploader.flush(Await::result);
    }
    attributes.changed(target);
    try {
      Await.result(
          session.callPatiently(
              "copy",
              share -> share.copy(source, target),
              () -> session.call("stat", share -> share.stat(source, true))));
      return true;
    } catch (UnsupportedOperationException e) {
      return false; // not these two
    } finally {
      attributes.changed(target);
    }
  }

  /** Carries out a change of one name. */
  void change(
      String path, String kind, Function<Share, CompletionStage<Void>> operation, Replay replay)
      throws IOException {
    attributes.changed(path);
    try {
      Await.result(session.call(kind, operation, replay));
    } finally {
      attributes.changed(path);
    }
  }
}
