package dev.netfs.it;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.DSYNC;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.SPARSE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.netfs.NetfsOpenOption;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Random operations of channels. */
final class ChannelOperations {
  private static final int MAX_SIZE = 400_000;

  private static final List<Set<OpenOption>> OPTIONS =
      List.of(
          Set.of(),
          Set.of(READ),
          Set.of(READ),
          Set.of(WRITE),
          Set.of(READ, WRITE),
          Set.of(READ, WRITE),
          Set.of(READ, WRITE, CREATE),
          Set.of(READ, WRITE, CREATE),
          Set.of(READ, WRITE, CREATE),
          Set.of(WRITE, CREATE, TRUNCATE_EXISTING),
          Set.of(READ, WRITE, CREATE, TRUNCATE_EXISTING),
          Set.of(WRITE, CREATE_NEW),
          Set.of(READ, WRITE, CREATE_NEW, SPARSE),
          Set.of(APPEND),
          Set.of(APPEND, CREATE),
          Set.of(WRITE, APPEND, CREATE),
          Set.of(READ, TRUNCATE_EXISTING),
          Set.of(READ, APPEND),
          Set.of(APPEND, TRUNCATE_EXISTING),
          Set.of(WRITE, CREATE, DSYNC),
          Set.of(READ, WRITE, CREATE, SYNC),
          Set.of(READ, LinkOption.NOFOLLOW_LINKS));

  private final Random random;
  private final Names names;

  ChannelOperations(Random random, Names names) {
    this.random = random;
    this.names = names;
  }

  /** Something done with an open channel. */
  private interface Use {
    Object of(FileChannel channel) throws Exception;
  }

  private static Operation use(int slot, String text, Use use) {
    return new Operation(
        "channel " + slot + ": " + text,
        List.of(),
        false,
        side -> side.channels[slot] == null ? "closed" : use.of(side.channels[slot]));
  }

  /** Returns an operation of a channel, or the opening of one where none is open. */
  Operation next(boolean[] open) throws IOException {
    int slot = random.nextInt(Side.CHANNELS);
    if (!open[slot]) {
      return random.nextInt(3) > 0 ? open(slot) : once();
    }
    return switch (random.nextInt(22)) {
      case 0 -> use(slot, "size", FileChannel::size);
      case 1 -> use(slot, "position", FileChannel::position);
      case 2 -> {
        long to = place();
        yield use(slot, "position " + to, channel -> channel.position(to).position());
      }
      case 3, 4, 5 -> {
        int count = length();
        yield use(slot, "read " + count, channel -> read(channel, count));
      }
      case 6, 7, 8 -> {
        int count = length();
        long at = place();
        yield use(slot, "read " + count + " at " + at, channel -> read(channel, count, at));
      }
      case 9, 10, 11 -> {
        byte[] bytes = bytes();
        yield use(slot, "write " + bytes.length, channel -> channel.write(ByteBuffer.wrap(bytes)));
      }
      case 12, 13, 14 -> {
        byte[] bytes = bytes();
        long at = place();
        yield use(
            slot,
            "write " + bytes.length + " at " + at,
            channel -> channel.write(direct(bytes), at));
      }
      case 15 -> {
        long size = place();
        yield use(
            slot,
            "truncate to " + size,
            channel -> channel.truncate(size).position() + " of " + channel.size());
      }
      case 16 -> {
        boolean metadata = random.nextBoolean();
        yield use(
            slot,
            "force " + metadata,
            channel -> {
              channel.force(metadata);
              return null;
            });
      }
      case 17 -> scatter(slot);
      case 18 -> gather(slot);
      case 19 -> transfer(slot);
      case 20 -> lock(slot);
      default -> close(slot);
    };
  }

  Operation close(int slot) {
    return new Operation(
        "channel " + slot + ": close",
        List.of(),
        false,
        side -> {
          FileChannel channel = side.channels[slot];
          side.channels[slot] = null;
          channel.close();
          return channel.isOpen();
        });
  }

  private Operation open(int slot) throws IOException {
    String name = random.nextInt(4) == 0 ? names.any() : names.file();
    Set<OpenOption> options = OPTIONS.get(random.nextInt(OPTIONS.size()));
    NetfsOpenOption extra =
        random.nextInt(3) > 0
            ? null
            : NetfsOpenOption.values()[random.nextInt(NetfsOpenOption.values().length)];
    return new Operation(
        "channel " + slot + ": open " + name + " " + options + " " + extra,
        List.of(name),
        false,
        side -> {
          Set<OpenOption> all = new HashSet<>(options);
          if (side.netfs && extra != null) {
            all.add(extra);
          }
          FileChannel channel = FileChannel.open(side.at(name), all);
          if (Files.isDirectory(side.at(name))) {
            channel.force(true); // all that a directory's channel is for
            channel.close();
            return "a directory";
          }
          side.channels[slot] = channel;
          return "opened";
        });
  }

