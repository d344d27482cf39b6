package dev.netfs.slf4j;

import java.lang.System.Logger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Hands what a library logs to the {@link System.Logger} of the same name.
 *
 * <p>A library's INFO is DEBUG here: to an application that reads files, "the server announced
 * support for ..." at every connection is no news. Its warnings and errors keep their level.
 *
 * <p>A library's TRACE goes nowhere, whatever is asked for: an SSH library traces the bytes of its
 * packets and of the keys that it reads, and no log of ours may hold a secret. Thread-safe.
 */
final class SystemLogger extends LegacyAbstractLogger {

  private static final long serialVersionUID = 1L;

  private final transient Logger target;

  SystemLogger(String name) {
    this(name, System.getLogger(name));
  }

  SystemLogger(String name, Logger target) {
    this.name = name;
    this.target = target;
  }

  @Override
  public boolean isTraceEnabled() {
    return false;
  }

  @Override
  public boolean isDebugEnabled() {
    return target.isLoggable(Logger.Level.DEBUG);
  }

  @Override
  public boolean isInfoEnabled() {
    return target.isLoggable(Logger.Level.DEBUG);
  }

  @Override
  public boolean isWarnEnabled() {
    return target.isLoggable(Logger.Level.WARNING);
  }

  @Override
  public boolean isErrorEnabled() {
    return target.isLoggable(Logger.Level.ERROR);
  }

  @Override
  protected @Nullable String getFullyQualifiedCallerName() {
    return null;
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      String pattern,
      Object @Nullable [] arguments,
      @Nullable Throwable thrown) {
    Logger.Level to =
        switch (level) {
          case ERROR -> Logger.Level.ERROR;
          case WARN -> Logger.Level.WARNING;
          case INFO, DEBUG -> Logger.Level.DEBUG;
          case TRACE -> throw new IllegalStateException("a trace, which is never enabled");
        };
    target.log(to, MessageFormatter.basicArrayFormat(pattern, arguments), thrown);
  }
}
