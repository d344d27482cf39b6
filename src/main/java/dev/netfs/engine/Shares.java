package dev.netfs.engine;

import dev.netfs.share.ShareProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the transport for a URI's scheme. */
final class Shares {
  private Shares() {}

  /** Of one class loader: a bound on an iterator that may fail for ever. */
  private static final int MOST_FAILURES = 100;

  /**
   * Returns the transport that serves a scheme.
   *
   * <p>Looks where netfs itself was loaded from, which in a fat jar is a class loader that the
   * system knows nothing of, and then where the running thread's application was. What is found
   * there may be useless, such as the transports of a second copy of netfs, which are of that
   * copy's types: a provider that does not load is passed over, and named if no other serves the
   * scheme.
   *
   * @throws IllegalArgumentException if there is none; names those there are
   */
  static ShareProvider forScheme(String scheme) {
    Set<String> known = new TreeSet<>();
    List<ServiceConfigurationError> failures = new ArrayList<>();
    Set<@Nullable ClassLoader> loaders = new LinkedHashSet<>();
    loaders.add(Shares.class.getClassLoader());
    loaders.add(Thread.currentThread().getContextClassLoader());
    for (ClassLoader loader : loaders) {
      for (ShareProvider provider : providers(loader, failures)) {
        if (provider.schemes().contains(scheme)) {
          return provider;
        }
        known.addAll(provider.schemes());
      }
    }
    StringBuilder message = new StringBuilder("no transport for the scheme '").append(scheme);
    message.append("' is on the class path; there are ").append(String.join(", ", known));
    for (ServiceConfigurationError failure : failures) {
      message.append("; did not load: ").append(failure.getMessage());
    }
    IllegalArgumentException none = new IllegalArgumentException(message.toString());
    failures.forEach(none::addSuppressed);
    throw none;
  }

  private static List<ShareProvider> providers(
      @Nullable ClassLoader loader, List<ServiceConfigurationError> failures) {
    List<ShareProvider> providers = new ArrayList<>();
    Iterator<ShareProvider> found = ServiceLoader.load(ShareProvider.class, loader).iterator();
    for (int failed = 0; failed < MOST_FAILURES; ) {
      try {
        if (!found.hasNext()) {
          break;
        }
        providers.add(found.next());
      } catch (ServiceConfigurationError e) {
        failures.add(e); // the iterator goes on with the next one
        failed++;
      }
    }
    return providers;
  }
}