  /** Opens, uses and closes a channel of another kind. */
  private Operation once() throws IOException {
    String name = names.file();
    byte[] bytes = bytes();
    long at = place();
    return switch (random.nextInt(3)) {
      case 0 ->
          new Operation(
              "asynchronous channel of " + name + ": write " + bytes.length + " at " + at,
              List.of(name),
              false,
              side -> {
                try (AsynchronousFileChannel channel =
                    AsynchronousFileChannel.open(side.at(name), READ, WRITE)) {
                  int written = channel.write(ByteBuffer.wrap(bytes), at).get();
                  ByteBuffer back = ByteBuffer.allocate(bytes.length + 3);
                  int read = channel.read(back, Math.max(0, at - 3)).get();
                  return written + " " + read + " " + Arrays.hashCode(back.array());
                }
              });
      case 1 ->
          new Operation(
              "channel of " + name + " that deletes it: write " + bytes.length,
              List.of(name),
              true,
              side -> {
                try (FileChannel channel =
                    FileChannel.open(side.at(name), READ, WRITE, CREATE, DELETE_ON_CLOSE)) {
                  channel.write(ByteBuffer.wrap(bytes), at);
                  return read(channel, 1000, 0);
                }
              });
      default ->
          new Operation(
              "byte channel of " + name + ": read all",
              List.of(name),
              false,
              side -> {
                try (var channel = Files.newByteChannel(side.at(name))) {
                  return Channels.newInputStream(channel).readAllBytes();
                }
              });
    };
  }

  private Operation scatter(int slot) {
    int first = random.nextInt(3000);
    int second = random.nextInt(100_000);
    return use(
        slot,
        "read " + first + " and " + second,
        channel -> {
          ByteBuffer[] buffers = {
            ByteBuffer.allocate(first), ByteBuffer.allocateDirect(second), ByteBuffer.allocate(7)
          };
          long count = channel.read(buffers);
          byte[] all = new byte[second];
          buffers[1].flip().get(all, 0, buffers[1].limit());
          return count + " " + Arrays.hashCode(buffers[0].array()) + " " + Arrays.hashCode(all);
        });
  }

  private Operation gather(int slot) {
    byte[] first = bytes();
    byte[] second = bytes();
    return use(
        slot,
        "write " + first.length + " and " + second.length,
        channel -> channel.write(new ByteBuffer[] {ByteBuffer.wrap(first), direct(second)}));
  }

  private Operation transfer(int slot) {
    long at = place();
    if (random.nextBoolean()) {
      int count = length();
      return use(
          slot,
          "transfer " + count + " from " + at,
          channel -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            long done = channel.transferTo(at, count, Channels.newChannel(out));
            return done + " " + Arrays.hashCode(out.toByteArray());
          });
    }
    byte[] bytes = bytes();
    return use(
        slot,
        "transfer " + bytes.length + " to " + at,
        channel ->
            channel.transferFrom(
                Channels.newChannel(new ByteArrayInputStream(bytes)), at, bytes.length));
  }

  private Operation lock(int slot) {
    int other = random.nextInt(Side.CHANNELS);
    long at = random.nextInt(100);
    long size = 1 + random.nextInt(100);
    boolean shared = random.nextInt(4) == 0;
    return new Operation(
        "channel " + slot + ": lock, while channel " + other + " locks " + at + "+" + size,
        List.of(),
        false,
        side -> {
          FileChannel channel = side.channels[slot];
          FileChannel second = side.channels[other];
          if (channel == null || second == null) {
            return "closed";
          }
          try (FileLock lock = channel.lock(50, 20, shared);
              FileLock overlapping = second.tryLock(at, size, shared)) {
            return lock.isShared() + " " + lock.isValid() + " " + (overlapping != null);
          }
        });
  }

  private static Object read(FileChannel channel, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    int read = channel.read(buffer);
    return read + " " + Arrays.hashCode(buffer.array()) + " at " + channel.position();
  }

  private static Object read(FileChannel channel, int count, long at) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(count);
    int read = channel.read(buffer, at);
    byte[] all = new byte[buffer.position()];
    buffer.flip().get(all);
    return read + " " + Arrays.hashCode(all) + " at " + channel.position();
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private int length() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(100);
      case 1 -> random.nextInt(5000);
      case 2 -> 65_536;
      default -> random.nextInt(200_000);
    };
  }

  private byte[] bytes() {
    byte[] bytes = new byte[length()];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Returns an offset, often near the border of a page. */
  private long place() {
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(200);
      case 1 -> Math.max(0, 65_536L * random.nextInt(5) + random.nextInt(9) - 4);
      case 2 -> Math.max(0, 4096L * random.nextInt(60) + random.nextInt(9) - 4);
      default -> random.nextInt(MAX_SIZE);
    };
  }
}
