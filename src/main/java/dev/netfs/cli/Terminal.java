package dev.netfs.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Where a command's output goes and its secrets come from: the process's own, or a test's.
 *
 * <p>Confined to the command's thread.
 */
final class Terminal {
  /** Asks the user for a secret. */
  @FunctionalInterface
  interface Prompt {
    /** Returns what was typed, unseen, or null at the end of the input. */
    char @Nullable [] read(String question);
  }

  private final OutputStream out;
  private final Charset charset;
  private final PrintStream err;
  private final boolean outShown;
  private final boolean errShown;
  private final @Nullable Prompt prompt;
  private final Function<String, @Nullable String> environment;

  /**
   * @param out takes the output; need not be buffered
   * @param charset what text in the output is encoded in
   * @param err takes messages and the progress bar
   * @param outShown whether the output goes to a terminal
   * @param errShown whether messages go to a terminal
   * @param prompt asks for passwords, or null if nobody is there to answer
   * @param environment returns the value of an environment variable, or null
   */
  Terminal(
      OutputStream out,
      Charset charset,
      PrintStream err,
      boolean outShown,
      boolean errShown,
      @Nullable Prompt prompt,
      Function<String, @Nullable String> environment) {
    this.out = out;
    this.charset = charset;
    this.err = err;
    this.outShown = outShown;
    this.errShown = errShown;
    this.prompt = prompt;
    this.environment = environment;
  }

  /** Returns the process's own. */
  static Terminal ofProcess() {
    Console console = System.console();
    if (console != null && !isTerminal(console)) {
      console = null;
    }
    boolean consoleShown = console != null;
    return new Terminal(
        new FileOutputStream(FileDescriptor.out),
        outputCharset(),
        System.err,
        isTerminal(1, consoleShown),
        isTerminal(2, consoleShown),
        prompt(console),
        System::getenv);
  }

  private static @Nullable Prompt prompt(@Nullable Console console) {
    return console == null ? null : question -> console.readPassword("%s", question);
  }

  /** From Java 22 on there is a console even where there is no terminal; it can be asked. */
  private static boolean isTerminal(Console console) {
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true; // before Java 22 its being there says it
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  /** The JDK knows of input and output together only; Linux knows of each. */
  private static boolean isTerminal(int descriptor, boolean otherwise) {
    Path link = Path.of("/proc/self/fd/" + descriptor);
    try {
      String target = Files.readSymbolicLink(link).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      return otherwise;
    }
  }

  private static Charset outputCharset() {
    for (String property : new String[] {"stdout.encoding", "native.encoding"}) {
      String name = System.getProperty(property);
      if (name != null) {
        try {
          return Charset.forName(name);
        } catch (UnsupportedCharsetException e) {
          // The next one.
        }
      }
    }
    return Charset.defaultCharset();
  }

  /** Says that the output cannot be written, as when the reader of a pipe has gone. */
  static final class OutputException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean brokenPipe;

    OutputException(IOException cause) {
      super("cannot write the output: " + cause.getMessage(), cause);
      String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
      brokenPipe = message.contains("broken pipe") || message.contains("pipe is being closed");
    }

    /** Whether whoever read the output has read enough: nothing to complain of. */
    boolean isBrokenPipe() {
      return brokenPipe;
    }
  }

  /** Writes bytes to the output. */
  void write(byte[] bytes, int length) throws OutputException {
    try {
      out.write(bytes, 0, length);
      out.flush();
    } catch (IOException e) {
      throw new OutputException(e);
    }
  }

  /** Writes text, which brings its own line breaks, to the output. */
  void print(CharSequence text) throws OutputException {
    byte[] bytes = text.toString().getBytes(charset);
    write(bytes, bytes.length);
  }

  /** Writes one line to where messages go. */
  void message(String text) {
    err.println(visible(text));
  }

  /** Returns where messages go. */
  PrintStream err() {
    return err;
  }

  /** Returns whether messages go to a terminal, where a progress bar makes sense. */
  boolean errShown() {
    return errShown;
  }

  /**
   * Returns a name as the output should have it: as it is, but with its control characters replaced
   * where a terminal would obey them.
   */
  String name(String name) {
    return outShown ? visible(name) : name;
  }

  /** Returns text without the characters that a terminal obeys. */
  static String visible(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return shown.toString();
  }

  /** Returns whether the output's encoding has all of some characters. */
  boolean canShow(String characters) {
    return charset.newEncoder().canEncode(characters);
  }

  /** Returns how many characters a line of the output has room for; 80 where it is no terminal. */
  int width() {
    String columns = environment("COLUMNS");
    if (columns != null && columns.matches("[1-9]\\d{0,3}")) {
      return Integer.parseInt(columns);
    }
    return outShown ? new UsageMessageSpec().autoWidth(true).width() : 80;
  }

  /** Returns what the user types in answer to a question, or null if nobody does. */
  char @Nullable [] secret(String question) {
    return prompt == null ? null : prompt.read(question);
  }

  /** Returns the value of an environment variable, or null. */
  @Nullable String environment(String name) {
    return environment.apply(name);
  }
}
