package dev.netfs;

import dev.netfs.fscache.CacheDirectory;
import dev.netfs.fscache.CacheKey;
import dev.netfs.fscache.CachedVolume;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A JVM for {@link DeferredKillTest}: writes to a share through a mount that defers, and prints
 * what has been acknowledged to it. It is killed while it does so.
 *
 * <p>Each file has {@link #BLOCKS} blocks. A block says which file, block and version it is of, and
 * all of it follows from that ({@link #block}). What is printed:
 *
 * <pre>
 * ready
 * kept FILE BLOCK VERSION   the block is of that version, or a later one, from now on
 * emptying FILE             the file is being emptied
 * </pre>
 */
final class DeferredWriter {
  static final int FILES = 6;
  static final int BLOCKS = 40;
  static final int BLOCK = 4_000; // no divisor of any page

  private DeferredWriter() {}

  /** Returns a block's content: its file, its number and its version, and bytes that follow. */
  static byte[] block(int file, int number, int version) {
    byte[] bytes = new byte[BLOCK];
    new Random(31L * (31L * file + number) + version).nextBytes(bytes);
    ByteBuffer.wrap(bytes).putInt(file).putInt(number).putInt(version);
    return bytes;
  }

  /**
   * Returns a block's version.
   *
   * @return -1 if it is no such block
   */
  static int version(byte[] content, int file, int number) {
    int at = number * BLOCK;
    if (content.length < at + BLOCK) {
      return -1;
    }
    int version = ByteBuffer.wrap(content).getInt(at + 8);
    byte[] expected = block(file, number, version);
    return java.util.Arrays.equals(expected, 0, BLOCK, content, at, at + BLOCK) ? version : -1;
  }

  /**
   * Arguments: the share, the cache, the key, a seed, the first version, writebackAge, diskSize,
   * and a key that the cache is given instead of the first, then the first again, and so on, or
   * {@code -}.
   */
  public static void main(String[] args) throws IOException {
    Random random = new Random(Long.parseLong(args[3]));
    int version = Integer.parseInt(args[4]);
    NetfsFileSystem fs = // never closed
        Netfs.mount(URI.create("netfs+file://" + args[0]))
            .option("disk", args[1])
            .option("encryptionKeyFile", args[2])
            .option("write", "deferred")
            .option("writebackAge", args[5])
            .option("diskSize", args[6])
            .option("granule", "64KiB")
            .option("wsize", "16KiB")
            .open();
    System.out.println("ready");
    if (!args[7].equals("-")) {
      Thread rekeying =
          new Thread(() -> rekey(Path.of(args[1]), Path.of(args[2]), Path.of(args[7])), "rekeying");
      rekeying.setDaemon(true);
      rekeying.start();
    }
    while (true) {
      int file = random.nextInt(FILES);
      version++;
      switch (random.nextInt(8)) {
        case 0 -> replace(fs, file, version);
        case 1 -> rewrite(fs, file, version);
        case 2 -> read(fs, file);
        default -> write(fs, file, version, random);
      }
    }
  }

  /** Wraps the data key in one key and the other by turns. */
  private static void rekey(Path cache, Path first, Path second) {
    try (CacheDirectory directory = CacheDirectory.open(cache)) {
      CacheKey from = CacheKey.file(first, null);
      CacheKey to = CacheKey.file(second, null);
      CachedVolume volume = directory.volumes(from).get(0);
      while (true) {
        volume.rekey(from, to);
        Thread.sleep(1); // or there would be nothing but files that are made
        CacheKey old = from;
        from = to;
        to = old;
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("rekeying", e);
    }
  }

  private static void say(List<String> lines) {
    System.out.print(String.join("", lines));
    System.out.flush();
  }

  private static String kept(int file, int block, int version) {
    return "kept " + file + " " + block + " " + version + "\n";
  }

  /** Writes some blocks, and has them acknowledged by {@code force} or {@code close}. */
  private static void write(NetfsFileSystem fs, int file, int version, Random random)
      throws IOException {
    List<String> written = new ArrayList<>();
    try (FileChannel channel =
        FileChannel.open(fs.getPath("/file-" + file), StandardOpenOption.WRITE)) {
      for (int i = random.nextInt(12); i >= 0; i--) {
        int block = random.nextInt(BLOCKS);
        channel.write(ByteBuffer.wrap(block(file, block, version)), (long) block * BLOCK);
        written.add(kept(file, block, version));
        if (random.nextInt(6) == 0) {
          channel.force(random.nextBoolean());
          say(written);
        }
      }
    }
    say(written);
  }

  private static void all(FileChannel channel, int file, int version, List<String> written)
      throws IOException {
    for (int block = 0; block < BLOCKS; block++) {
      channel.write(ByteBuffer.wrap(block(file, block, version)));
      written.add(kept(file, block, version));
    }
  }

  /** Writes another file, and gives it the file's name. */
  private static void replace(NetfsFileSystem fs, int file, int version) throws IOException {
    List<String> written = new ArrayList<>();
    Path made = fs.getPath("/new-" + file);
    try (FileChannel channel =
        FileChannel.open(
            made,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      all(channel, file, version, written);
    }
    Files.move(made, fs.getPath("/file-" + file), StandardCopyOption.REPLACE_EXISTING);
    say(written);
  }

  /** Empties the file and writes it anew. */
  private static void rewrite(NetfsFileSystem fs, int file, int version) throws IOException {
    List<String> written = new ArrayList<>();
    say(List.of("emptying " + file + "\n"));
    try (FileChannel channel =
        FileChannel.open(
            fs.getPath("/file-" + file),
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      all(channel, file, version, written);
    }
    say(written);
  }

  /** Reads the file, so that the cache fills up, and is culled; and looks at what it reads. */
  private static void read(NetfsFileSystem fs, int file) throws IOException {
    byte[] content = Files.readAllBytes(fs.getPath("/file-" + file));
    for (int block = 0; block < BLOCKS; block++) {
      if (version(content, file, block) < 0) {
        throw new AssertionError("wrong bytes in block " + block + " of file " + file);
      }
    }
    fs.dropCaches();
  }
}
