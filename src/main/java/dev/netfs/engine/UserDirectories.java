package dev.netfs.engine;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Where the user's configuration of netfs is: {@code netfs} in {@code $XDG_CONFIG_HOME}; where that
 * is not set in {@code %APPDATA%} on Windows, in {@code ~/Library/Application Support} on macOS,
 * and, there too, in {@code ~/.config}.
 */
public final class UserDirectories {
  private UserDirectories() {}

  /**
   * Returns the directories that may hold configuration, the first that does counts; empty if there
   * is no home directory.
   *
   * @param property the system properties; null for one that is not set
   * @param environment the environment; null for a variable that is not set
   */
  public static List<Path> config(
      UnaryOperator<@Nullable String> property, UnaryOperator<@Nullable String> environment) {
    List<Path> directories = new ArrayList<>();
    Path home = absolute(property.apply("user.home"));
    String os = Objects.requireNonNullElse(property.apply("os.name"), "").toLowerCase(Locale.ROOT);
    Path xdg = absolute(environment.apply("XDG_CONFIG_HOME"));
    if (xdg != null) {
      directories.add(xdg);
    } else if (os.startsWith("windows")) {
      Path roaming = absolute(environment.apply("APPDATA"));
      if (roaming != null) {
        directories.add(roaming);
      } else if (home != null) {
        directories.add(home.resolve("AppData").resolve("Roaming"));
      }
    } else if (home != null) {
      if (os.startsWith("mac")) {
        directories.add(home.resolve("Library").resolve("Application Support"));
      }
      directories.add(home.resolve(".config"));
    }
    return directories.stream().map(directory -> directory.resolve("netfs")).toList();
  }

  /** Returns a variable's directory; a relative one does not count, as XDG's standard has it. */
  private static @Nullable Path absolute(@Nullable String value) {
    if (value == null || value.isEmpty()) {
      return null;
    }
    try {
      Path path = Path.of(value);
      return path.isAbsolute() ? path : null;
    } catch (InvalidPathException e) {
      return null; // no directory has this name
    }
  }
}
