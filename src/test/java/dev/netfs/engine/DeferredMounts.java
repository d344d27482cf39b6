package dev.netfs.engine;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests of {@code write=deferred} have in common: mounts of one server with one disk. */
abstract class DeferredMounts {
  static final int MIB = 1 << 20;

  static final OpenMode READ_WRITE = mode(false);
  static final OpenMode REPLACE = mode(true);

  @TempDir Path temp;
  final SimServer server = new SimServer(1);
  Path key;

  private static OpenMode mode(boolean truncate) {
    return new OpenMode(
        true,
        true,
        Disposition.OPEN_OR_CREATE,
        truncate,
        -1,
        OpenMode.Durability.BACK,
        OpenMode.Caching.CACHED);
  }

  @BeforeEach
  void makeKey() throws IOException {
    key = Files.write(temp.resolve("key"), bytes(99, 32));
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  Mount mount(Object... more) throws IOException {
    Map<String, Object> options = new HashMap<>();
    options.put("disk", temp.resolve("cache"));
    options.put("encryptionKeyFile", key);
    options.put("write", "deferred");
    options.put("writebackAge", "1h");
    options.put("uploadDeadline", "1h");
    for (int i = 0; i < more.length; i += 2) {
      options.put((String) more[i], more[i + 1]);
    }
    return server.mount(options);
  }

  static void write(Mount mount, String path, OpenMode mode, byte[] bytes, long at)
      throws IOException {
    try (OpenFile file = mount.open(path, mode)) {
      file.write(ByteBuffer.wrap(bytes), at);
    }
  }

  static byte[] read(Mount mount, String path) throws IOException {
    try (OpenFile file = mount.open(path, OpenMode.READ)) {
      ByteBuffer all = ByteBuffer.allocate((int) file.size());
      file.read(all, 0);
      return all.array();
    }
  }

  List<Path> logs() throws IOException {
    return logs(temp.resolve("cache"));
  }

  private static List<Path> logs(Path cache) throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/dirty/"))
          .toList();
    }
  }

  /** Ends a mount as if its JVM had been killed. */
  void kill(Mount mount) throws IOException {
    kill(mount, temp.resolve("cache"));
  }

  /**
   * Ends a mount as if its JVM had been killed: nothing more is sent, and its logs have no owner
   * and are as they are at this moment.
   */
  static void kill(Mount mount, Path cache) throws IOException {
    Map<Path, byte[]> logs = new HashMap<>();
    for (Path log : logs(cache)) {
      logs.put(log, Files.readAllBytes(log));
    }
    mount.services().session().close();
    try {
      mount.close();
    } catch (IOException e) {
      // It could not send what it has, nor may it.
    }
    for (Path log : logs(cache)) {
      Files.delete(log);
    }
    for (Map.Entry<Path, byte[]> log : logs.entrySet()) {
      Files.write(log.getKey(), log.getValue());
    }
  }
}
