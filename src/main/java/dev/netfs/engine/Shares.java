package dev.netfs.engine;

import dev.netfs.share.ShareProvider;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the transport for a URI's scheme. */
final class Shares {
  private Shares() {}

  /**
   * Returns the transport that serves a scheme.
   *
   * <p>Looks where netfs itself was loaded from, which in a fat jar is a class loader that the
   * system knows nothing of, and then where the running thread's application was.
   *
   * @throws IllegalArgumentException if there is none; names those there are
   */
  static ShareProvider forScheme(String scheme) {
    Set<String> known = new TreeSet<>();
    for (ShareProvider provider : all()) {
      if (provider.schemes().contains(scheme)) {
        return provider;
      }
      known.addAll(provider.schemes());
    }
    throw new IllegalArgumentException(
        "no transport for the scheme '"
            + scheme
            + "' is on the class path; there are "
            + String.join(", ", known));
  }

  private static List<ShareProvider> all() {
    Set<@Nullable ClassLoader> loaders = new LinkedHashSet<>();
    loaders.add(Shares.class.getClassLoader());
    loaders.add(Thread.currentThread().getContextClassLoader());
    List<ShareProvider> providers = new ArrayList<>();
    for (ClassLoader loader : loaders) {
      ServiceLoader.load(ShareProvider.class, loader).forEach(providers::add);
    }
    return providers;
  }
}
