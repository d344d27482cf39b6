package java.nio.channels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.MappedByteBuffer;
import java.nio.channels.spi.AbstractInterruptibleChannel;

/** What of JDK 22's class is used: for the compiler alone, in no jar. */
public abstract class FileChannel extends AbstractInterruptibleChannel
    implements SeekableByteChannel, GatheringByteChannel, ScatteringByteChannel {
  protected FileChannel() {}

  public static class MapMode {
    private MapMode() {}
  }

  public abstract MappedByteBuffer map(MapMode mode, long position, long size) throws IOException;

  public MemorySegment map(MapMode mode, long offset, long size, Arena arena) throws IOException {
    throw new UnsupportedOperationException();
  }
}
