package dev.netfs.share.path;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.share.Share;
import dev.netfs.share.ShareContract;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/**
 * The path transport over Jimfs in the manner of Windows: other separators, roots and cases, no
 * POSIX attributes.
 */
class WindowsJimfsPathShareTest extends ShareContract {
  private FileSystem fileSystem;
  private Path root;

  @Override
  protected void makeRoot() throws IOException {
    fileSystem = Jimfs.newFileSystem(Configuration.windows());
    root = fileSystem.getPath("C:\\work\\root");
    Files.createDirectory(root);
  }

  @Override
  protected void removeRoot() throws IOException {
    fileSystem.close();
  }

  @Override
  protected Share connect() throws IOException {
    return Connecting.to(root);
  }

  @Override
  protected Set<Feature> features() {
    return EnumSet.complementOf(
        EnumSet.of(
            Feature.LEASES,
            Feature.NOTIFICATIONS,
            Feature.LOCKS,
            Feature.SPARSE,
            Feature.OWNER_NUMBERS,
            Feature.POSIX,
            Feature.ANY_NAME,
            Feature.LINK_COUNTS));
  }

  @Override
  protected Path serverRoot() {
    return root;
  }
}
