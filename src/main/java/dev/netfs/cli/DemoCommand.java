package dev.netfs.cli;

import dev.netfs.cli.bench.TemporaryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** {@code netfs demo}. */
@Command(
    name = "demo",
    description = {
      "Shows netfs at work, with no set-up: starts an SFTP server of its own on the loopback"
          + " interface, mounts it, reads and writes through Files.*, and checks every byte."
    })
final class DemoCommand implements Callable<Integer> {
  @ParentCommand private Main main;

  @Override
  public Integer call() throws IOException {
    Path directory = Files.createTempDirectory("netfs-demo-");
    // For an end by Ctrl-C.
    Thread hook = new Thread(() -> deleteQuietly(directory), "netfs-demo-clean-up");
    Runtime.getRuntime().addShutdownHook(hook);
    List<String> failures;
    try (Demo demo = new Demo(directory, main.terminal())) {
      failures = demo.run();
    } catch (IOException | RuntimeException e) {
      main.report(ErrorText.of(e), e);
      failures = List.of("an exception");
    } catch (LinkageError e) {
      main.report(ErrorText.of(e), e);
      failures = List.of("a library is missing");
    } finally {
      Runtime.getRuntime().removeShutdownHook(hook);
      TemporaryTree.delete(directory);
    }
    main.terminal()
        .print(
            failures.isEmpty()
                ? "demo: OK\n"
                : "demo: FAILED: " + String.join("; ", failures) + "\n");
    return failures.isEmpty() ? 0 : Main.FAILED;
  }

  static void deleteQuietly(Path directory) {
    try {
      TemporaryTree.delete(directory);
    } catch (IOException e) {
      // The JVM is ending, and the files are in the directory for temporary ones.
    }
  }
}
