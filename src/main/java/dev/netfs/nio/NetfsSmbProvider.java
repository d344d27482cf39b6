package dev.netfs.nio;

/** Mounts directories of SMB servers, Windows' and Samba's: the scheme {@code netfs+smb}. */
public final class NetfsSmbProvider extends NetfsFileSystemProvider {
  /** For the JDK, which finds it as a service. */
  public NetfsSmbProvider() {
    super("netfs+smb");
  }
}
