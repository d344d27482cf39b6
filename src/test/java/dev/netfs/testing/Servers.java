package dev.netfs.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.opentest4j.TestAbortedException;

/**
 * What an integration test says when the server it needs is not on this machine.
 *
 * <p>By default such a test is skipped, so that a build passes anywhere. With {@code
 * -Dnetfs.it.required=true} it fails, so that a machine that is meant to run everything cannot
 * silently run nothing.
 */
public final class Servers {

  /** The system property that turns a missing server into a failure. */
  public static final String REQUIRED = "netfs.it.required";

  private Servers() {}

  /**
   * Ends the test unless what it needs is there.
   *
   * @param present whether it is there
   * @param whatAndHowToInstall what is needed and how to get it, such as {@code "sshd (apt-get
   *     install openssh-server)"}
   * @throws AssertionError if it is missing and {@value #REQUIRED} is {@code true}
   * @throws TestAbortedException if it is missing otherwise
   */
  public static void require(boolean present, String whatAndHowToInstall) {
    if (present) {
      return;
    }
    if (Boolean.getBoolean(REQUIRED)) {
      Assertions.fail("Missing, and -D" + REQUIRED + "=true: " + whatAndHowToInstall);
    }
    String line = "SKIPPED, because this is missing: " + whatAndHowToInstall;
    System.err.println(line);
    throw new TestAbortedException(line);
  }

  /**
   * Finds a program, on {@code PATH} and where administrators' programs are kept, which the {@code
   * PATH} of an ordinary user often lacks.
   *
   * @param name the program's file name
   * @return its absolute path, or empty if there is none
   */
  public static Optional<Path> program(String name) {
    List<String> folders = new ArrayList<>();
    String path = System.getenv("PATH");
    if (path != null) {
      folders.addAll(List.of(path.split(File.pathSeparator)));
    }
    folders.addAll(List.of("/usr/sbin", "/usr/local/sbin", "/sbin"));
    return folders.stream()
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name).toAbsolutePath())
        .filter(Files::isExecutable)
        .findFirst();
  }
}
