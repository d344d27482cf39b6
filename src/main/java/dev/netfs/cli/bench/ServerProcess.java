package dev.netfs.cli.bench;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A server's program on a free port of the loopback interface. */
final class ServerProcess {
  static final String HOST = "127.0.0.1";

  /** Another program may take the port that was free. */
  private static final int ATTEMPTS = 5;

  private final Process process;
  private final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Sets up a server for a port, and returns the command that starts it in the foreground. */
  @FunctionalInterface
  interface SetUp {
    List<String> command(int port) throws IOException;
  }

  /** Tells by a connection to a server whether it is ready. */
  @FunctionalInterface
  interface Greeting {
    boolean comes(Socket socket) throws IOException;
  }

  /**
   * Starts a server.
   *
   * @param name what it is called
   * @param log the file for what it prints
   * @throws BenchException if it does not come up; says what it printed
   */
  static ServerProcess start(String name, Path log, SetUp setUp, Greeting greeting)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      int port;
      try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
        port = free.getLocalPort();
      }
      Process started =
          new ProcessBuilder(setUp.command(port))
              // Of a standard input that is a socket some think that inetd has started them.
              .redirectInput(new File("/dev/null"))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      ServerProcess server = new ServerProcess(started, port);
      if (Programs.await(started, () -> server.greets(greeting))) {
        return server;
      }
      server.kill();
      if (attempt == ATTEMPTS) {
        throw new BenchException(
            name
                + " does not come up: "
                + Files.readString(log).strip()
                + " (--server embedded does without it)");
      }
    }
  }

  private boolean greets(Greeting greeting) throws IOException {
    try (Socket socket = new Socket(HOST, port)) {
      socket.setSoTimeout((int) Programs.PATIENCE.toMillis());
      return greeting.comes(socket);
    }
  }

  int port() {
    return port;
  }

  InetSocketAddress address() {
    return new InetSocketAddress(HOST, port);
  }

  /**
   * Ends it and its sessions. Not by asking: Samba would ask all of its process group then, which
   * is this JVM's.
   */
  void kill() {
    List<ProcessHandle> sessions = process.descendants().toList();
    process.destroyForcibly();
    sessions.forEach(ProcessHandle::destroyForcibly);
  }
}
