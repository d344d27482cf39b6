package dev.netfs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code netfs} command: without a subcommand it prints its usage. */
@Command(
    name = "netfs",
    description = "Remote shares as ordinary Java file systems.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Main.Version.class,
    subcommands = {
      DemoCommand.class,
      ListCommand.class,
      CatCommand.class,
      CopyCommand.class,
      StatCommand.class,
      CacheCommand.class,
      BenchCommand.class
    },
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:Done.",
      "1:Something failed: a file, or the demo's check of itself.",
      "2:The command line is wrong: an option, a URI.",
      "3:A share cannot be mounted: not reached, not trusted, not signed on, not there."
    })
public final class Main implements Runnable {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int NOT_MOUNTED = 3;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "Show stack traces of errors, and the log.")
  void verbose(boolean wanted) {
    verbose = wanted;
  }

  private boolean verbose;
  private final Terminal terminal;

  private Main(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * Runs the command and ends the JVM with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    System.exit(commandLine(Terminal.ofProcess()).execute(args));
  }

  /** Returns the command, to be executed once. */
  static CommandLine commandLine(Terminal terminal) {
    Main main = new Main(terminal);
    CommandLine line = new CommandLine(main);
    line.setErr(new PrintWriter(terminal.err(), true));
    line.setExecutionExceptionHandler((error, command, parsed) -> main.failed(error));
    line.setParameterExceptionHandler(
        (error, arguments) -> {
          String command = error.getCommandLine().getCommandSpec().qualifiedName();
          terminal.message("netfs: " + error.getMessage() + "; see " + command + " --help");
          return WRONG_USAGE;
        });
    line.setExecutionStrategy(
        parsed -> {
          main.setUpLogging();
          return new CommandLine.RunLast().execute(parsed);
        });
    return line;
  }

  Terminal terminal() {
    return terminal;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  /** Keeps the log off the terminal, unless it is asked for or configured from outside. */
  private void setUpLogging() {
    boolean configured =
        System.getProperty("java.util.logging.config.file") != null
            || System.getProperty("java.util.logging.config.class") != null;
    if (!configured) {
      Logger.getLogger("").setLevel(verbose ? Level.INFO : Level.OFF);
    }
  }

  private int failed(Throwable error) {
    if (error instanceof Terminal.OutputException output && output.isBrokenPipe()) {
      return FAILED; // whoever read it has enough
    }
    report(ErrorText.of(error), error);
    if (error instanceof UsageException) {
      return WRONG_USAGE;
    }
    return error instanceof dev.netfs.share.ShareConnectException ? NOT_MOUNTED : FAILED;
  }

  /** Prints what went wrong: one line, and the stack trace if it is wanted. */
  void report(String text, Throwable error) {
    terminal.message("netfs: " + text);
    if (verbose) {
      error.printStackTrace(terminal.err());
    }
  }

  /** Reads the version that the build wrote beside this class. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      var properties = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
        properties.load(
            Objects.requireNonNull(in, "version.properties, which the build puts beside Main"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new String[] {"netfs " + properties.getProperty("version")};
    }
  }
}
