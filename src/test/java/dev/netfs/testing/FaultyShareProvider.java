package dev.netfs.testing;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import dev.netfs.share.path.PathShareProvider;
import dev.netfs.testing.Faults.Fault;
import dev.netfs.testing.Faults.Kind;
import dev.netfs.testing.Faults.Plan;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Connects {@link FaultyShare}s, for tests of the engine and of what stands on it: the scheme
 * {@code netfs+faulty}, whose options are objects.
 *
 * <pre>{@code
 * Faults faults = Faults.seeded(42).rate(Fault.SHORT, 0.5).rate(Fault.DISCONNECT_AFTER, 0.01).build();
 * URI uri = FaultyShareProvider.uri();
 * FileSystems.newFileSystem(uri, FaultyShareProvider.options(directory, faults));
 * }</pre>
 */
public final class FaultyShareProvider implements ShareProvider {
  private static final String SCHEME = "netfs+faulty";

  /** For {@link java.util.ServiceLoader}. */
  public FaultyShareProvider() {}

  /** Connects the share below. */
  public interface Backing {
    Share connect() throws IOException;
  }

  /** Returns a mount's URI that no other test uses. */
  public static URI uri() {
    return URI.create(SCHEME + "://" + UUID.randomUUID() + "/");
  }

  /** Returns the options of a mount with faults of a directory, through the path transport. */
  public static Map<String, Object> options(Path directory, Faults faults) {
    return options(
        () ->
            new PathShareProvider()
                .connect(
                    new ShareConfig(
                        URI.create("netfs+path:///faulty"),
                        ShareOptions.of(Map.of("path", directory)))),
        faults);
  }

  /** Returns the options of a mount with faults of any share; more may be added. */
  public static Map<String, Object> options(Backing backing, Faults faults) {
    return new HashMap<>(Map.of("backing", backing, "faults", faults));
  }

  @Override
  public java.util.Set<String> schemes() {
    return java.util.Set.of(SCHEME);
  }

  @Override
  public java.util.Set<String> options() {
    return java.util.Set.of("backing", "faults");
  }

  @Override
  public String missingLibrary() {
    return null;
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    if (!(config.options().get("backing") instanceof Backing backing)
        || !(config.options().get("faults") instanceof Faults faults)) {
      throw new IllegalArgumentException(
          "options 'backing' and 'faults' have to be a FaultyShareProvider.Backing and a Faults");
    }
    Plan plan = faults.plan(Kind.CONNECT);
    if (plan.isError() || plan.has(Fault.DISCONNECT_BEFORE) || plan.has(Fault.HANG)) {
      throw new ShareConnectException(
          Reason.UNREACHABLE, config.uri() + ": injected at " + plan, null);
    }
    Share share = backing.connect();
    if (plan.has(Fault.DISCONNECT_AFTER)) {
      share.close();
      throw new ShareConnectException(
          Reason.UNREACHABLE,
          config.uri() + ": injected at " + plan,
          new ShareDisconnectedException("lost", null));
    }
    return new FaultyShare(share, faults);
  }
}
