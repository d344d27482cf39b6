package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real paths of links that lead out of the mount: no path of the mount names what is there. */
class RealPathsTest {
  private final FileSystem server = Jimfs.newFileSystem(Configuration.unix());
  private Path root;
  private NetfsFileSystem fs;

  @BeforeEach
  void mount() throws IOException {
    root = Files.createDirectories(server.getPath("/srv/data"));
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(root.resolve("etc/name"), "inside");
    Files.createDirectories(server.getPath("/etc"));
    Files.writeString(server.getPath("/etc/name"), "outside");
    fs = Netfs.mount(root).open();
  }

  @AfterEach
  void unmount() throws IOException {
    fs.close();
    server.close();
  }

  @Test
  void aLinkThatLeadsOutHasNoRealPath() throws IOException {
    Files.createSymbolicLink(root.resolve("relative"), server.getPath("../../etc/name"));
    Files.createSymbolicLink(root.resolve("absolute"), server.getPath("/etc/name"));
    for (String name : new String[] {"/relative", "/absolute"}) {
      Path link = fs.getPath(name);
      assertThat(link).hasContent("outside"); // the server follows it
      // Not /etc/name, which is another file here.
      assertThatThrownBy(link::toRealPath)
          .isInstanceOf(FileSystemException.class)
          .hasMessageContaining(name)
          .hasMessageContaining("leads out of the mount");
      assertThatThrownBy(() -> Files.isSameFile(link, fs.getPath("/etc/other")))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aLinkWithinTheMountHasOne() throws IOException {
    Files.createSymbolicLink(root.resolve("relative"), server.getPath("etc/../etc/name"));
    Files.createSymbolicLink(root.resolve("absolute"), server.getPath("/srv/data/etc/name"));
    for (String name : new String[] {"/relative", "/absolute"}) {
      assertThat(fs.getPath(name).toRealPath().toString()).isEqualTo("/etc/name");
    }
  }

  @Test
  void aboveTheRootOfEverythingThereIsTheRoot(@TempDir Path directory) throws IOException {
    Path target = Files.createFile(directory.toRealPath().resolve("file"));
    Path link = directory.toRealPath().resolve("up");
    Files.createSymbolicLink(link, Path.of("../".repeat(40) + target.toString().substring(1)));
    try (NetfsFileSystem whole = Netfs.mount(Path.of("/")).open()) {
      assertThat(whole.getPath(link.toString()).toRealPath()).hasToString(target.toString());
    }
  }
}
