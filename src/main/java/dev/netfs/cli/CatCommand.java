package dev.netfs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code netfs cat}. */
@Command(name = "cat", description = "Writes files to the standard output, byte by byte as is.")
final class CatCommand extends MountingCommand {
  private static final int BUFFER = 256 * 1024;

  @Parameters(arity = "1..*", paramLabel = "URI", description = "The files.")
  private List<String> uris;

  @Override
  void run(Mounts mounts) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (Path path : mounts.paths(uris)) {
      try {
        if (Files.isDirectory(path)) {
          throw new IOException("is a directory");
        }
        try (InputStream in = Files.newInputStream(path)) {
          for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            terminal().write(buffer, count);
          }
        }
      } catch (IOException e) {
        failed(path, e);
      }
    }
  }
}
