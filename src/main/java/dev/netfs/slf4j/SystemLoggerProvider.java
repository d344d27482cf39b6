package dev.netfs.slf4j;

import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * The provider that the SLF4J of the all jar finds by {@link java.util.ServiceLoader}; hence
 * public. Immutable.
 */
public final class SystemLoggerProvider implements SLF4JServiceProvider {

  private final IMarkerFactory markers = new BasicMarkerFactory();
  private final MDCAdapter contexts = new NOPMDCAdapter();

  /** For the service loader. */
  public SystemLoggerProvider() {}

  @Override
  public ILoggerFactory getLoggerFactory() {
    // SLF4J's users keep their loggers in fields, and System.getLogger keeps what is behind them.
    return SystemLogger::new;
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return contexts;
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0.99";
  }

  @Override
  public void initialize() {}
}
