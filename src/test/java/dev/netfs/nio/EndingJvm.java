package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.netfs.Netfs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;

/** A JVM for {@link AtExitTest} that ends without closing anything. */
final class EndingJvm {
  private EndingJvm() {}

  /** Arguments: the share's directory, and options with their values. */
  public static void main(String[] args) throws Exception {
    Netfs.Builder mount = Netfs.mount(Path.of(args[0]));
    for (int i = 1; i < args.length; i += 2) {
      mount.option(args[i], args[i + 1]);
    }
    FileSystem fs = mount.open();
    write(fs);
    // Others' hooks may still write when ours runs, or later.
    FileChannel late = FileChannel.open(fs.getPath("/late"), WRITE);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  try (late) {
                    late.write(ByteBuffer.wrap("late".getBytes()));
                  } catch (IOException e) {
                    e.printStackTrace();
                  }
                }));
  }

  @SuppressWarnings("resource") // that is the point
  private static void write(FileSystem fs) throws Exception {
    FileChannel.open(fs.getPath("/channel"), WRITE).write(ByteBuffer.wrap("channel".getBytes()));
    OutputStream stream = Files.newOutputStream(fs.getPath("/stream"));
    stream.write("stream".getBytes());
    AsynchronousFileChannel.open(fs.getPath("/asynchronous"), WRITE)
        .write(ByteBuffer.wrap("asynchronous".getBytes()), 0)
        .get();
    FileChannel.open(fs.getPath("/mapped"), READ, WRITE)
        .map(MapMode.READ_WRITE, 0, 6)
        .put("mapped".getBytes());
    FileChannel.open(fs.getPath("/temporary"), WRITE, DELETE_ON_CLOSE)
        .write(ByteBuffer.wrap("temporary".getBytes()));
    Files.newInputStream(fs.getPath("/temporary-2"), DELETE_ON_CLOSE).read();
  }
}
