/**
 * netfs: {@code java.nio.file} on remote shares.
 *
 * <p>Client libraries of the transports are optional ({@code requires static}); a mount that needs
 * a missing one says which artifact to add.
 */
module dev.netfs {
  requires static transitive org.jspecify;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.cbor;
  requires com.github.benmanes.caffeine;
  requires info.picocli;
  requires org.apache.commons.compress;
  requires static org.apache.sshd.osgi;
  requires static org.apache.sshd.sftp;
  requires org.slf4j;
  requires java.logging;
  requires java.management;
  requires java.security.jgss;
  requires jdk.management;
  requires jdk.security.jgss;

  exports dev.netfs;
  exports dev.netfs.share;

  uses dev.netfs.share.ShareProvider;

  provides java.nio.file.spi.FileSystemProvider with
      dev.netfs.nio.NamedMountProvider,
      dev.netfs.nio.NetfsFileProvider,
      dev.netfs.nio.NetfsPathProvider,
      dev.netfs.nio.NetfsSftpProvider,
      dev.netfs.nio.NetfsSmbProvider;
  provides dev.netfs.share.ShareProvider with
      dev.netfs.share.path.PathShareProvider,
      dev.netfs.share.sftp.SftpShareProvider,
      dev.netfs.share.smb.SmbShareProvider;

  // picocli fills the annotated fields of the commands by reflection.
  opens dev.netfs.cli to
      info.picocli;
}
