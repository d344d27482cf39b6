package dev.netfs.slf4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class SystemLoggerTest {

  private final Kept kept = new Kept();
  private final Logger logger = new SystemLogger("lib", kept);

  @Test
  void aLibrarysNewsIsDebug() {
    kept.threshold = Level.DEBUG;

    logger.error("an error");
    logger.warn("a warning");
    logger.info("news");
    logger.debug("details");
    logger.trace("more");

    assertThat(kept.lines)
        .containsExactly("ERROR an error", "WARNING a warning", "DEBUG news", "DEBUG details");
  }

  @Test
  void whatALibraryTracesMayHoldSecretsAndIsNeverKept() {
    kept.threshold = Level.ALL;

    logger.trace("key material");
    logger.trace("{} of {}", "key", "material");
    logger.atTrace().log("key material");

    assertThat(logger.isTraceEnabled()).isFalse();
    assertThat(kept.lines).isEmpty();
  }

  @Test
  void whatIsNotWantedIsNotMade() {
    kept.threshold = Level.INFO;

    logger.info("news");

    assertThat(kept.lines).isEmpty();
    assertThat(logger.isInfoEnabled()).isFalse();
    assertThat(logger.isWarnEnabled()).isTrue();
  }

  @Test
  void fillsInArgumentsAndKeepsTheThrowable() {
    kept.threshold = Level.TRACE;
    var cause = new IllegalStateException("the cause");

    logger.warn("{} of {} failed", 1, "two", cause);

    assertThat(kept.lines).containsExactly("WARNING 1 of two failed");
    assertThat(kept.thrown).containsExactly(cause);
  }

  @Test
  void aTextWithBracesIsNotAPatternTwice() {
    kept.threshold = Level.TRACE;

    logger.warn("path {}", "/a/{0}/{}");

    assertThat(kept.lines).containsExactly("WARNING path /a/{0}/{}");
  }

  @Test
  void theProviderNamesLoggers() {
    assertThat(new SystemLoggerProvider().getLoggerFactory().getLogger("a.b").getName())
        .isEqualTo("a.b");
  }

  private static final class Kept implements System.Logger {
    final List<String> lines = new ArrayList<>();
    final List<Throwable> thrown = new ArrayList<>();
    Level threshold = Level.ALL;

    @Override
    public String getName() {
      return "lib";
    }

    @Override
    public boolean isLoggable(Level level) {
      return level.getSeverity() >= threshold.getSeverity();
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable cause) {
      lines.add(level + " " + text);
      thrown.add(cause);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String pattern, Object... arguments) {
      throw new AssertionError("a text of a library went through a pattern: " + pattern);
    }
  }
}
