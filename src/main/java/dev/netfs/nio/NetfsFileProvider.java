package dev.netfs.nio;

/** Mounts directories of the default file system: the scheme {@code netfs+file}. */
public final class NetfsFileProvider extends NetfsFileSystemProvider {
  /** For the JDK, which finds it as a service. */
  public NetfsFileProvider() {
    super("netfs+file");
  }
}
