package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That a mount's URI never carries a password anywhere, whatever its form. */
class MountSpecTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "netfs+sftp://me:hunter2@server/data",
        // java.net.URI takes no underscore in a host, and then sees no user either.
        "netfs+sftp://me:hunter2@my_server/data",
        "netfs+sftp://me:hunter2@my_server/data#x",
        "netfs+sftp://me:hunter2@server/data#x",
        "me:hunter2@server",
        "netfs+sftp:me:hunter2@server",
        "//me:hunter2@server/data",
        "netfs+sftp://server/data?password=hunter2"
      })
  void aPasswordIsRefusedAndNotRepeated(String uri) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> {
              MountSpec.root(URI.create(uri));
              MountSpec.queryOptions(URI.create(uri));
            })
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hunter2"));
  }

  @Test
  void aHostWithAnUnderscoreKeepsItsUser() {
    assertThat(MountSpec.root(URI.create("netfs+sftp://me@my_server/data/")))
        .isEqualTo(URI.create("netfs+sftp://me@my_server/data"));
  }
}
