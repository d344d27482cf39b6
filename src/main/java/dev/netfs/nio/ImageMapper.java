package dev.netfs.nio;

import java.io.IOException;
import java.nio.channels.FileChannel;

/** Maps the local image of a range, all of it: the image is a file of its own. */
@FunctionalInterface
interface ImageMapper<T> {
  /**
   * Maps an image.
   *
   * @param image holds the range's bytes from offset 0 on; closed when this has returned
   */
  T map(FileChannel image) throws IOException;
}
