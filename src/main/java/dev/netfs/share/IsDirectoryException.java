package dev.netfs.share;

import java.nio.file.FileSystemException;

/** A file was wanted where there is a directory. The JDK has no type for it. */
public class IsDirectoryException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  /**
   * @param path the directory
   */
  public IsDirectoryException(String path) {
    super(path, null, "Is a directory");
  }
}
