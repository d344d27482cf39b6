package dev.netfs.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** A command whose arguments are URIs: mounts them, and unmounts them at the end. */
abstract class MountingCommand implements Callable<Integer> {
  @ParentCommand private Main main;
  @Mixin private MountArguments mounting;
  private boolean failed;

  @Override
  public final Integer call() throws IOException {
    try (Mounts mounts = new Mounts(mounting, main.terminal())) {
      run(mounts);
    }
    return failed ? Main.FAILED : 0;
  }

  /** Does what the command does. */
  abstract void run(Mounts mounts) throws IOException;

  Terminal terminal() {
    return main.terminal();
  }

  /** Notes that something failed, says what, and lets the command go on with the rest. */
  void failed(Path path, Exception error) throws Terminal.OutputException {
    if (error instanceof Terminal.OutputException output) {
      throw output; // there is no use in going on
    }
    failed = true;
    main.report(ErrorText.of(Mounts.name(path), error), error);
  }
}
