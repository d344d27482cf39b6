package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our channels against the JDK's own: random operations, all results, positions, contents and
 * classes of exceptions have to be the same.
 */
class ChannelDifferentialTest {
  private static Twins twins;

  @BeforeAll
  static void make() throws Exception {
    twins = new Twins();
  }

  @AfterAll
  static void remove() throws Exception {
    twins.close();
  }

  /** Every kind of thing that an open can meet, by every set of options that makes a difference. */
  @Test
  @Tag("J5")
  @Tag("J6")
  @Tag("J10")
  @Tag("J11")
  void opensComeToTheSame() throws Exception {
    List<OpenOption> options =
        List.of(
            READ, WRITE, APPEND, CREATE, CREATE_NEW, TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS);
    for (String name :
        List.of(
            "file", "missing", "directory", "link", "dangling", "loop", "file/x", "missing/x")) {
      for (int bits = 0; bits < 1 << options.size(); bits++) {
        Set<OpenOption> set = new HashSet<>();
        for (int i = 0; i < options.size(); i++) {
          if ((bits >> i & 1) != 0) {
            set.add(options.get(i));
          }
        }
        if (name.equals("dangling") && set.contains(CREATE) && !set.contains(CREATE_NEW)) {
          continue; // makes the link's target, which the share may refuse
        }
        if (set.contains(CREATE_NEW)
            && set.contains(LinkOption.NOFOLLOW_LINKS)
            && !set.contains(WRITE)
            && !set.contains(APPEND)) {
          continue; // the JDK follows a link there, although a CREATE_NEW for reading is to be
          // ignored
        }
        twins.both("prepare", ChannelDifferentialTest::prepareOpen);
        twins.both(
            "open " + name + " with " + set,
            root -> {
              try (FileChannel channel = FileChannel.open(root.resolve(name), set)) {
                long position = channel.position();
                return Files.isDirectory(root.resolve(name))
                    ? "directory"
                    : position + " " + channel.size();
              }
            });
        twins.both("bytes " + name + " with " + set, root -> content(root.resolve(name)));
      }
    }
  }

  private static Object prepareOpen(Path root) throws Exception {
    for (String name :
        List.of("file", "missing", "dangling", "link", "target", "loop", "nowhere")) {
      Files.deleteIfExists(root.resolve(name));
    }
    Files.writeString(root.resolve("file"), "content");
    Files.writeString(root.resolve("target"), "target");
    if (!Files.exists(root.resolve("directory"))) {
      Files.createDirectory(root.resolve("directory"));
    }
    Files.createSymbolicLink(root.resolve("link"), root.getFileSystem().getPath("target"));
    Files.createSymbolicLink(root.resolve("dangling"), root.getFileSystem().getPath("nowhere"));
    Files.createSymbolicLink(root.resolve("loop"), root.getFileSystem().getPath("loop"));
    return "prepared";
  }

