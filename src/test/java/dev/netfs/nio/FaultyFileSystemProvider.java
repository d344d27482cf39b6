package dev.netfs.nio;

/**
 * Mounts {@link dev.netfs.testing.FaultyShare}s: the scheme {@code netfs+faulty}, in tests only.
 */
public final class FaultyFileSystemProvider extends NetfsFileSystemProvider {
  /** For the JDK, which finds it as a service. */
  public FaultyFileSystemProvider() {
    super("netfs+faulty");
  }
}
