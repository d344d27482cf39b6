package dev.netfs.share.smb;

import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/** On the way to a path there is a DFS link, to another share. */
final class DfsLinkException extends FileSystemException {
  private static final long serialVersionUID = 1L;

  DfsLinkException(String path, @Nullable String other) {
    super(
        path, other, "the server keeps this elsewhere (DFS): mount the share that it is a link to");
  }
}
