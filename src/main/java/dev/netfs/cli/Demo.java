package dev.netfs.cli;

import dev.netfs.NetfsFileSystem;
import dev.netfs.NetfsStats;
import dev.netfs.cli.DemoTable.Delta;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The demo: what an application does with a remote file system, what it costs the server, and
 * whether every byte is right.
 *
 * <p>The content of all files is pseudo-random from a fixed seed, so that what has to be in them is
 * known without asking netfs.
 */
final class Demo implements Closeable {
  private static final String USER = "demo";
  private static final int DIRECTORIES = 10;
  private static final int FILES_EACH = 10;
  private static final int MAX_FILE = 64 * 1024;
  private static final int EDIT = 1000;
  private static final int BUFFER = 1 << 20;
  private static final Duration SETTLE = Duration.ofSeconds(5);

  /** From then on a time in whole seconds, with some slack for the clocks, proves something. */
  private static final Duration RACY = Duration.ofMillis(1_300);

  private final Path original;
  private final Path onServer;
  private final Terminal terminal;
  private final DemoTable table;
  private final DemoServer server;
  private final NetfsFileSystem fs;
  private final byte[] big;
  private final List<String> failures = new ArrayList<>();

  Demo(Path directory, Terminal terminal) throws IOException {
    this.terminal = terminal;
    this.table = new DemoTable(terminal);
    this.original = Files.createDirectory(directory.resolve("original"));
    this.onServer = Files.createDirectory(directory.resolve("server"));
    this.big = new byte[bigSize()];
    new Random(1).nextBytes(big);
    char[] password = password();
    this.server = new DemoServer(onServer, USER, password);
    boolean mounted = false;
    try {
      Path knownHosts = directory.resolve("known_hosts");
      server.writeKnownHosts(knownHosts);
      URI uri = URI.create("netfs+sftp://" + USER + "@" + server.address() + "/");
      terminal.print(
          "An SFTP server (Apache MINA SSHD) listens on "
              + server.address()
              + "; its files are in "
              + onServer
              + ".\nMounted with FileSystems.newFileSystem(URI.create(\""
              + uri
              + "\"), env)\n\n");
      Map<String, ?> env = Map.of("password", password, "knownHosts", knownHosts);
      this.fs = (NetfsFileSystem) FileSystems.newFileSystem(uri, env, Demo.class.getClassLoader());
      mounted = true;
    } finally {
      Arrays.fill(password, '\0');
      if (!mounted) {
        server.close();
      }
    }
  }

  /** A file that is large and still fits into the memory that a small JVM caches in. */
  private static int bigSize() {
    return Runtime.getRuntime().maxMemory() >= 384L << 20 ? 64 << 20 : 16 << 20;
  }

  private static char[] password() {
    SecureRandom random = new SecureRandom();
    char[] password = new char[24];
    for (int i = 0; i < password.length; i++) {
      password[i] = (char) ('!' + random.nextInt('~' - '!' + 1));
    }
    return password;
  }

  @Override
  public void close() throws IOException {
    try {
      fs.close();
    } finally {
      server.close();
    }
  }

  /**
   * Runs the demo.
   *
   * @return what was not as it should be
   */
  List<String> run() throws IOException {
    makeTree();
    makeBigFile();
    table.heading();
    copyTreeIn();
    walkTree();
    read("read big.bin, cold", true);
    read("read big.bin again, warm", false);
    edit();
    table.note(
        "SFTP shows times in whole seconds. What is read in the very second of a change may");
    table.note("be followed by another change with the same time, so netfs would not trust it; a");
    table.note("read when that second is over proves the content, and costs one download:");
    awaitOldEdit();
    read("read it again, with the edit", true);
    secondReader();
    verify();
    terminal.print("\n");
    return failures;
  }

  // ---- what the files are

  private void makeTree() throws IOException {
    Random random = new Random(2);
    for (int d = 0; d < DIRECTORIES; d++) {
      Path directory = Files.createDirectories(original.resolve("tree/d" + d));
      for (int f = 0; f < FILES_EACH; f++) {
        byte[] content = new byte[random.nextInt(MAX_FILE)];
        random.nextBytes(content);
        Files.write(directory.resolve("f" + f), content);
      }
    }
  }

  /** Makes the large file on the server, where it has been lying for an hour. */
  private void makeBigFile() throws IOException {
    Path file = Files.write(onServer.resolve("big.bin"), big);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
  }

  // ---- the operations

  /** An operation; returns how many bytes went through the application's hands, or -1. */
  private interface Operation {
    long run() throws IOException;
  }

  private record Measured(long bytes, Delta delta, long serverBytes, long serverRequests) {}

  private Measured measure(Operation operation) throws IOException {
    return measure(operation, 0);
  }

  /**
   * Measures an operation.
   *
   * @param openFiles how many files are open on the server before and after it
   */
  private Measured measure(Operation operation, int openFiles) throws IOException {
    long serverBytes = server.bytesRead();
    long serverRequests = server.requests();
    NetfsStats before = fs.stats();
    long started = System.nanoTime();
    long bytes = operation.run();
    long nanos = System.nanoTime() - started;
    server.awaitOpenFiles(openFiles, SETTLE); // so that a close counts for what it belongs to
    return new Measured(
        bytes,
        Delta.between(before, fs.stats(), nanos),
        server.bytesRead() - serverBytes,
        server.requests() - serverRequests);
  }

  private void check(boolean right, String what) {
    if (!right) {
      failures.add(what);
    }
  }

