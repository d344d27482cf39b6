package dev.netfs.cli.bench;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A session of OpenSSH's {@code sftp}, which stays connected, so that what is measured is the
 * transfer and not the start of a program.
 */
final class SftpProgram implements Closeable {
  private static final String DONE = "netfs-bench-done";
  private static final int KEPT_LINES = 5;

  private final Process process;
  private final Writer commands;
  private final BufferedReader output;

  SftpProgram(Path program, BenchServer.Login login, Line line) throws IOException {
    process =
        new ProcessBuilder(
                List.of(
                    program.toString(),
                    "-q",
                    "-F",
                    "/dev/null",
                    "-b",
                    "-",
                    "-P",
                    Integer.toString(line.address().getPort()),
                    "-i",
                    login.privateKey().toString(),
                    "-o",
                    "IdentitiesOnly=yes",
                    // The server is the benchmark's own, on loopback, and is sent no secret.
                    "-o",
                    "StrictHostKeyChecking=no",
                    "-o",
                    "UserKnownHostsFile=/dev/null",
                    "-o",
                    "LogLevel=ERROR",
                    login.user() + "@127.0.0.1"))
            .redirectErrorStream(true)
            .start();
    commands = process.outputWriter(Charset.defaultCharset());
    output = process.inputReader(Charset.defaultCharset());
    run("pwd");
  }

  /** Runs a command of sftp's, and returns when it is done. */
  void run(String command) throws IOException {
    commands.write(command + "\n!echo " + DONE + "\n");
    commands.flush();
    ArrayDeque<String> last = new ArrayDeque<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.strip().equals(DONE)) {
        return;
      }
      last.add(line);
      if (last.size() > KEPT_LINES) {
        last.remove();
      }
    }
    throw new BenchException("sftp failed: " + String.join("; ", last));
  }

  /** Names a file for a command. */
  static String quoted(String name) {
    return '"' + name.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  @Override
  public void close() {
    process.destroy();
  }
}
