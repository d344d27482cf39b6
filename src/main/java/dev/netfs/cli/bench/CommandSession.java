package dev.netfs.cli.bench;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.ArrayDeque;
import java.util.List;

/**
 * A program that takes commands, one a line, and runs others after an exclamation mark.
 *
 * <p>Some wait for input with {@code select} and then read as much as there is, so that a second
 * line which came together with the first is seen only when a third one comes. For their sake a
 * line follows on another after a pause, and empty lines follow until there is an answer.
 */
final class CommandSession implements Closeable {
  private static final String DONE = "netfs-bench-done";
  private static final int KEPT_LINES = 5;
  private static final long PAUSE_MILLIS = 20;
  private static final long IMPATIENCE_MILLIS = 1000;

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
    send(command);
    Thread asking = new Thread(this::askWhetherDone, name + "-asking");
    asking.start();
    try {
      return awaitDone();
    } finally {
      asking.interrupt();
      try {
        asking.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void send(String line) throws IOException {
    commands.write(line + "\n");
    commands.flush();
  }

  private void askWhetherDone() {
    try {
      Thread.sleep(PAUSE_MILLIS);
      send("!echo " + DONE);
      while (true) {
        Thread.sleep(IMPATIENCE_MILLIS);
        send("");
      }
    } catch (InterruptedException e) {
      // It is done.
    } catch (IOException e) {
      // The program has ended, of which its output tells.
    }
  }

  private String awaitDone() throws IOException {
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