  private static String content(Path path) throws Exception {
    return Files.isRegularFile(path) ? Files.readString(path) : "none";
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  @Tag("J1")
  @Tag("J2")
  @Tag("J3")
  @Tag("J4")
  @Tag("J5")
  void operationsComeToTheSame(long seed) throws Exception {
    Random random = new Random(seed);
    String name = "ops-" + seed;
    for (int round = 0; round < 12; round++) {
      Set<OpenOption> options = openOptions(random);
      AtomicReference<FileChannel> jdk = new AtomicReference<>();
      AtomicReference<FileChannel> netfs = new AtomicReference<>();
      String opened =
          String.valueOf(
              twins.both(
                  "seed " + seed + ": open with " + options,
                  root -> {
                    FileChannel channel = FileChannel.open(root.resolve(name), options);
                    (root == twins.jdk ? jdk : netfs).set(channel);
                    return "opened";
                  }));
      if (!opened.equals("opened")) {
        continue;
      }
      List<String> log = new ArrayList<>();
      for (int step = 0; step < 60; step++) {
        Operation operation = operation(random, options.contains(APPEND));
        log.add(operation.toString());
        String what =
            "seed "
                + seed
                + " "
                + options
                + " "
                + log.subList(Math.max(0, log.size() - 12), log.size());
        twins.both(what, root -> operation.apply((root == twins.jdk ? jdk : netfs).get(), root));
        twins.both(
            what + " then",
            root -> {
              FileChannel channel = (root == twins.jdk ? jdk : netfs).get();
              return channel.isOpen() ? channel.position() + " " + channel.size() : "closed";
            });
      }
      jdk.get().close();
      netfs.get().close();
      twins.both("seed " + seed + " content", root -> Files.readAllBytes(root.resolve(name)));
    }
    twins.assertAlike("seed " + seed);
  }

  private static Set<OpenOption> openOptions(Random random) {
    Set<OpenOption> options = new HashSet<>();
    options.add(CREATE);
    switch (random.nextInt(5)) {
      case 0 -> options.add(APPEND);
      case 1 -> options.addAll(List.of(WRITE, APPEND));
      case 2 -> options.add(WRITE);
      case 3 -> options.add(READ);
      default -> options.addAll(List.of(READ, WRITE));
    }
    if (random.nextInt(6) == 0) {
      options.add(TRUNCATE_EXISTING);
    }
    if (random.nextInt(4) == 0) {
      options.add(random.nextBoolean() ? SYNC : DSYNC);
    }
    if (random.nextInt(8) == 0) {
      options.add(SPARSE);
    }
    return options;
  }

  /** An operation with arguments of its own, so that it can be done twice. */
  private interface Operation {
    Object apply(FileChannel channel, Path root) throws Exception;
  }

  private record Named(String name, Operation operation) implements Operation {
    @Override
    public Object apply(FileChannel channel, Path root) throws Exception {
      return operation.apply(channel, root);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static Operation operation(Random random, boolean append) {
    // Positions around small sizes, with negative and far ones among them.
    long at =
        random.nextInt(12) == 0 ? -1 : random.nextInt(random.nextInt(10) == 0 ? 100_000 : 300);
    int count = random.nextInt(random.nextInt(10) == 0 ? 70_000 : 120);
    boolean direct = random.nextBoolean();
    long seed = random.nextLong();
    return switch (random.nextInt(17)) {
      case 0 ->
          new Named(
              "read " + count,
              (c, r) -> {
                ByteBuffer dst = buffer(count, direct);
                return c.read(dst) + " " + bytes(dst);
              });
      case 1, 2 ->
          new Named(
              "read " + count + " at " + at,
              (c, r) -> {
                ByteBuffer dst = buffer(count, direct);
                return c.read(dst, at) + " " + bytes(dst);
              });
      case 3 ->
          new Named(
              "write " + count,
              (c, r) -> {
                ByteBuffer src = random(count, direct, seed);
                return c.write(src) + " " + src;
              });
      case 4 ->
          new Named(
              "write " + count + " at " + at,
              (c, r) -> {
                ByteBuffer src = random(count, direct, seed);
                return c.write(src, at) + " " + src;
              });
      case 5 ->
          new Named(
              "position " + at,
              (c, r) -> {
                c.position(at);
                return "set";
              });
      case 6 ->
          new Named(
              "truncate " + at,
              (c, r) -> {
                c.truncate(at);
                return "cut";
              });
      case 7 ->
          new Named(
              "scatter " + count,
              (c, r) -> {
                ByteBuffer[] dsts = {
                  buffer(count / 3, direct), buffer(0, direct), buffer(count, !direct)
                };
                return c.read(dsts) + " " + bytes(dsts[0]) + bytes(dsts[2]);
              });
      case 8 ->
          new Named(
              "gather " + count,
              (c, r) -> {
                ByteBuffer[] srcs = {
                  random(count, direct, seed), buffer(0, direct), random(9, true, seed)
                };
                return c.write(srcs) + " " + srcs[0] + srcs[2];
              });
      case 9 ->
          new Named(
              "scatter part " + at,
              (c, r) -> {
                ByteBuffer[] dsts = {buffer(5, direct), buffer(6, direct), buffer(7, direct)};
                return c.read(dsts, (int) at % 4, count % 4) + " " + bytes(dsts[1]);
              });
      case 10 ->
          new Named(
              "transferTo " + at + " " + count,
              (c, r) -> {
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                return c.transferTo(at, count, Channels.newChannel(out))
                    + " "
                    + Arrays.hashCode(out.toByteArray());
              });
      case 11 ->
          new Named(
              "transferFrom " + at + " " + count,
              (c, r) -> {
                byte[] bytes = new byte[count / 2];
                new Random(seed).nextBytes(bytes);
                // With append, where it goes is not said; the JDK's own is not even constant.
                return append
                    ? "left out"
                    : c.transferFrom(
                        Channels.newChannel(new ByteArrayInputStream(bytes)), at, count);
              });
      case 12 ->
          new Named(
              "transferTo a file",
              (c, r) -> {
                Path other = r.resolve("other");
                try (FileChannel out = FileChannel.open(other, WRITE, CREATE, TRUNCATE_EXISTING)) {
                  long done = c.transferTo(at, count, out);
                  return done + " " + out.position() + " " + out.size();
                }
              });
      case 13 ->
          new Named(
              "transferFrom a file",
              (c, r) -> {
                Path other = r.resolve("another");
                byte[] bytes = new byte[count];
                new Random(seed).nextBytes(bytes);
                Files.write(other, bytes);
                try (FileChannel in = FileChannel.open(other, READ)) {
                  in.position(count / 4);
                  return append ? "left out" : c.transferFrom(in, at, count) + " " + in.position();
                }
              });
      case 14 ->
          new Named(
              "force",
              (c, r) -> {
                c.force(seed % 2 == 0);
                return "forced";
              });
      case 15 ->
          new Named(
              "read into a read-only buffer",
              (c, r) -> c.read(ByteBuffer.allocate(count + 1).asReadOnlyBuffer()));
      default -> new Named("nulls", (c, r) -> seed % 2 == 0 ? c.read(null, at) : c.write(null, at));
    };
  }

  private static ByteBuffer buffer(int size, boolean direct) {
    ByteBuffer buffer =
        direct ? ByteBuffer.allocateDirect(size + 6) : ByteBuffer.allocate(size + 6);
    return buffer.position(3).limit(3 + size);
  }

  private static ByteBuffer random(int size, boolean direct, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    ByteBuffer buffer = buffer(size, direct).put(bytes);
    return buffer.position(3);
  }

  private static String bytes(ByteBuffer filled) {
    byte[] bytes = new byte[filled.position()];
    filled.duplicate().flip().get(bytes);
    return filled.position() + "/" + Arrays.hashCode(bytes);
  }
}
