package dev.netfs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code netfs} command: without a subcommand it prints its usage. */
@Command(
    name = "netfs",
    description = "Remote shares as ordinary Java file systems.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
public final class Main implements Runnable {

  @Spec private CommandSpec spec;

  private Main() {}

  /**
   * Runs the command and ends the JVM with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
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
