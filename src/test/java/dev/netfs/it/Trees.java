package dev.netfs.it;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Describes and deletes trees of files. */
final class Trees {
  /** Modification times before this were set by somebody; later ones are those of changes. */
  private static final FileTime OLD = FileTime.from(1_500_000_000L, TimeUnit.SECONDS);

  private Trees() {}

  /**
   * Describes what is in a directory, by name: type, permissions, size and SHA-256 of a file, where
   * a link leads, and the modification time if it was set.
   *
   * @param permissions whether permissions count
   */
  static TreeMap<String, String> describe(Path root, boolean permissions) throws IOException {
    TreeMap<String, String> tree = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            String set = directory.equals(root) ? "" : time(attributes);
            put(directory, "directory" + permissionsOf(directory) + set);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            put(
                file,
                attributes.isSymbolicLink()
                    ? "link to " + shown(Files.readSymbolicLink(file))
                    : "file"
                        + permissionsOf(file)
                        + time(attributes)
                        + " "
                        + attributes.size()
                        + " "
                        + sha256(file));
            return FileVisitResult.CONTINUE;
          }

          private void put(Path path, String what) {
            tree.put(root.relativize(path).toString(), what);
          }

          private String shown(Path target) {
            return target.startsWith(root) ? "/" + root.relativize(target) : target.toString();
          }

          private String permissionsOf(Path path) throws IOException {
            return permissions
                ? " " + PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
                : "";
          }
        });
    return tree;
  }

  static boolean isOld(FileTime time) {
    return time.compareTo(OLD) < 0;
  }

  private static String time(BasicFileAttributes attributes) {
    FileTime modified = attributes.lastModifiedTime();
    return isOld(modified) ? " " + modified.to(TimeUnit.SECONDS) : "";
  }

  static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
