package dev.netfs.share.smb;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.ShareProvider;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Shares over SMB 2.1 to 3.1.1 (MS-SMB2): {@code netfs+smb://user@host:port/share/directory}. Needs
 * no library: the protocol is spoken here, the ciphers are the JDK's.
 *
 * <p>DFS links are followed, on the way to the mount's root and below it.
 *
 * <p>Every message is signed, or encrypted where the server can; a server that can do neither is
 * refused.
 *
 * <p>Options: {@code password} or {@code passwordFile}; {@code domain}, the user's domain or
 * workgroup; {@code sec}, how to sign on: {@code ntlmssp} (with the password) or {@code krb5} (with
 * a ticket); {@code guest}, {@code true} to sign on as nobody in particular, unsigned; {@code
 * seal}, what to encrypt: {@code auto}, everything where the server can, {@code required},
 * everything or else the mount fails, {@code server}, only what the server wants so. {@code
 * connectTimeout} bounds connecting and signing on.
 */
public final class SmbShareProvider implements ShareProvider {
  private static final Set<String> OPTIONS =
      Set.of("password", "passwordFile", "domain", "sec", "guest", "seal", "connectTimeout");

  private final LongSupplier nanoTime;

  /** Makes one that goes by the system's clock. */
  public SmbShareProvider() {
    this(System::nanoTime);
  }

  SmbShareProvider(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  @Override
  public Set<String> schemes() {
    return Set.of(SmbTarget.SCHEME);
  }

  @Override
  public Set<String> options() {
    return OPTIONS;
  }

  @Override
  public @Nullable String missingLibrary() {
    return null;
  }

  @Override
  public Share connect(ShareConfig config) throws IOException {
    return connect(config, Map.of());
  }

  @Override
  public Share reconnect(ShareConfig config, Share lost) throws IOException {
    return connect(
        config, lost instanceof DfsShare dfs ? dfs.shares() : Map.of("", (SmbShare) lost));
  }

  /**
   * @param lost the shares that were connected before, by where they were in the mount
   */
  private Share connect(ShareConfig config, Map<String, SmbShare> lost) throws IOException {
    ShareOptions options = config.options();
    SmbTree tree = SmbConnector.connect(SmbTarget.of(config), options, lost.get(""));
    return tree.dfs()
        ? new DfsShare(
            tree,
            (targets, prefix, before) ->
                SmbConnector.connectFirst(targets, options, prefix, before),
            lost,
            nanoTime)
        : tree.share();
  }
}
