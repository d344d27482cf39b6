package dev.netfs.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Runs the command in this JVM, with a terminal of the test's own. */
final class Cli {
  private final Map<String, String> environment = new HashMap<>();
  private boolean terminal;
  private Charset charset = StandardCharsets.UTF_8;
  private String answer;
  private String question;

  /** What it printed and returned. */
  record Result(int status, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** Sets an environment variable. */
  Cli env(String name, String value) {
    environment.put(name, value);
    return this;
  }

  /** Lets output and messages go to a terminal. */
  Cli onTerminal() {
    terminal = true;
    return this;
  }

  /** Has text in the output encoded otherwise than in UTF-8. */
  Cli charset(Charset other) {
    charset = other;
    return this;
  }

  /** Puts somebody there who answers a question for a secret. */
  Cli answering(String secret) {
    answer = secret;
    return this;
  }

  /** Returns the question that was asked, or null. */
  String question() {
    return question;
  }

  Result run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal.Prompt prompt =
        text -> {
          question = text;
          return answer.toCharArray();
        };
    Terminal screen =
        new Terminal(
            out,
            charset,
            new PrintStream(err, true, StandardCharsets.UTF_8),
            terminal,
            terminal,
            answer == null ? null : prompt,
            environment::get);
    int status = Main.commandLine(screen).execute(arguments);
    return new Result(status, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }
}
