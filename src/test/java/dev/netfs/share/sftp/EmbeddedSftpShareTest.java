package dev.netfs.share.sftp;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareContract;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.EmbeddedSftpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * The SPI's contract over MINA's server in this JVM. It looks up an open file's attributes by the
 * name that it was opened with.
 */
class EmbeddedSftpShareTest extends ShareContract {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static EmbeddedSftpServer server;

  private String root;

  @BeforeAll
  static void startServer(@TempDir Path directory) throws IOException {
    server = EmbeddedSftpServer.start(directory);
  }

  @AfterAll
  static void stopServer() throws IOException {
    server.close();
  }

  @Override
  protected void makeRoot() throws IOException {
    root = "/share" + COUNT.incrementAndGet();
    Files.createDirectory(serverRoot());
  }

  @Override
  protected void removeRoot() {}

  @Override
  protected Share connect() throws IOException {
    return new SftpShareProvider()
        .connect(new ShareConfig(server.uri(root), ShareOptions.of(server.options())));
  }

  @Override
  protected Set<Feature> features() {
    return EnumSet.of(
        Feature.POSIX,
        Feature.OWNER_NUMBERS,
        Feature.SET_TIMES,
        Feature.SYMBOLIC_LINKS,
        Feature.HARD_LINKS,
        Feature.ATOMIC_REPLACE,
        Feature.DURABLE_SYNC,
        Feature.ANY_NAME,
        Feature.SPARSE);
  }

  @Override
  protected Path serverRoot() {
    return server.root().resolve(root.substring(1));
  }
}
