package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a handle whose file has lost its name, and of one that cannot be closed. */
@Timeout(60)
class RemoteFileTest {
  private static final byte[] OLD = "old content".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NEW = "another file".getBytes(StandardCharsets.UTF_8);

  private final SimServer server = new SimServer(1);

  private Mount mount() throws IOException {
    return server.mount(Map.of("pageSize", 4096, "memory", "1MiB"));
  }

  private static OpenFile open(Mount mount) throws IOException {
    return mount.open("/f", OpenModes.CREATE);
  }

  private static ByteBuffer buffer(byte... bytes) {
    return ByteBuffer.wrap(bytes);
  }

  @Test
  void whatWasWrittenToADeletedFileDoesNotGetIntoAnotherOfItsName() throws IOException {
    server.put("/f", OLD);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      file.write(buffer((byte) 1, (byte) 2), 0);
      mount.delete("/f");
      server.put("/f", NEW);
      server.breakConnection();
      assertThatThrownBy(() -> file.force(false)).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> file.read(ByteBuffer.allocate(9), 5))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessageContaining("/f");
      assertThatThrownBy(() -> file.truncate(1)).isInstanceOf(NoSuchFileException.class);
      assertThat(server.get("/f")).isEqualTo(NEW);
    }
    assertThat(server.get("/f")).isEqualTo(NEW);
  }

  @Test
  void norIntoTheOneThatHasTakenItsName() throws IOException {
    server.put("/f", OLD);
    server.put("/g", NEW);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      file.write(buffer((byte) 1, (byte) 2), 0);
      mount.rename("/g", "/f", true, false);
      server.breakConnection();
      assertThatThrownBy(() -> file.force(false)).isInstanceOf(NoSuchFileException.class);
      assertThat(server.get("/f")).isEqualTo(NEW);
    }
  }

  @Test
  void norIfTheNameGoesWhileItIsOpenedAgain() throws IOException {
    server.put("/f", OLD);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      file.write(buffer((byte) 1, (byte) 2), 0);
      whenItIsOpenedAgain(() -> mount.delete("/f"));
      assertThatThrownBy(() -> file.force(false)).isInstanceOf(NoSuchFileException.class);
      assertThat(server.get("/f")).isEqualTo(NEW);
      assertThat(server.openHandles()).isZero();
    }
  }

  @Test
  @Tag("W3")
  void whatWasWrittenFollowsARenameThatComesWhileTheFileIsOpenedAgain() throws IOException {
    server.put("/f", OLD);
    try (Mount mount = mount();
        OpenFile file = open(mount)) {
      file.write(buffer((byte) 1, (byte) 2), 0);
      whenItIsOpenedAgain(() -> mount.rename("/f", "/g", false, false));
      file.force(false);
      assertThat(server.get("/f")).isEqualTo(NEW);
      assertThat(server.get("/g")).startsWith(1, 2, OLD[2]);
    }
    assertThat(server.openHandles()).isZero();
  }

  private interface Change {
    void run() throws IOException;
  }

  /** Cuts the connection, and changes something just before the file is opened on the next. */
  private void whenItIsOpenedAgain(Change change) {
    AtomicBoolean first = new AtomicBoolean(true);
    server.beforeRequest =
        kind -> {
          if (kind.equals("open") && first.getAndSet(false)) {
            try {
              change.run();
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            server.put("/f", NEW);
          }
        };
    server.breakConnection();
  }

  @Test
  @Tag("W3")
  void whatTheServerSaysAtACloseIsHeardOnceByEveryOpenFile() throws IOException {
    try (Mount mount = mount();
        OpenFile file = open(mount);
        OpenFile second = open(mount)) {
      file.write(ByteBuffer.wrap(OLD), 0);
      file.force(false);
      OpenFile third = open(mount);
      second.read(ByteBuffer.allocate(OLD.length), 0); // from the server, and kept
      server.closeFailure = new IOException("the quota is used up");
      OpenFile fourth = open(mount); // whose handle takes the place of the one before
      server.closeFailure = null;
      server.put("/f", NEW); // which is what the server has
      fourth.force(false); // it was not open at the time
      for (OpenFile each : new OpenFile[] {file, second, third}) {
        assertThatThrownBy(() -> each.force(false))
            .hasMessageContaining("the server may have lost what was written")
            .hasMessageContaining("the quota is used up");
        each.force(false);
      }
      ByteBuffer found = ByteBuffer.allocate(NEW.length);
      assertThat(second.read(found, 0)).as("what is asked for anew").isEqualTo(OLD.length);
      assertThat(found.array()).startsWith(java.util.Arrays.copyOf(NEW, OLD.length));
      third.close();
      fourth.close();
    }
  }

  @Test
  @Tag("W3")
  void theOneWhoClosesHearsOfItToo() throws IOException {
    try (Mount mount = mount()) {
      OpenFile file = open(mount);
      file.write(ByteBuffer.wrap(OLD), 0);
      server.closeFailure = new IOException("the quota is used up");
      assertThatThrownBy(file::close).hasMessageContaining("the quota is used up");
      server.closeFailure = null;
    }
  }

  @Test
  void aHandleThatOnlyReadsHasNothingToLose() throws IOException {
    server.put("/f", OLD);
    try (Mount mount = mount()) {
      OpenFile file = mount.open("/f", OpenMode.READ);
      server.closeFailure = new IOException("closing fails");
      file.close();
      server.closeFailure = null;
    }
  }
}
