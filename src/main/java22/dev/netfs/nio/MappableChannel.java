package dev.netfs.nio;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Objects;

/**
 * The class of this name for JDK 22 and later: it has what {@link FileChannel} got there. The build
 * compiles it against declarations of that API ({@code src/main/java22-api}), on any JDK.
 */
abstract class MappableChannel extends FileChannel {
  abstract <T> T mapImage(MapMode mode, long position, long size, ImageMapper<T> mapper)
      throws IOException;

  /**
   * Maps a local image of a range, as {@link #map(MapMode, long, long)} does, of any size. The
   * segment lives as long as the arena, whether the channel is open or not. What is changed in a
   * {@code READ_WRITE} one while the channel is open reaches the server at the channel's {@code
   * force} and close, also if the arena has been closed before.
   *
   * @throws IllegalStateException if the arena is closed
   * @throws WrongThreadException if the arena is confined to another thread
   */
  @Override
  public final MemorySegment map(MapMode mode, long position, long size, Arena arena)
      throws IOException {
    Objects.requireNonNull(mode, "mode");
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException("Already closed");
    }
    return mapImage(mode, position, size, image -> image.map(mode, 0, size, arena));
  }
}
