package dev.netfs.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class ServersTest {

  private final String before = System.getProperty(Servers.REQUIRED);

  @AfterEach
  void restore() {
    set(before);
  }

  @Test
  void whatIsThereEndsNothing() {
    set("true");
    assertThatCode(() -> Servers.require(true, "a server")).doesNotThrowAnyException();
  }

  @Test
  void missingSkipsTheTest() {
    set(null);
    assertThatThrownBy(
            () -> Servers.require(false, "the server of ServersTest (nothing to install)"))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("nothing to install");
  }

  @Test
  void missingFailsTheTestWhereServersAreRequired() {
    set("true");
    assertThatThrownBy(
            () -> Servers.require(false, "the server of ServersTest (nothing to install)"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("nothing to install");
  }

  @Test
  void findsProgramsByName() {
    assertThat(Servers.program("sh")).isPresent();
    assertThat(Servers.program("no-such-program-anywhere")).isEmpty();
  }

  private static void set(String value) {
    if (value == null) {
      System.clearProperty(Servers.REQUIRED);
    } else {
      System.setProperty(Servers.REQUIRED, value);
    }
  }
}
