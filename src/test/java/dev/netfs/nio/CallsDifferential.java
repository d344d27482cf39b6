package dev.netfs.nio;

import java.nio.file.CopyOption;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * Single calls, good and bad, against the JDK's own provider: results, classes of exceptions and
 * the paths in them have to be the same.
 */
abstract class CallsDifferential {
  static final FileTime T = FileTime.fromMillis(1_234_567_890_000L);

  /** An option that nobody knows. */
  enum Unknown implements OpenOption, CopyOption {
    UNKNOWN
  }

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static Twins all;
  private Twins twins;

  @BeforeAll
  static void mount() throws Exception {
    all = new Twins();
  }

  @AfterAll
  static void unmount() throws Exception {
    all.close();
  }

  @BeforeEach
  void make() throws Exception {
    twins = all.below("n" + NUMBER.incrementAndGet());
    twins.both(
        "prepare",
        root -> {
          Files.writeString(root.resolve("file"), "0123456789");
          Files.createDirectories(root.resolve("dir/sub"));
          Files.writeString(root.resolve("dir/a.txt"), "a");
          Files.writeString(root.resolve("dir/b.md"), "bb");
          Files.createDirectory(root.resolve("empty"));
          Files.createSymbolicLink(root.resolve("link"), root.getFileSystem().getPath("file"));
          Files.createSymbolicLink(root.resolve("dangling"), root.getFileSystem().getPath("gone"));
          Files.createSymbolicLink(root.resolve("loop"), root.getFileSystem().getPath("loop"));
          return "prepared";
        });
  }

  final void check(String name, Map<String, Twins.Deed> calls) throws Exception {
    twins.both(name, calls.get(name));
    twins.assertAlike(name);
  }
}
