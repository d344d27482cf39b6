package dev.netfs.testing;

import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Starts servers' programs on free ports of loopback, and runs what it takes to set them up. */
final class ServerProcess {
  static final String HOST = "127.0.0.1";
  static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int ATTEMPTS = 5;

  private ServerProcess() {}

  /** Tells by a connection to a server whether it is ready; what it throws is: not yet. */
  @FunctionalInterface
  interface Greeting {
    boolean comes(Socket socket) throws IOException;
  }

  /** Starts a server on a port. */
  @FunctionalInterface
  interface Launch {
    boolean on(int port) throws IOException;
  }

  /**
   * Has a server started on a free port; on another one if somebody else has taken it meanwhile.
   *
   * @return whether it came up
   */
  static boolean onFreePort(Launch launch) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port;
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
        port = free.getLocalPort();
      }
      if (launch.on(port)) {
        return true;
      }
    }
    return false;
  }

  /** Starts a server's program, which stays in the foreground. */
  static Process start(Path log, String... command) throws IOException {
    return new ProcessBuilder(command)
        // Of a standard input that is a socket some think that inetd has started them.
        .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  /** Waits until a server is ready; ends it, and returns false, if it is not in time. */
  static boolean await(Process started, int port, Greeting greeting) {
    long begun = System.nanoTime();
    while (started.isAlive() && System.nanoTime() - begun < PATIENCE.toNanos()) {
      try (Socket socket = new Socket(HOST, port)) {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        if (greeting.comes(socket)) {
          return true;
        }
      } catch (IOException e) {
        // Not yet.
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    started.destroyForcibly();
    return false;
  }

  /** Kills a server and all its sessions. */
  static void kill(Process server) throws IOException {
    List<ProcessHandle> all = server.descendants().toList();
    server.destroyForcibly();
    all.forEach(ProcessHandle::destroyForcibly);
    try {
      server.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Runs a command that fails while another holds the lock of the accounts' file. */
  static void retry(String... command) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        run(command);
        return;
      } catch (IOException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      }
    }
  }

  /** Runs a command to its end and returns what it printed. */
  static String run(String... command) throws IOException {
    return runOn("", command);
  }

  /** Runs a command on some input to its end and returns what it printed. */
  static String runOn(String input, String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (Writer in = process.outputWriter(Charset.defaultCharset())) {
      in.write(input);
    }
    String output = new String(process.getInputStream().readAllBytes());
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(command[0] + " does not end");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(command[0] + " ended with " + process.exitValue() + ": " + output);
    }
    return output;
  }

  /** Sets permissions such as {@code rwx------}. */
  static void allow(Path path, String mode) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }
}
