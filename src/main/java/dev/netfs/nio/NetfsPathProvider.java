package dev.netfs.nio;

/** Mounts directories of any other providerx27s file system: the scheme {@code netfs+path}. */
public final class NetfsPathProvider extends NetfsFileSystemProvider {
  /** For the JDK, which finds it as a service. */
  public NetfsPathProvider() {
    super("netfs+path");
  }
}
