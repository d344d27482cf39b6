package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.cli.bench.Link;
import dev.netfs.cli.bench.LinkProxy;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * How often one thread waits for a real OpenSSH server in each operation on small files and names:
 * counted on the wire, behind a delay, so that what is sent together counts once.
 */
@Timeout(120)
class SerialRequestsIT {
  private static final int TIMES = 12;

  /** What is not the operation's: a moment in which the sender was stopped in one breath. */
  private static final int SLACK = 3;

  private OpenSshServer server;
  private LinkProxy link;
  private NetfsFileSystem fs;

  @BeforeEach
  void start() throws IOException {
    server = OpenSshServer.start();
    link =
        LinkProxy.start(
            new InetSocketAddress(server.host(), server.port()),
            new Link(Duration.ofMillis(10), 0));
    server.alsoKnownAt(link.port());
    fs =
        (NetfsFileSystem)
            FileSystems.newFileSystem(server.uri(link.port(), ""), Map.copyOf(server.options()));
  }

  @AfterEach
  void stop() throws IOException {
    if (fs != null) {
      fs.close();
    }
    if (link != null) {
      link.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private interface Operation {
    void on(Path path, int number) throws IOException;
  }

  private Path path(String name, int number) {
    return fs.getPath("/" + name + number);
  }

  /** Carries out an operation on several paths, and checks how often it waits. */
  // One less where it begins in the same breath as the last one's CLOSE, for which nobody waits.
  private void costs(int roundTrips, String name, Operation operation) throws IOException {
    operation.on(path(name, TIMES), TIMES); // the first time tells more about the server
    long before = link.roundTrips();
    for (int i = 0; i < TIMES; i++) {
      operation.on(path(name, i), i);
    }
    assertThat(link.roundTrips() - before)
        .as("round trips of %s times", TIMES)
        .isBetween((long) TIMES * roundTrips - 1, (long) TIMES * roundTrips + SLACK);
  }

  private void put(String name) throws IOException {
    for (int i = 0; i <= TIMES; i++) {
      server.own(Files.write(server.data().resolve(name + i), new byte[4096]));
    }
  }

  private void putDirectories(String name) throws IOException {
    for (int i = 0; i <= TIMES; i++) {
      server.own(Files.createDirectory(server.data().resolve(name + i)));
    }
  }

  @Test
  void aFileIsMadeInTwo() throws IOException {
    byte[] content = new byte[4096];
    costs(2, "a", (path, i) -> Files.write(path, content));
    costs(2, "b", (path, i) -> Files.write(path, content, StandardOpenOption.CREATE_NEW));
    costs(2, "b", (path, i) -> Files.write(path, content));
    costs(2, "b", (path, i) -> Files.write(path, content, StandardOpenOption.APPEND));
    for (int i = 0; i < TIMES; i++) {
      assertThat(server.data().resolve("b" + i)).hasSize(8192);
    }
    costs(1, "empty", (path, i) -> Files.createFile(path));
  }

  @Test
  void aFileIsReadInTwoAndReadAgainInOne() throws IOException {
    put("r");
    costs(2, "r", (path, i) -> Files.readAllBytes(path));
  }

  @Test
  void theFirstOpenOfAMountWaitsNoLongerThanTheOthers() throws IOException {
    put("first");
    int mounts = 5;
    long waits = 0;
    for (int i = 0; i < mounts; i++) {
      fs.close();
      fs =
          (NetfsFileSystem)
              FileSystems.newFileSystem(server.uri(link.port(), ""), Map.copyOf(server.options()));
      long before = link.roundTrips();
      fs.provider().newByteChannel(path("first", i), Set.of()).close();
      waits += link.roundTrips() - before;
    }
    assertThat(waits)
        .as("round trips of %s mounts' first opens", mounts)
        .isBetween(1L, mounts + 2L);
  }

  @Test
  void attributesCostOne() throws IOException {
    put("s");
    costs(1, "s", (path, i) -> Files.size(path));
    costs(0, "s", (path, i) -> Files.getLastModifiedTime(path));
    costs(1, "nothing", (path, i) -> assertThat(Files.exists(path)).isFalse());
    for (int i = 0; i <= TIMES; i++) {
      Files.createSymbolicLink(server.data().resolve("link" + i), Path.of("s" + i));
    }
    costs(2, "link", (path, i) -> assertThat(Files.size(path)).isEqualTo(4096));
    costs(1, "link", (path, i) -> assertThat(Files.size(path)).isEqualTo(4096));
  }

  @Test
  void namesAreMadeAndGoInOne() throws IOException {
    costs(1, "d", (path, i) -> Files.createDirectory(path));
    costs(1, "d", (path, i) -> Files.delete(path));
    put("f");
    costs(1, "f", (path, i) -> Files.delete(path));
    costs(1, "l", (path, i) -> Files.createSymbolicLink(path, fs.getPath("nowhere")));
    costs(1, "l", (path, i) -> Files.delete(path));
    for (String name : new String[] {"d", "f", "l"}) {
      for (int i = 0; i <= TIMES; i++) {
        assertThat(
                Files.exists(
                    server.data().resolve(name + i), java.nio.file.LinkOption.NOFOLLOW_LINKS))
            .isFalse();
      }
    }
  }

  @Test
  void aMoveIsOne() throws IOException {
    put("m");
    costs(1, "m", (path, i) -> Files.move(path, path("n", i)));
    put("m");
    costs(1, "m", (path, i) -> Files.move(path, path("n", i), StandardCopyOption.REPLACE_EXISTING));
    putDirectories("m");
    costs(1, "m", (path, i) -> Files.move(path, path("o", i)));
    for (int i = 0; i <= TIMES; i++) {
      assertThat(server.data().resolve("m" + i)).doesNotExist();
      assertThat(server.data().resolve("n" + i)).hasSize(4096);
      assertThat(server.data().resolve("o" + i)).isDirectory();
    }
  }
}
