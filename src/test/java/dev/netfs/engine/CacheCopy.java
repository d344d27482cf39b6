package dev.netfs.engine;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * A copy of a cache that a mount works with: what a JVM that is killed at this moment leaves. The
 * mount goes on meanwhile, so that a file may go after the walk has seen its name; it is then
 * missing in the copy, as it would be a moment later.
 */
final class CacheCopy {
  private CacheCopy() {}

  static void copy(Path cache, Path copy) throws IOException {
    Files.walkFileTree(
        cache,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectories(to(directory));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            try {
              Files.copy(file, to(file));
            } catch (NoSuchFileException e) {
              Files.deleteIfExists(to(file));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          private Path to(Path path) {
            return copy.resolve(cache.relativize(path).toString());
          }
        });
  }
}
