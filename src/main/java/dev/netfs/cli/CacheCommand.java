package dev.netfs.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code netfs cache}: without a subcommand it prints its usage. */
@Command(
    name = "cache",
    description = {
      "Shows what a cache on disk holds, and looks after it. Needs no server; mounts may use the"
          + " directory meanwhile."
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CacheListCommand.class,
      CacheStatCommand.class,
      CacheVerifyCommand.class,
      CacheEvictCommand.class,
      CacheRekeyCommand.class,
    })
final class CacheCommand implements Runnable {
  @ParentCommand private Main main;
  @Spec private CommandSpec spec;

  Main main() {
    return main;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
