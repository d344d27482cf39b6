package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Channels of both kinds. */
class ChannelCallsTest extends CallsDifferential {
  @ParameterizedTest(name = "{0}")
  @MethodSource("channels")
  @Tag("J2")
  @Tag("J3")
  @Tag("J4")
  @Tag("J5")
  @Tag("J7")
  @Tag("J10")
  @Tag("J11")
  void channelCallsAreAsTheJdks(String name) throws Exception {
    check(name, channelCalls());
  }

  static Set<String> channels() {
    return channelCalls().keySet();
  }

  private static Map<String, Twins.Deed> channelCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    for (Set<OpenOption> options :
        List.<Set<OpenOption>>of(
            Set.of(READ), Set.of(WRITE), Set.of(READ, WRITE), Set.of(APPEND))) {
      Map<String, ChannelCall> with = channelUses();
      with.forEach(
          (name, use) -> {
            calls.put(
                name + " of " + new TreeSet<>(options.stream().map(Object::toString).toList()),
                r -> {
                  try (FileChannel channel = FileChannel.open(r.resolve("file"), options)) {
                    return use.use(channel) + " at " + channel.position() + " of " + channel.size();
                  }
                });
            calls.put(
                name
                    + " of closed "
                    + new TreeSet<>(options.stream().map(Object::toString).toList()),
                r -> {
                  FileChannel channel = FileChannel.open(r.resolve("file"), options);
                  channel.close();
                  channel.close();
                  return use.use(channel);
                });
          });
    }
    calls.put("unknown option", r -> FileChannel.open(r.resolve("file"), Unknown.UNKNOWN));
    calls.put(
        "null option",
        r -> {
          Set<OpenOption> options = new HashSet<>();
          options.add(null);
          return FileChannel.open(r.resolve("file"), options);
        });
    calls.put("null options", r -> FileChannel.open(r.resolve("file"), (Set<OpenOption>) null));
    calls.put(
        "null attribute",
        r -> FileChannel.open(r.resolve("file"), Set.of(READ), (FileAttribute<?>) null));
    calls.put(
        "bytes channel is a file channel",
        r -> {
          try (SeekableByteChannel channel = Files.newByteChannel(r.resolve("file"))) {
            return channel instanceof FileChannel;
          }
        });
    calls.put(
        "new with mode",
        r -> {
          FileAttribute<?> mode =
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
          Files.newByteChannel(r.resolve("x"), Set.of(CREATE_NEW, WRITE), mode).close();
          return Files.getPosixFilePermissions(r.resolve("x"));
        });
    calls.put(
        "mode of an existing file",
        r -> {
          FileAttribute<?> mode =
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
          Files.newByteChannel(r.resolve("file"), Set.of(CREATE, WRITE), mode).close();
          return Files.getPosixFilePermissions(r.resolve("file"));
        });
    calls.put(
        "delete on close",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("file"), READ, DELETE_ON_CLOSE);
          ByteBuffer dst = ByteBuffer.allocate(4);
          int count = channel.read(dst);
          channel.close();
          return count + " " + Files.exists(r.resolve("file"));
        });
    calls.put(
        "delete a new one on close",
        r -> {
          FileChannel channel =
              FileChannel.open(r.resolve("x"), CREATE_NEW, WRITE, DELETE_ON_CLOSE);
          int count = channel.write(ByteBuffer.allocate(4));
          channel.close();
          return count + " " + Files.exists(r.resolve("x"));
        });
    calls.put(
        "delete a link on close", r -> FileChannel.open(r.resolve("link"), READ, DELETE_ON_CLOSE));
    calls.put(
        "truncate existing when reading",
        r -> {
          FileChannel.open(r.resolve("file"), READ, TRUNCATE_EXISTING).close();
          return Files.size(r.resolve("file"));
        });
    // J11
    calls.put(
        "directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            channel.force(true);
            return channel.position() + " " + channel.isOpen();
          }
        });
    calls.put(
        "read a directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            return channel.read(ByteBuffer.allocate(1));
          }
        });
    calls.put(
        "write a directory",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("dir"))) {
            return channel.write(ByteBuffer.allocate(1));
          }
        });
    calls.put(
        "closed directory",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("dir"));
          channel.close();
          channel.force(false);
          return "forced";
        });
    calls.put("read all of a directory", r -> Files.readAllBytes(r.resolve("dir")));
    // J7
    calls.put(
        "overlapping locks of one channel",
        r -> {
          try (FileChannel channel = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            channel.lock(0, 10, false);
            return channel.tryLock(5, 10, false);
          }
        });
    calls.put(
        "overlapping locks of two channels",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            one.lock(0, 10, true);
            return two.lock(5, 10, true);
          }
        });
    calls.put(
        "overlapping locks by two names",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("./dir/../file"), READ, WRITE)) {
            one.lock();
            return two.tryLock();
          }
        });
    calls.put(
        "locks side by side",
        r -> {
          try (FileChannel one = FileChannel.open(r.resolve("file"), READ, WRITE);
              FileChannel two = FileChannel.open(r.resolve("file"), READ, WRITE)) {
            FileLock a = one.lock(0, 5, false);
            FileLock b = two.lock(5, 5, false);
            String held = a.isValid() + " " + b.isValid() + " " + a.overlaps(5, 1);
            a.release();
            a.release();
            FileLock c = two.tryLock(0, 5, true);
            held += " " + a.isValid() + " " + c.isShared() + " " + c.position() + " " + c.size();
            two.close();
            return held + " " + c.isValid() + " " + (one.tryLock() != null);
          }
        });
    calls.put(
        "release after close",
        r -> {
          FileChannel channel = FileChannel.open(r.resolve("file"), READ, WRITE);
          FileLock lock = channel.lock();
          channel.close();
          lock.release();
          return "released";
        });
    for (Set<OpenOption> options :
        List.<Set<OpenOption>>of(
            Set.of(READ), Set.of(WRITE), Set.of(READ, WRITE), Set.of(APPEND), Set.of())) {
      asynchronousUses()
          .forEach(
              (name, use) -> {
                String with =
                    " asynchronously with "
                        + new TreeSet<>(options.stream().map(Object::toString).toList());
                calls.put(
                    name + with,
                    r -> {
                      try (AsynchronousFileChannel channel =
                          AsynchronousFileChannel.open(r.resolve("file"), options, null)) {
                        return use.use(channel) + " of " + channel.size();
                      }
                    });
                calls.put(
                    name + " closed" + with,
                    r -> {
                      AsynchronousFileChannel channel =
                          AsynchronousFileChannel.open(r.resolve("file"), options, null);
                      channel.close();
                      channel.close();
                      try {
                        return use.use(channel) + " " + channel.isOpen();
                      } catch (AsynchronousCloseException e) {
                        throw new ClosedChannelException(); // the JDK is not constant in which of
                        // the two
                      }
                    });
              });
    }
    return calls;
  }

  private interface ChannelCall {
    Object use(FileChannel channel) throws Exception;
  }

  private interface AsynchronousCall {
    Object use(AsynchronousFileChannel channel) throws Exception;
  }

  private static Map<String, ChannelCall> channelUses() {
    Map<String, ChannelCall> uses = new LinkedHashMap<>();
    uses.put("read null", c -> c.read((ByteBuffer) null));
    uses.put("read", c -> c.read(ByteBuffer.allocate(4)));
    uses.put("read nothing", c -> c.read(ByteBuffer.allocate(0)));
    uses.put("read nothing at the end", c -> c.position(10).read(ByteBuffer.allocate(0)));
    uses.put("read read-only", c -> c.read(ByteBuffer.allocate(4).asReadOnlyBuffer()));
    uses.put("read at", c -> c.read(ByteBuffer.allocate(4), 8));
    uses.put("read at end", c -> c.read(ByteBuffer.allocate(4), 10));
    uses.put("read nothing at end", c -> c.read(ByteBuffer.allocate(0), 10));
    uses.put("read negative", c -> c.read(ByteBuffer.allocate(4), -1));
    uses.put("read null at negative", c -> c.read(null, -1));
    uses.put(
        "scatter", c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(30)}));
    uses.put(
        "scatter at end",
        c ->
            c.position(10).read(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(3)}));
    uses.put("scatter nothing", c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(0)}));
    uses.put("scatter none", c -> c.read(new ByteBuffer[0]));
    uses.put("scatter null", c -> c.read((ByteBuffer[]) null));
    uses.put("scatter out of bounds", c -> c.read(new ByteBuffer[2], 1, 2));
    uses.put(
        "scatter read-only",
        c -> c.read(new ByteBuffer[] {ByteBuffer.allocate(3).asReadOnlyBuffer()}));
    uses.put("write null", c -> c.write((ByteBuffer) null));
    uses.put("write", c -> c.write(ByteBuffer.allocate(4)));
    uses.put("write nothing", c -> c.write(ByteBuffer.allocate(0)));
    uses.put("write at", c -> c.write(ByteBuffer.allocate(4), 20));
    uses.put("write at negative", c -> c.write(ByteBuffer.allocate(4), -1));
    uses.put(
        "gather", c -> c.write(new ByteBuffer[] {ByteBuffer.allocate(3), ByteBuffer.allocate(4)}));
    uses.put("gather out of bounds", c -> c.write(new ByteBuffer[2], 0, 3));
    uses.put("gather none", c -> c.write(new ByteBuffer[0]));
    uses.put("position", c -> c.position(5).position());
    uses.put("position far", c -> c.position(1000).position() + " " + c.size());
    uses.put("position negative", c -> c.position(-1));
    uses.put("write past the end", c -> c.position(15).write(ByteBuffer.allocate(1)));
    uses.put("truncate", c -> c.position(9).truncate(4).position());
    uses.put("truncate to more", c -> c.position(30).truncate(20).position());
    uses.put("truncate negative", c -> c.truncate(-1));
    uses.put(
        "force",
        c -> {
          c.force(true);
          return "forced";
        });
    uses.put(
        "transferTo", c -> c.transferTo(2, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo past the end",
        c -> c.transferTo(11, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo negative",
        c -> c.transferTo(-1, 5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put(
        "transferTo negative count",
        c -> c.transferTo(1, -5, Channels.newChannel(new ByteArrayOutputStream())));
    uses.put("transferTo null", c -> c.transferTo(1, 5, null));
    uses.put(
        "transferTo closed",
        c -> {
          var out = Channels.newChannel(new ByteArrayOutputStream());
          out.close();
          return c.transferTo(1, 5, out);
        });
    uses.put("transferFrom null", c -> c.transferFrom(null, 1, 5));
    uses.put(
        "transferFrom negative",
        c -> c.transferFrom(Channels.newChannel(InputStream.nullInputStream()), -1, 5));
    uses.put(
        "transferFrom past the end",
        c ->
            c.transferFrom(
                Channels.newChannel(new java.io.ByteArrayInputStream(new byte[5])), 100, 5));
    uses.put("lock", c -> c.lock().isValid());
    uses.put("lock shared", c -> c.lock(0, 5, true).isShared());
    uses.put("tryLock", c -> c.tryLock(3, 4, false).size());
    uses.put("lock negative", c -> c.lock(-1, 5, false));
    uses.put("lock negative size", c -> c.lock(1, -5, false));
    uses.put("lock too far", c -> c.lock(2, Long.MAX_VALUE, false));
    uses.put("tryLock negative", c -> c.tryLock(-1, 5, false));
    return uses;
  }

  private static Map<String, AsynchronousCall> asynchronousUses() {
    Map<String, AsynchronousCall> uses = new LinkedHashMap<>();
    uses.put("read", c -> get(c.read(ByteBuffer.allocate(4), 8)));
    uses.put("read at end", c -> get(c.read(ByteBuffer.allocate(4), 10)));
    uses.put("read nothing", c -> get(c.read(ByteBuffer.allocate(0), 0)));
    uses.put("read negative", c -> get(c.read(ByteBuffer.allocate(4), -1)));
    uses.put("read read-only", c -> get(c.read(ByteBuffer.allocate(4).asReadOnlyBuffer(), 0)));
    uses.put("write", c -> get(c.write(ByteBuffer.allocate(4), 8)));
    uses.put("write nothing", c -> get(c.write(ByteBuffer.allocate(0), 0)));
    uses.put("write negative", c -> get(c.write(ByteBuffer.allocate(4), -1)));
    uses.put("truncate", c -> c.truncate(4).size());
    uses.put("truncate to more", c -> c.truncate(40).size());
    uses.put("truncate negative", c -> c.truncate(-4));
    uses.put(
        "force",
        c -> {
          c.force(false);
          return "forced";
        });
    uses.put("lock", c -> ((FileLock) get(c.lock())).isValid());
    uses.put("lock shared", c -> ((FileLock) get(c.lock(0, 3, true))).isShared());
    uses.put("tryLock", c -> c.tryLock(0, 3, false).isValid());
    uses.put(
        "lock twice",
        c -> {
          get(c.lock(0, 5, false));
          return get(c.lock(2, 5, false));
        });
    uses.put(
        "null handler",
        c -> {
          c.read(ByteBuffer.allocate(1), 0, null, (CompletionHandler<Integer, Object>) null);
          return "started";
        });
    uses.put(
        "handler",
        c -> {
          java.util.concurrent.CompletableFuture<String> outcome =
              new java.util.concurrent.CompletableFuture<>();
          Thread caller = Thread.currentThread();
          c.read(
              ByteBuffer.allocate(4),
              8,
              "attached",
              new CompletionHandler<Integer, String>() {
                @Override
                public void completed(Integer result, String attachment) {
                  outcome.complete(result + attachment + (Thread.currentThread() == caller));
                }

                @Override
                public void failed(Throwable exc, String attachment) {
                  outcome.complete(exc.getClass() + attachment);
                }
              });
          return outcome.get(30, TimeUnit.SECONDS);
        });
    return uses;
  }

  private static Object get(Future<?> future) throws Exception {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return "failed with " + e.getCause().getClass();
    }
  }
}
