package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.engine.OpenFile;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IsDirectoryException;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An open file and what its closing brings with it: what channels and streams are made of. The
 * engine's {@link #file} does the rest. Safe for use by several threads.
 */
final class OpenHandle implements Closeable {
  private static final System.Logger LOG = System.getLogger(OpenHandle.class.getName());

  final OpenFile file;
  private final NetfsPath path;
  private final Mount mount;
  private final boolean deleteOnClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  private OpenHandle(NetfsPath path, Mount mount, OpenFile file, boolean deleteOnClose) {
    this.path = path;
    this.mount = mount;
    this.file = file;
    this.deleteOnClose = deleteOnClose;
  }

  /**
   * Opens a file.
   *
   * @throws dev.netfs.share.IsDirectoryException if it is a directory
   */
  static OpenHandle open(NetfsPath path, OpenRequest request) throws IOException {
    MountedFileSystem fs = path.getFileSystem();
    boolean changes = request.mode().write() || request.deleteOnClose();
    Mount mount = changes ? fs.writableMount() : fs.mount();
    OpenFile file;
    try {
      if (request.refusesLinks()) {
        refuseLink(path, mount);
      }
      file = mount.open(path.remote(), request.mode());
    } catch (IsDirectoryException e) {
      throw e; // which the provider may make a channel of
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
    OpenHandle handle = new OpenHandle(path, mount, file, request.deleteOnClose());
    if (request.deleteOnClose()) {
      fs.temporary(handle);
    }
    return handle;
  }

  private static void refuseLink(NetfsPath path, Mount mount) throws IOException {
    FileInfo info;
    try {
      info = mount.stat(path.remote(), false);
    } catch (NoSuchFileException e) {
      return; // to be created, or to fail at the open
    }
    if (info.isSymbolicLink()) {
      throw new FileSystemException(
          path.toString(), null, "Too many levels of symbolic links (NOFOLLOW_LINKS specified)");
    }
  }

  /** Returns the path that the file was opened by. */
  NetfsPath path() {
    return path;
  }

  /** Returns the file's name as messages show it. */
  @Override
  public String toString() {
    return path.toString();
  }

  /** Sends what was written and closes the file; deletes it if that was asked for. */
  @Override
  public void close() throws IOException {
    if (closed.getAndSet(true)) {
      return;
    }
    try {
      file.close();
    } finally {
      delete();
    }
  }

  /** Closes the file without waiting for anything. */
  void abandon() {
    if (closed.getAndSet(true)) {
      return;
    }
    file.abandon();
    if (deleteOnClose) {
      Workers.POOL.execute(this::delete);
    }
  }

  /** Deletes the file at once, if it is to be deleted at all and nobody has closed it yet. */
  void deleteNow() {
    if (deleteOnClose && !closed.getAndSet(true)) {
      file.abandon();
      delete();
    }
  }

  private void delete() {
    if (!deleteOnClose) {
      return;
    }
    path.getFileSystem().deleted(this);
    try {
      mount.delete(path.remote());
    } catch (NoSuchFileException e) {
      // Somebody else has deleted it, which is as good.
    } catch (IOException e) {
      // StandardOpenOption.DELETE_ON_CLOSE promises a best effort, not an exception.
      LOG.log(Level.WARNING, "{0}: not deleted when it was closed: {1}", path, e.toString());
    }
  }
}
