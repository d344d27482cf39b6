package dev.netfs.cli.bench;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.List;

/** A program that takes commands, one a line, and runs others after an exclamation mark. */
final class CommandSession implements Closeable {
  private static final String DONE = "netfs-bench-done";
  private static final int KEPT_LINES = 5;

  private final String name;
  private final Process process;
  private final Writer commands;
  private final BufferedReader output;

  CommandSession(String name, List<String> program) throws IOException {
    this.name = name;
    process = new ProcessBuilder(program).redirectErrorStream(true).start();
    commands = process.outputWriter(Charset.defaultCharset());
    output = process.inputReader(Charset.defaultCharset());
  }

  /** Runs a command, and returns when it is done, with what it printed last. */
  String run(String command) throws IOException {
    commands.write(command + "\n!echo " + DONE + "\n");
    commands.flush();
    ArrayDeque<String> last = new ArrayDeque<>();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.strip().endsWith(DONE) && !line.contains("!echo")) {
        return String.join("; ", last);
      }
      last.add(line.strip());
      if (last.size() > KEPT_LINES) {
        last.remove();
      }
    }
    throw new BenchException(name + " failed: " + String.join("; ", last));
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