  private void copyTreeIn() throws IOException {
    Path source = original.resolve("tree");
    Path target = fs.getPath("/tree");
    Measured done =
        measure(
            () -> {
              long bytes = 0;
              try (Stream<Path> tree = Files.walk(source)) {
                for (Path path : (Iterable<Path>) tree::iterator) {
                  Files.copy(path, target.resolve(source.relativize(path).toString()));
                  bytes += Files.isRegularFile(path) ? Files.size(path) : 0;
                }
              }
              return bytes;
            });
    int files = DIRECTORIES * FILES_EACH;
    table.row("copy a tree of " + files + " files in", done.bytes(), "here", done.delta());
    check(done.delta().toServer() == done.bytes(), "the copy sent other bytes than the files have");
  }

  private void walkTree() throws IOException {
    long[] found = new long[1];
    Measured done =
        measure(
            () -> {
              try (Stream<Path> tree = Files.walk(fs.getPath("/tree"))) {
                for (Path path : (Iterable<Path>) tree::iterator) {
                  Files.readAttributes(path, BasicFileAttributes.class);
                  found[0]++;
                }
              }
              return -1;
            });
    table.row("walk it with all attributes", -1, found[0] + " names: server", done.delta());
    check(found[0] == 1 + DIRECTORIES + DIRECTORIES * FILES_EACH, "the walk found other names");
    check(done.delta().requests("list") == 1 + DIRECTORIES, "the walk listed a directory twice");
    check(done.delta().requests("stat") <= 1, "the walk asked for single files' attributes");
  }

  private void read(String name, boolean fromServer) throws IOException {
    Path file = fs.getPath("/big.bin");
    Measured done = measure(() -> readAll(file));
    table.row(name, done.bytes(), DemoTable.source(done.bytes(), done.delta()), done.delta());
    check(
        done.serverBytes() == (fromServer ? big.length : 0),
        name + ": the server read " + done.serverBytes() + " bytes");
  }

  /** Reads a file whole and compares it with what has to be in it. */
  private long readAll(Path file) throws IOException {
    byte[] buffer = new byte[BUFFER];
    int at = 0;
    try (InputStream in = Files.newInputStream(file)) {
      int count;
      while ((count = in.readNBytes(buffer, 0, buffer.length)) > 0) {
        if (at + count > big.length || !Arrays.equals(buffer, 0, count, big, at, at + count)) {
          throw new IOException(file + " has wrong bytes after offset " + at);
        }
        at += count;
      }
    }
    if (at != big.length) {
      throw new IOException(file + " ends at " + at + " instead of " + big.length);
    }
    return at;
  }

  private void edit() throws IOException {
    int middle = big.length / 2 + 1;
    byte[] edit = new byte[EDIT];
    new Random(3).nextBytes(edit);
    System.arraycopy(edit, 0, big, middle, EDIT);
    Measured done =
        measure(
            () -> {
              try (FileChannel file =
                  FileChannel.open(fs.getPath("/big.bin"), StandardOpenOption.WRITE)) {
                return file.write(ByteBuffer.wrap(edit), middle);
              }
            });
    table.row("write " + EDIT + " bytes into its middle", done.bytes(), "here", done.delta());
    check(done.delta().toServer() == EDIT, "the edit sent other bytes than were written");
    check(done.serverBytes() == 0, "the edit fetched what it overwrote");
  }

  private void awaitOldEdit() throws IOException {
    try {
      boolean never = new CountDownLatch(1).await(RACY.toMillis(), TimeUnit.MILLISECONDS);
      check(!never, "the clock");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private void secondReader() throws IOException {
    Path file = fs.getPath("/big.bin");
    Measured done;
    try {
      // While it is open for a first reader too, and in a thread of its own.
      try (FileChannel first = FileChannel.open(file)) {
        first.read(ByteBuffer.allocate(1));
        done = CompletableFuture.supplyAsync(() -> measured(file)).join();
      }
    } catch (CompletionException e) {
      throw new IOException("the second reader: " + e.getCause(), e);
    }
    table.row(
        "a second reader, another thread",
        done.bytes(),
        DemoTable.source(done.bytes(), done.delta()),
        done.delta());
    check(done.serverBytes() == 0, "the second reader cost the server bytes");
    table.note(
        "(by the server's own count: "
            + done.serverRequests()
            + " SFTP requests, 0 bytes of the file: the open asks whether it has changed)");
  }

  private Measured measured(Path file) {
    try {
      return measure(() -> readAll(file), 1);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  // ---- the proof

  /** Compares every file, read through the mount, with the server's own and with what it was. */
  private void verify() throws IOException {
    int[] files = new int[1];
    Measured done =
        measure(
            () -> {
              long bytes = compare(fs.getPath("/big.bin"), onServer.resolve("big.bin"), big);
              files[0]++;
              try (Stream<Path> tree = Files.walk(original.resolve("tree"))) {
                for (Path path : (Iterable<Path>) tree.filter(Files::isRegularFile)::iterator) {
                  String name = original.relativize(path).toString();
                  bytes +=
                      compare(
                          fs.getPath("/").resolve(name),
                          onServer.resolve(name),
                          Files.readAllBytes(path));
                  files[0]++;
                }
              }
              return bytes;
            });
    table.row(
        "compare all " + files[0] + " files, every byte",
        done.bytes(),
        DemoTable.source(done.bytes(), done.delta()),
        done.delta());
  }

  private long compare(Path mounted, Path served, byte[] expected) throws IOException {
    check(Arrays.equals(Files.readAllBytes(mounted), expected), mounted + " reads wrong");
    check(Arrays.equals(Files.readAllBytes(served), expected), mounted + " is wrong on the server");
    return expected.length;
  }
}
