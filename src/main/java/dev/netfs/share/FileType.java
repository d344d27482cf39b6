package dev.netfs.share;

/** What kind of object a path names, as {@link java.nio.file.attribute.BasicFileAttributes}. */
public enum FileType {
  /** A file with bytes. */
  REGULAR,
  /** A directory. */
  DIRECTORY,
  /** A symbolic link, not followed. */
  SYMBOLIC_LINK,
  /** Anything else: a device, a socket, a pipe. */
  OTHER
}
