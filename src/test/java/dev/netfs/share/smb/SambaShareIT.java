package dev.netfs.share.smb;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareContract;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The SPI's contract over Samba. */
class SambaShareIT extends ShareContract {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static SambaServer server;

  private String root;

  @BeforeAll
  static void startServer() throws IOException {
    server = SambaServer.start();
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
    return new SmbShareProvider()
        .connect(new ShareConfig(server.uri(root), ShareOptions.of(server.options())));
  }

  @Override
  protected Set<Feature> features() {
    Set<Feature> missing =
        EnumSet.of(
            Feature.POSIX,
            Feature.OWNER_NUMBERS,
            Feature.SYMBOLIC_LINKS,
            Feature.SET_LINK_TIMES,
            Feature.STAT_AFTER_RENAME, // of a directory that has open files in it
            Feature.ANY_NAME,
            Feature.LINK_COUNTS); // listings do not tell
    return EnumSet.complementOf(EnumSet.copyOf(missing));
  }

  @Override
  protected Path serverRoot() {
    return server.data().resolve(root.substring(1));
  }
}
