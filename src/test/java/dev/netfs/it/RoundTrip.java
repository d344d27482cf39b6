package dev.netfs.it;

import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;

/**
 * Writes a file of many bytes to a mount, reads it back through another, and prints both digests: a
 * program, to be run in a JVM with little memory.
 */
final class RoundTrip {
  private RoundTrip() {}

  /** Takes the URI, the file of known hosts, the private key, and the size in bytes. */
  public static void main(String[] arguments) throws Exception {
    URI uri = URI.create(arguments[0]);
    Map<String, ?> env =
        Map.of("knownHosts", Path.of(arguments[1]), "privateKey", Path.of(arguments[2]));
    long size = Long.parseLong(arguments[3]);
    MessageDigest written = MessageDigest.getInstance("SHA-256");
    try (FileSystem fs = FileSystems.newFileSystem(uri, env);
        OutputStream out = Files.newOutputStream(fs.getPath("/big"))) {
      byte[] chunk = new byte[1 << 20];
      new Random(1).nextBytes(chunk);
      for (long at = 0; at < size; at += chunk.length) {
        // Every chunk another, without the cost of a random generator.
        ByteBuffer.wrap(chunk).putLong(0, at);
        written.update(chunk);
        out.write(chunk);
      }
    }
    MessageDigest read = MessageDigest.getInstance("SHA-256");
    try (FileSystem fs = FileSystems.newFileSystem(uri, env);
        FileChannel channel = FileChannel.open(fs.getPath("/big"))) {
      ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
      while (channel.read(buffer.clear()) >= 0) {
        read.update(buffer.flip());
      }
    }
    byte[] there = written.digest();
    byte[] back = read.digest();
    System.out.println(HexFormat.of().formatHex(there) + " " + HexFormat.of().formatHex(back));
    System.exit(Arrays.equals(there, back) ? 0 : 1);
  }
}
