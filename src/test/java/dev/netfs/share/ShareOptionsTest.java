package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShareOptionsTest {

  private static ShareOptions options(String name, Object value) {
    return ShareOptions.of(Map.of(name, value));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "17, 17",
    "17b, 17",
    "64KiB, 65536",
    "64kb, 65536",
    "64K, 65536",
    "1m, 1048576",
    "' 10 GB ', 10737418240",
    "2TiB, 2199023255552",
  })
  void sizes(String text, long bytes) {
    assertThat(options("s", text).size("s", -1, 0, Long.MAX_VALUE)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "-1", "1.5k", "1kk", "k", "12ib", "99999999999999999999", "99999999t"})
  void malformedSizes(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("memory", text).size("memory", 1, 0, Long.MAX_VALUE))
        .withMessageContaining("'memory'")
        .withMessageContaining("'" + text + "'")
        .withMessageContaining("64KiB");
  }

  @Test
  void numbersHaveBounds() {
    assertThat(options("n", 5).integer("n", 1, 0, 10)).isEqualTo(5);
    assertThat(options("n", 5L).size("n", 1, 0, 10)).isEqualTo(5);
    assertThat(options("n", "10").integer("n", 1, 0, 10)).isEqualTo(10);
    assertThat(options("m", "10").integer("n", 1, 0, 10)).isEqualTo(1);
    for (Object bad : List.of(11, -1, "11", 11.0)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options("n", bad).integer("n", 1, 0, 10))
          .withMessageContaining("'n'")
          .withMessageContaining("from 0 to 10");
    }
    for (Object bad : List.of(1.5, "1k", "", "one")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options("n", bad).integer("n", 1, 0, 10))
          .withMessageContaining("whole number");
    }
  }

  @ParameterizedTest
  @CsvSource({"500ms, PT0.5S", "3s, PT3S", "10m, PT10M", "2H, PT2H", "1 d, PT24H", "0s, PT0S"})
  void durations(String text, Duration duration) {
    assertThat(options("d", text).duration("d", Duration.ZERO)).isEqualTo(duration);
  }

  @Test
  void durationsAsObjects() {
    assertThat(options("d", Duration.ofNanos(7)).duration("d", Duration.ZERO))
        .isEqualTo(Duration.ofNanos(7));
    assertThat(options("x", 1).duration("d", Duration.ofDays(1))).isEqualTo(Duration.ofDays(1));
    for (Object bad : List.of("3", "s", "-1s", "1 week", 5, Duration.ofSeconds(-1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options("timeout", bad).duration("timeout", Duration.ZERO))
          .withMessageContaining("'timeout'")
          .withMessageContaining("'" + bad + "'");
    }
  }

  @Test
  void choicesAndBooleans() {
    assertThat(options("c", "Strict").choice("c", "none", "none", "strict")).isEqualTo("strict");
    assertThat(options("x", "").choice("c", "none", "none", "strict")).isEqualTo("none");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("cache", "srtict").choice("cache", "none", "none", "strict"))
        .withMessageContainingAll("'cache'", "'srtict'", "none, strict");
    assertThat(options("b", "false").bool("b", true)).isFalse();
    assertThat(options("b", Boolean.TRUE).bool("b", false)).isTrue();
    assertThat(options("x", "").bool("b", true)).isTrue();
    assertThatIllegalArgumentException().isThrownBy(() -> options("b", "yes").bool("b", true));
  }

  @Test
  void secretsComeInAllForms() {
    AtomicInteger asked = new AtomicInteger();
    Supplier<char[]> supplier =
        () -> {
          asked.incrementAndGet();
          return "s3cret".toCharArray();
        };
    for (Object value :
        List.of("s3cret", new StringBuilder("s3cret"), "s3cret".toCharArray(), supplier)) {
      assertThat(options("password", value).secret("password"))
          .containsExactly("s3cret".toCharArray());
    }
    assertThat(asked).hasValue(1);
    assertThat(options("x", "").secret("password")).isNull();
    Supplier<char[]> nothing = () -> null;
    assertThat(options("password", nothing).secret("password")).isNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("password", 12345).secret("password"))
        .withMessageContaining("'password'")
        .withMessageNotContaining("12345")
        .satisfies(e -> assertThat(e.toString()).doesNotContain("12345"));
  }

  @Test
  void secretArraysAreCopiedBothWays() {
    char[] given = "abc".toCharArray();
    ShareOptions options = options("password", given);
    given[0] = 'x';
    char[] first = options.secret("password");
    assertThat(first).containsExactly('a', 'b', 'c');
    java.util.Arrays.fill(java.util.Objects.requireNonNull(first), '\0');
    assertThat(options.secret("password")).containsExactly('a', 'b', 'c');
  }

  @Test
  void secretsAreNeverShown() {
    Map<String, Object> values = new HashMap<>();
    for (String name : ShareOptions.SECRETS) {
      values.put(name, "hush-" + name);
    }
    Supplier<char[]> supplier = () -> "hush".toCharArray();
    values.put("other", supplier);
    values.put("chars", "hush".toCharArray());
    values.put("rsize", "64KiB");
    ShareOptions options = ShareOptions.of(values);
    assertThat(options.toString())
        .doesNotContain("hush")
        .contains("rsize=64KiB")
        .contains("password=***");
    for (String name : ShareOptions.SECRETS) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options.get(name))
          .withMessageContaining(name)
          .withMessageNotContaining("hush");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options.string(name))
          .withMessageNotContaining("hush");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> options.size(name, 0, 0, 1))
          .withMessageNotContaining("hush");
    }
    ShareConfig config = new ShareConfig(java.net.URI.create("netfs+x://h/"), options);
    assertThat(config.toString()).doesNotContain("hush");
  }

  @Test
  void secretsInFiles(@TempDir Path directory) throws Exception {
    Path file = Files.writeString(directory.resolve("pw"), "s3cret \u00fc\r\n");
    ShareOptions options = options("passwordFile", file.toString());
    assertThat(options.secret("password", "passwordFile"))
        .containsExactly("s3cret \u00fc".toCharArray());
    assertThat(options("password", "a").secret("password", "passwordFile")).containsExactly('a');
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                ShareOptions.of(Map.of("password", "hush", "passwordFile", file))
                    .secret("password", "passwordFile"))
        .withMessageContainingAll("'password'", "'passwordFile'")
        .withMessageNotContaining("hush");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                options("passwordFile", directory.resolve("none"))
                    .secret("password", "passwordFile"))
        .withMessageContaining("'passwordFile'");
  }

  @Test
  void namesAndPaths() {
    ShareOptions options = ShareOptions.of(Map.of("a", "b", "c", Path.of("d")));
    assertThat(options.names()).containsExactlyInAnyOrder("a", "c");
    assertThat(options.isSet("a")).isTrue();
    assertThat(options.isSet("b")).isFalse();
    assertThat(options.path("a")).isEqualTo(Path.of("b"));
    assertThat(options.path("c")).isEqualTo(Path.of("d"));
    assertThat(options.path("e")).isNull();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options("f", "\0").path("f"))
        .withMessageContaining("'f'");
    Map<String, Object> withNull = new HashMap<>();
    withNull.put("n", null);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ShareOptions.of(withNull))
        .withMessageContaining("'n'");
  }

  @Test
  void urisWithPasswordsAreRefusedWithoutShowingThem() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new ShareConfig(
                    java.net.URI.create("netfs+x://me:hush@h/"), ShareOptions.of(Map.of())))
        .withMessageNotContaining("hush");
  }
}
