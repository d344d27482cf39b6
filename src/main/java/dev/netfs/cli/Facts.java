package dev.netfs.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What commands show of a file or directory.
 *
 * @param type what it is
 * @param size its size in bytes
 * @param permissions its permissions as {@code rwxr-x---}, or null if it has none
 * @param owner its owner's name, or null
 * @param group its group's name, or null
 * @param target where it leads, if it is a symbolic link that can be read, or null
 */
record Facts(
    Type type,
    long size,
    FileTime modified,
    FileTime accessed,
    FileTime created,
    @Nullable String permissions,
    @Nullable String owner,
    @Nullable String group,
    @Nullable String target) {

  /** What something is; the letter is that of {@code ls -l}. */
  enum Type {
    FILE('-', "file"),
    DIRECTORY('d', "directory"),
    LINK('l', "symbolic link"),
    OTHER('?', "other");

    final char letter;
    final String text;

    Type(char letter, String text) {
      this.letter = letter;
      this.text = text;
    }

    static Type of(BasicFileAttributes attributes) {
      if (attributes.isSymbolicLink()) {
        return LINK;
      } else if (attributes.isDirectory()) {
        return DIRECTORY;
      }
      return attributes.isRegularFile() ? FILE : OTHER;
    }
  }

  /**
   * Asks for what is known of an object.
   *
   * @param options whether a symbolic link is followed
   */
  static Facts of(Path path, LinkOption... options) throws IOException {
    Set<String> views = path.getFileSystem().supportedFileAttributeViews();
    if (!views.contains("posix")) {
      return of(path, Files.readAttributes(path, BasicFileAttributes.class, options), null);
    }
    PosixFileAttributes posix = Files.readAttributes(path, PosixFileAttributes.class, options);
    return of(path, posix, posix);
  }

  private static Facts of(
      Path path, BasicFileAttributes basic, @Nullable PosixFileAttributes posix) {
    return new Facts(
        Type.of(basic),
        basic.size(),
        basic.lastModifiedTime(),
        basic.lastAccessTime(),
        basic.creationTime(),
        posix == null ? null : PosixFilePermissions.toString(posix.permissions()),
        posix == null ? null : posix.owner().getName(),
        posix == null ? null : posix.group().getName(),
        basic.isSymbolicLink() ? target(path) : null);
  }

  private static @Nullable String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return null; // gone meanwhile, or unreadable: the rest is worth showing
    }
  }

  /** Returns the type and the permissions as {@code ls -l} shows them. */
  String mode() {
    return type.letter + (permissions == null ? "?????????" : permissions);
  }

  /** Writes the fields into the JSON object that is open. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeStringField("type", type.text);
    json.writeNumberField("size", size);
    json.writeStringField("modified", modified.toString());
    json.writeStringField("accessed", accessed.toString());
    json.writeStringField("created", created.toString());
    optional(json, "permissions", permissions);
    optional(json, "owner", owner);
    optional(json, "group", group);
    optional(json, "target", target);
  }

  private static void optional(JsonGenerator json, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }
}
