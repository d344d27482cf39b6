package dev.netfs.share.sftp;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareContract;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The SPI's contract over OpenSSH. */
class OpenSshShareIT extends ShareContract {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static OpenSshServer server;

  private String root;

  @BeforeAll
  static void startServer() throws IOException {
    server = OpenSshServer.start();
  }

  @AfterAll
  static void stopServer() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected void makeRoot() throws IOException {
    root = "/share" + COUNT.incrementAndGet();
    Files.createDirectory(serverRoot());
    server.own(serverRoot());
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
    Set<Feature> missing =
        EnumSet.of( // what SFTP version 3 has not
            Feature.LOCKS,
            Feature.LEASES,
            Feature.NOTIFICATIONS,
            Feature.FILE_KEYS,
            Feature.LINK_COUNTS);
    return EnumSet.complementOf(EnumSet.copyOf(missing));
  }

  @Override
  protected Path serverRoot() {
    return server.data().resolve(root.substring(1));
  }
}
