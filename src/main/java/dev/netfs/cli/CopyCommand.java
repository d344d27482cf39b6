package dev.netfs.cli;

import dev.netfs.cli.CopyPlan.Failure;
import dev.netfs.cli.CopyPlan.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code netfs cp}. */
@Command(
    name = "cp",
    description = {
      "Copies files: local ones and those of any share, in any direction.",
      "A target that is a directory gets the sources put into it; a file that is there already is"
          + " overwritten. On a terminal a progress bar shows how far it is."
    },
    footer = {
      "",
      "Example: netfs cp -r reports netfs+sftp://me@server/data",
    })
final class CopyCommand extends MountingCommand {
  @Option(
      names = {"-r", "-R"},
      description = "Copy directories with all that is in them; symbolic links as links.")
  private boolean recursive;

  @Option(names = "-p", description = "Give the copies the permissions and times of the originals.")
  private boolean preserve;

  @Parameters(
      arity = "2..*",
      paramLabel = "SOURCE... TARGET",
      hideParamSyntax = true,
      description = "Local paths and URIs.")
  private List<String> places;

  @Override
  void run(Mounts mounts) throws IOException {
    List<Path> paths = mounts.paths(places);
    List<Path> sources = paths.subList(0, paths.size() - 1);
    Path target = paths.get(paths.size() - 1);
    boolean into = Files.isDirectory(target);
    if (!into && sources.size() > 1) {
      throw new UsageException(
          Mounts.name(target) + ": is not a directory, which several sources need as their target");
    }
    CopyPlan plan = new CopyPlan();
    for (Path source : sources) {
      try {
        plan.add(source, into ? within(target, source) : target, recursive);
      } catch (IOException e) {
        failed(source, e);
      }
    }
    for (Failure failure : plan.failures()) {
      failed(failure.path(), failure.error());
    }
    try (Progress progress =
        new Progress(terminal().err(), terminal().errShown(), plan.bytes(), System::nanoTime)) {
      copy(plan, progress);
    }
  }

  private void copy(CopyPlan plan, Progress progress) throws IOException {
    Copier copier = new Copier(preserve, progress);
    int files = 0;
    for (Item item : plan.items()) {
      progress.label(String.valueOf(item.source().getFileName()));
      try {
        copier.copy(item);
        files += item.info().isDirectory() ? 0 : 1;
      } catch (IOException e) {
        progress.clear();
        failed(item.source(), e);
      }
    }
    if (preserve) {
      preserveDirectories(plan, copier);
    }
    progress.finish(files == 1 ? "1 file" : files + " files");
  }

  /** Last, and the innermost first: what is put into a directory changes its time. */
  private void preserveDirectories(CopyPlan plan, Copier copier) throws IOException {
    for (int i = plan.items().size() - 1; i >= 0; i--) {
      Item item = plan.items().get(i);
      if (item.info().isDirectory()) {
        try {
          copier.preserve(item);
        } catch (IOException e) {
          failed(item.target(), e);
        }
      }
    }
  }

  /** Returns where a source goes in a directory; the root of a share has no name: right there. */
  private static Path within(Path directory, Path source) {
    @Nullable Path name = source.toAbsolutePath().normalize().getFileName();
    return name == null ? directory : directory.resolve(name.toString());
  }
}
