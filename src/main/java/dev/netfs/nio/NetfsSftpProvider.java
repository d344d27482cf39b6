package dev.netfs.nio;

/** Mounts directories of SFTP servers: the scheme {@code netfs+sftp}. */
public final class NetfsSftpProvider extends NetfsFileSystemProvider {
  /** For the JDK, which finds it as a service. */
  public NetfsSftpProvider() {
    super("netfs+sftp");
  }
}
