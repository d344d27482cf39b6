package dev.netfs.nio;

import java.io.IOException;
import java.nio.channels.FileChannel;

/**
 * A file channel that maps local images of its ranges, in whatever ways the running JDK has to map.
 *
 * <p>There are two classes of this name. This one is for JDK 17 to 21. On JDK 22 and later the one
 * under {@code META-INF/versions/22} takes its place, which maps into an {@code Arena} too; its
 * source is in {@code src/main/java22}.
 */
abstract class MappableChannel extends FileChannel {
  /**
   * Makes an image of a range and maps it.
   *
   * @param mode {@code READ_ONLY}, {@code READ_WRITE} or {@code PRIVATE}
   * @param position the range's first byte
   * @param size how many bytes, 0 or more
   * @param mapper maps the image
   * @return what the mapper returned
   * @throws IOException if the range could not be read, or the image not be made
   */
  abstract <T> T mapImage(MapMode mode, long position, long size, ImageMapper<T> mapper)
      throws IOException;
}
