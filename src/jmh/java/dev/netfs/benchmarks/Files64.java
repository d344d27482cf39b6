package dev.netfs.benchmarks;

import dev.netfs.Netfs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A directory with a file of 64 MiB, and a mount of it. */
final class Files64 implements AutoCloseable {
  static final int SIZE = 64 << 20;
  static final int BLOCK = 4 << 10;
  static final int PIECE = 64 << 10;

  private final Path directory;
  private final Path local;
  private final FileSystem mount;

  Files64() throws IOException {
    directory = Files.createTempDirectory("netfs-jmh");
    local = directory.resolve("large.bin");
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    Files.write(local, content);
    mount = Netfs.mount(directory).open();
  }

  /** Returns the file, of which every byte is in memory now. */
  Path file(boolean remote) throws IOException {
    Path file = remote ? mount.getPath("/large.bin") : local;
    Files.copy(file, OutputStream.nullOutputStream());
    return file;
  }

  FileSystem mount() {
    return mount;
  }

  @Override
  public void close() throws IOException {
    mount.close();
    Files.delete(local);
    Files.delete(directory);
  }
}
