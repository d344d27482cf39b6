package dev.netfs.jar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** The jars that the build made, which the tests of this package are about. */
final class Jars {

  private Jars() {}

  /** The drop-in jar. */
  static Path all() {
    return built("netfs.all.jar");
  }

  /** The main artifact, without its dependencies. */
  static Path thin() {
    return built("netfs.jar");
  }

  private static Path built(String property) {
    String name = System.getProperty(property);
    assertThat(name).as("-D%s, which the build sets", property).isNotNull();
    assertThat(Path.of(name)).as("run `mvn package` first").isRegularFile();
    return Path.of(name);
  }
}
