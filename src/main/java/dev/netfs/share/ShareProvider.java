package dev.netfs.share;

import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A kind of share: what turns a URI of its schemes into a connected {@link Share}. Found by {@link
 * java.util.ServiceLoader}; an implementation has a public constructor without arguments, which
 * does nothing, and is safe for use by several threads.
 *
 * <p>An implementation must load, and answer every method but {@link #connect}, without its client
 * library on the class path: {@link #missingLibrary} says which artifact to add.
 */
public interface ShareProvider {
  /**
   * Returns the URI schemes that this provider serves, in lower case, such as {@code netfs+sftp}.
   */
  Set<String> schemes();

  /**
   * Returns the names of the options that {@link #connect} understands, besides the engine's own. A
   * mount with an option that neither knows is refused.
   */
  Set<String> options();

  /**
   * Returns what has to be added to the class path before {@link #connect} can work, as Maven
   * coordinates, or null if nothing is missing.
   */
  @Nullable String missingLibrary();

  /**
   * Connects to a share. Blocks until it is usable: the server reached and trusted, the user signed
   * on, the root found to be a directory.
   *
   * @param config where to, and how
   * @return the share, which its receiver has to close
   * @throws IllegalArgumentException if the URI or an option is malformed; names it
   * @throws ShareConnectException if the share cannot be connected; says why and what to do
   * @throws IOException if the thread was interrupted ({@link java.io.InterruptedIOException})
   */
  Share connect(ShareConfig config) throws IOException;

  /**
   * Connects to a share again, whose connection was lost: as {@link #connect}, but a server that
   * has not noticed the loss may be told to give up what the old connection holds, locks above all.
   *
   * @param config where to, and how
   * @param lost the share that this provider connected last with this configuration; it is closed
   */
  default Share reconnect(ShareConfig config, Share lost) throws IOException {
    return connect(config);
  }
}
