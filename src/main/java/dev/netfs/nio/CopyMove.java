package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.engine.OpenFile;
import dev.netfs.engine.OpenMode;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Copies and moves one object within a mount or between two. What is in a directory is never
 * touched: a copy of a directory is an empty one, and a directory that is not empty does not move
 * to another mount.
 *
 * <p>What a replacing copy or move finds at the target goes only after the source has been opened,
 * so that a source that cannot be read costs nobody anything; within a mount that can replace in
 * one step, a move is one step. A copy that fails leaves no target.
 */
final class CopyMove {
  /** How often a target to be replaced is looked for again, should others keep making it. */
  private static final int ATTEMPTS = 20;

  private final NetfsPath source;
  private final NetfsPath target;
  private final Mount from;
  private final Mount to;
  private final Options options;

  private CopyMove(NetfsPath source, NetfsPath target, Options options) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.from = source.getFileSystem().mount();
    this.to = target.getFileSystem().writableMount();
  }

  /** What the options of a copy or a move come to. */
  private record Options(
      boolean replace,
      boolean attributes,
      boolean follow,
      boolean atomic,
      boolean move,
      boolean interruptible) {

    static Options of(boolean move, CopyOption... options) {
      boolean replace = false;
      boolean attributes = move;
      boolean follow = !move;
      boolean atomic = false;
      boolean interruptible = false;
      for (CopyOption option : options) {
        if (option == StandardCopyOption.REPLACE_EXISTING) {
          replace = true;
        } else if (option == LinkOption.NOFOLLOW_LINKS) {
          follow = false;
        } else if (option == StandardCopyOption.COPY_ATTRIBUTES && !move) {
          attributes = true;
        } else if (option == StandardCopyOption.ATOMIC_MOVE && move) {
          atomic = true;
        } else if (isInterruptible(Objects.requireNonNull(option, "option"))) {
          interruptible = true;
        } else {
          throw new UnsupportedOperationException(
              "option " + option + " is not supported by a " + (move ? "move" : "copy"));
        }
      }
      return new Options(replace, attributes, follow, atomic, move, interruptible);
    }

    /** An option of the JDK's provider, known by name as its module need not be there. */
    private static boolean isInterruptible(CopyOption option) {
      return option instanceof Enum<?> constant
          && constant.name().equals("INTERRUPTIBLE")
          && constant.getDeclaringClass().getName().equals("com.sun.nio.file.ExtendedCopyOption");
    }
  }

  /** Copies an object. */
  static void copy(NetfsPath source, NetfsPath target, CopyOption... options) throws IOException {
    CopyMove operation = new CopyMove(source, target, Options.of(false, options));
    operation.run(
        () -> {
          FileInfo info = operation.sourceInfo();
          FileInfo existing = operation.existingTarget(info);
          if (existing != info) {
            operation.copy(info, existing);
          }
        });
  }

  /** Moves an object. */
  static void move(NetfsPath source, NetfsPath target, CopyOption... options) throws IOException {
    CopyMove operation = new CopyMove(source, target, Options.of(true, options));
    source.getFileSystem().writableMount(); // for its check
    operation.run(
        () -> {
          if (operation.sameMount()) {
            operation.rename();
          } else {
            operation.moveAcross();
          }
        });
  }

  /** What may fail with paths as the server names them. */
  private interface Steps {
    void run() throws IOException;
  }

  private void run(Steps steps) throws IOException {
    try {
      for (int attempt = 1; ; attempt++) {
        try {
          steps.run();
          return;
        } catch (FileAlreadyExistsException e) {
          // Where it is to be replaced, somebody made it after ours had looked. Nothing is lost.
          if (!options.replace()) {
            throw e;
          }
          if (attempt == ATTEMPTS) {
            FileSystemException failure =
                new FileSystemException(
                    source.toString(), target.toString(), "others keep making the target anew");
            failure.initCause(e);
            throw failure;
          }
        }
      }
    } catch (IOException e) {
      throw PathErrors.shown(e, source, target);
    }
  }

  private boolean sameMount() {
    return source.getFileSystem() == target.getFileSystem();
  }

  private FileInfo sourceInfo() throws IOException {
    return from.stat(source.remote(), options.follow());
  }

  /**
   * Returns what there is at the target: null for nothing, the very source if it is the same
   * object.
   *
   * @throws FileAlreadyExistsException if it is not to be replaced
   */
  private @Nullable FileInfo existingTarget(FileInfo info) throws IOException {
    FileInfo existing;
    try {
      existing = to.stat(target.remote(), false);
    } catch (NoSuchFileException e) {
      return null;
    }
    if (isSame(info, existing)) {
      return info;
    }
    if (!options.replace()) {
      throw new FileAlreadyExistsException(target.toString());
    }
    return existing;
  }

  private boolean isSame(FileInfo info, FileInfo existing) throws IOException {
    if (!sameMount()) {
      return false;
    }
    if (info.fileKey() != null && existing.fileKey() != null) {
      return info.fileKey().equals(existing.fileKey());
    }
    // A link is not the file that it leads to, whose content may well replace it.
    return info.type() == existing.type()
        && RealPaths.isSame(source, options.follow(), target, false);
  }

  // ---- moving within a mount

  private void rename() throws IOException {
    if (options.atomic()) {
      if (!source.remote().equals(target.remote())) {
        to.rename(source.remote(), target.remote(), true, true);
      } else {
        sourceInfo(); // which has to exist
      }
      return;
    }
    if (renamedAtOnce()) {
      return;
    }
    FileInfo info = sourceInfo();
    FileInfo existing = existingTarget(info);
    if (existing == info) {
      return;
    }
    if (existing != null && (existing.isDirectory() || info.isDirectory())) {
      // No server puts a directory in a file's place, or a file in a directory's.
      refuseMoveIntoItself(info);
      deleteTarget();
      existing = null;
    }
    try {
      to.rename(source.remote(), target.remote(), existing != null, false);
    } catch (AtomicMoveNotSupportedException e) {
      // Between two file stores of the server's; the JDK's provider copies then, and so do we.
      try {
        copyAndDelete(info, existing);
      } catch (IOException failure) {
        failure.addSuppressed(e);
        throw failure;
      }
    }
  }

  /**
   * Renames without a question first, as nearly every move can do: where one step does what the
   * contract asks for, or nothing.
   *
   * @return false if it could not be done so; nothing has happened then
   */
  private boolean renamedAtOnce() throws IOException {
    // Replacing in two steps, the target might be the source by another name.
    boolean oneStep = !options.replace() || to.capabilities().atomicReplace();
    if (!oneStep || source.remote().equals(target.remote())) {
      return false;
    }
    try {
      to.rename(source.remote(), target.remote(), options.replace(), false);
      return true;
    } catch (FileSystemException e) {
      return false; // what this means is found out by asking for both: source and target
    }
  }

  private void refuseMoveIntoItself(FileInfo info) throws IOException {
    if (info.isDirectory() && target.remote().startsWith(source.remote() + "/")) {
      throw new FileSystemException(
          source.toString(), target.toString(), "a directory cannot be moved into itself");
    }
  }

  // ---- moving to another mount

  private void moveAcross() throws IOException {
    if (options.atomic()) {
      throw new AtomicMoveNotSupportedException(
          source.toString(), target.toString(), "the target is on another mount");
    }
    FileInfo info = sourceInfo();
    copyAndDelete(info, existingTarget(info));
  }

  private void copyAndDelete(FileInfo info, @Nullable FileInfo existing) throws IOException {
    if (info.isDirectory() && !from.list(source.remote()).isEmpty()) {
      throw new DirectoryNotEmptyException(source.toString());
    }
    copy(info, existing);
    try {
      from.delete(source.remote());
    } catch (IOException e) {
      throw undone(e);
    }
  }

  // ---- copying

  private void copy(FileInfo info, @Nullable FileInfo existing) throws IOException {
    switch (info.type()) {
      case DIRECTORY -> {
        replaceTarget(existing);
        to.makeDirectory(target.remote(), to == from || posix() ? info.mode() : -1);
        copyAttributes(info);
      }
      case SYMBOLIC_LINK -> {
        String leadsTo = from.readLink(source.remote());
        replaceTarget(existing);
        to.symbolicLink(target.remote(), leadsTo);
      }
      case REGULAR -> {
        copyContent(info, existing);
        copyAttributes(info);
      }
      case OTHER ->
          throw new FileSystemException(
              source.toString(), target.toString(), "neither a file nor a directory nor a link");
    }
  }

  private void replaceTarget(@Nullable FileInfo existing) throws IOException {
    if (existing != null) {
      deleteTarget();
    }
  }

  private void deleteTarget() throws IOException {
    try {
      to.delete(target.remote());
    } catch (NoSuchFileException e) {
      // Somebody else was faster.
    }
  }

  private void copyContent(FileInfo info, @Nullable FileInfo existing) throws IOException {
    try (OpenFile in = from.open(source.remote(), OpenMode.READ)) {
      replaceTarget(existing);
      if (copiedByTheServer()) {
        return;
      }
      OpenMode create =
          new OpenMode(
              false,
              true,
              Disposition.CREATE_NEW,
              false,
              posix() ? info.mode() & 0777 : -1,
              OpenMode.Durability.BACK,
              OpenMode.Caching.CACHED);
      OpenFile out = to.open(target.remote(), create);
      try {
        pump(in, out);
        out.close(); // sends the rest, which may fail
      } catch (IOException e) {
        out.abandon();
        throw undone(e);
      }
    }
  }

  private boolean copiedByTheServer() throws IOException {
    try {
      return sameMount() && to.copy(source.remote(), target.remote());
    } catch (NoSuchFileException e) {
      if (source.remote().equals(target.remote())) {
        throw e; // a link to be replaced by what it leads to; as the JDK's provider
      }
      // The target that was replaced was the source after all, by a name that we could not know
      // for one of its own, as through a link that leads out of the mount and back. What it had is
      // in the open file only.
      return false;
    }
  }

  private void pump(OpenFile in, OpenFile out) throws IOException {
    ByteBuffer buffer = TransferBuffers.take();
    try {
      long position = 0;
      while (in.read(buffer.clear(), position) > 0) {
        if (options.interruptible() && Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("the copy of " + source + " was interrupted");
        }
        position += out.write(buffer.flip(), position);
      }
    } finally {
      TransferBuffers.giveBack(buffer);
    }
  }

  /** Deletes the target that has been made, since the rest has failed. */
  private <E extends Exception> E undone(E failure) {
    try {
      to.delete(target.remote());
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  private void copyAttributes(FileInfo info) throws IOException {
    if (!options.attributes()) {
      return;
    }
    String path = target.remote();
    try {
      if (posix() && info.mode() != -1) {
        copyOwner(info);
        copyMode(info);
      }
      AttributeViews.changeTimes(target, info.modified(), info.accessed(), info.created(), false);
      if (AttributeViews.supports(to, "dos") && info.dos() != -1) {
        to.setAttributes(path, AttributeChange.ofAllDos(info.dos()), false);
      }
    } catch (IOException e) {
      throw undone(e);
    } catch (RuntimeException e) {
      throw undone(e);
    }
  }

  /** Keeps the owner where the server lets us, which few do; as the JDK's provider. */
  private void copyOwner(FileInfo info) {
    if (info.uid() == -1 && info.gid() == -1) {
      return;
    }
    try {
      FileInfo made = to.stat(target.remote(), false);
      if (made.uid() != info.uid() || made.gid() != info.gid()) {
        to.setAttributes(target.remote(), AttributeChange.ofOwner(info.uid(), info.gid()), false);
      }
    } catch (IOException | UnsupportedOperationException e) {
      // Only a privileged user may give files away.
    }
  }

  /** Keeps the mode where the server lets us; as the JDK's provider, which drops every failure. */
  private void copyMode(FileInfo info) {
    if (!tookMode(info.mode())) {
      tookMode(info.mode() & 0777); // some refuse the set-id bits, and the others matter more
    }
  }

  private boolean tookMode(int mode) {
    try {
      to.setAttributes(target.remote(), AttributeChange.ofMode(mode), false);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  private boolean posix() {
    return AttributeViews.supports(from, "posix") && AttributeViews.supports(to, "posix");
  }
}
