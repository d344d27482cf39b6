package dev.netfs.share;

import java.util.Objects;

/**
 * One name in a directory, with the attributes that the listing carried.
 *
 * @param name the name, a single path element; never {@code "."}, {@code ".."} or empty
 * @param info the attributes of what the name itself stands for: of a symbolic link, the link's own
 */
public record DirectoryEntry(String name, FileInfo info) {
  public DirectoryEntry {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(info, "info");
  }
}
