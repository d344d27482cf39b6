package dev.netfs.share.path;

import dev.netfs.share.Share;
import dev.netfs.share.ShareContract;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The path transport over the local file system of a POSIX system. */
@DisabledOnOs(OS.WINDOWS)
class LocalPathShareTest extends ShareContract {
  @TempDir Path root;

  @Override
  protected void makeRoot() {}

  @Override
  protected void removeRoot() {}

  @Override
  protected Share connect() throws IOException {
    return Connecting.to(root);
  }

  @Override
  protected Set<Feature> features() {
    return EnumSet.complementOf(EnumSet.of(Feature.LEASES, Feature.NOTIFICATIONS));
  }

  @Override
  protected Path serverRoot() {
    return root;
  }
}
