package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.DirectoryEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code write=deferred}: what is acknowledged is durable here, and reaches the server later. */
@Timeout(60)
class DeferredTest extends DeferredMounts {
  private void makeDirectory() throws IOException {
    try (Mount mount = server.mount(Map.of())) {
      mount.makeDirectory("/d", -1);
    }
  }

  @Test
  @Tag("W3")
  void whatACloseAcknowledgedSurvivesTheEndOfTheJvm() throws IOException {
    byte[] content = bytes(1, 3 * MIB + 17);
    server.put("/g", bytes(2, MIB));
    byte[] changed = bytes(2, MIB);
    byte[] piece = bytes(3, 5000);
    System.arraycopy(piece, 0, changed, 70_001, piece.length);
    Mount killed = mount();
    write(killed, "/f", READ_WRITE, content, 0);
    write(killed, "/g", READ_WRITE, piece, 70_001);
    assertThat(server.count("write")).as("writes to the server").isZero();
    assertThat(killed.stats().backlog()).isEqualTo(2);
    assertThat(killed.stats().dirtyBytes()).isEqualTo(content.length + piece.length);
    kill(killed);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(content);
      assertThat(read(mount, "/g")).isEqualTo(changed);
      assertThat(mount.stat("/f", true).size()).isEqualTo(content.length);
    }
    assertThat(server.get("/f")).isEqualTo(content);
    assertThat(server.get("/g")).isEqualTo(changed);
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("W3")
  void soDoesWhatForceAcknowledgedAndWhatWasWrittenSinceIsLost() throws IOException {
    server.put("/f", new byte[100_000]);
    byte[] forced = bytes(1, 100_000);
    Mount killed = mount();
    OpenFile file = killed.open("/f", READ_WRITE);
    file.write(ByteBuffer.wrap(bytes(2, 50_000)), 10_000);
    file.force(true);
    file.write(ByteBuffer.wrap(forced), 0);
    file.force(false);
    file.write(ByteBuffer.wrap(new byte[] {1}), 200_000);
    kill(killed);
    try (Mount mount = mount()) {
      assertThat(read(mount, "/f")).isEqualTo(forced);
      mount.sync();
      assertThat(server.get("/f")).isEqualTo(forced);
      assertThat(mount.stats().dirtyBytes()).isZero();
    }
  }

  @Test
  void anotherKindOfMountSendsWhatIsLeftToo() throws IOException {
    byte[] content = bytes(1, MIB);
    Mount killed = mount();
    write(killed, "/f", READ_WRITE, content, 0);
    kill(killed);
    Map<String, Object> options = Map.of("disk", temp.resolve("cache"), "encryptionKeyFile", key);
    try (Mount mount = server.mount(options)) {
      assertThat(server.get("/f")).isEqualTo(content);
      assertThat(read(mount, "/f")).isEqualTo(content);
    }
    assertThat(logs()).isEmpty();
  }

  @Test
  void whatIsDeferredIsSentWhenItIsOldEnoughAndAtTheUnmount() throws IOException {
    byte[] content = bytes(1, MIB);
    try (Mount mount = mount("writebackAge", "20ms")) {
      write(mount, "/f", READ_WRITE, content, 0);
      SimServer.eventually("all is sent", () -> mount.stats().backlog() == 0);
      assertThat(server.get("/f")).isEqualTo(content);
      assertThat(mount.stats().dirtyBytes()).isZero();
      assertThat(logs()).isEmpty();
    }
    try (Mount mount = mount()) {
      write(mount, "/g", READ_WRITE, content, 0);
      assertThat(server.get("/g")).isEmpty();
    }
    assertThat(server.get("/g")).isEqualTo(content);
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("W3")
  void whatCannotBeSentAtTheUnmountIsLeftForTheNextMount() throws IOException {
    byte[] content = bytes(1, MIB);
    Mount mount = mount("timeout", "1s", "retries", "0");
    write(mount, "/f", READ_WRITE, content, 0);
    server.errorRate = 1;
    server.errorsIn = kind -> kind.equals("write");
    mount.close();
    server.behave();
    assertThat(server.get("/f")).isEmpty();
    assertThat(logs()).hasSize(1);
    mount().close();
    assertThat(server.get("/f")).isEqualTo(content);
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("W4")
  void whatSomebodyElseHasChangedMeanwhileIsNotOverwrittenAndBothSurvive() throws IOException {
    makeDirectory();
    server.put("/d/f.txt", bytes(1, 100_000));
    byte[] theirs = bytes(2, 120_000);
    byte[] mine = theirs.clone();
    byte[] piece = bytes(3, 10_000);
    System.arraycopy(piece, 0, mine, 5_000, piece.length);
    try (Mount mount = mount()) {
      write(mount, "/d/f.txt", READ_WRITE, piece, 5_000);
      server.put("/d/f.txt", theirs);
      mount.sync();
      assertThat(mount.stats().conflicts()).isEqualTo(1);
      assertThat(mount.stats().dirtyBytes()).isZero();
      assertThat(mount.stats().backlog()).isZero();
      assertThat(read(mount, "/d/f.txt")).isEqualTo(theirs);
    }
    assertConflict("/d", theirs, mine);
  }

  @Test
  @Tag("W4")
  void soItIsAfterTheEndOfTheJvm() throws IOException {
    makeDirectory();
    server.put("/d/f.txt", bytes(1, 100_000));
    byte[] theirs = bytes(2, 120_000);
    byte[] mine = bytes(3, 100_000);
    Mount killed = mount();
    write(killed, "/d/f.txt", READ_WRITE, mine, 0);
    kill(killed);
    server.put("/d/f.txt", theirs);
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isEqualTo(1);
      assertThat(read(mount, "/d/f.txt")).isEqualTo(theirs);
    }
    assertConflict("/d", theirs, mine);
  }

  private void assertConflict(String directory, byte[] theirs, byte[] mine) throws IOException {
    assertThat(server.get(directory + "/f.txt")).isEqualTo(theirs);
    try (Mount mount = mount()) {
      List<String> names = mount.list(directory).stream().map(DirectoryEntry::name).toList();
      assertThat(names).hasSize(2);
      String beside = names.stream().filter(name -> !name.equals("f.txt")).findAny().orElseThrow();
      assertThat(beside)
          .matches("f \\(conflict [A-Za-z0-9.-]+ \\d{4}-\\d\\d-\\d\\d [0-9-]+\\).txt");
      assertThat(server.get(directory + "/" + beside)).isEqualTo(mine);
      assertThat(logs()).isEmpty();
    }
  }

  @Test
  @Tag("W4")
  void whatSomebodyElseHasDeletedMeanwhileIsKeptBeside() throws IOException {
    makeDirectory();
    server.put("/d/f.txt", bytes(1, 1000));
    byte[] mine = bytes(3, 100_000);
    Mount killed = mount();
    write(killed, "/d/f.txt", READ_WRITE, mine, 0);
    kill(killed);
    try (Mount other = server.mount(Map.of())) {
      other.delete("/d/f.txt");
    }
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isEqualTo(1);
      List<String> names = mount.list("/d").stream().map(DirectoryEntry::name).toList();
      assertThat(names).hasSize(1);
      assertThat(server.get("/d/" + names.get(0))).isEqualTo(mine);
    }
  }

  @Test
  @Tag("W4")
  void whatWeHaveSentInPartIsOurs() throws IOException {
    server.freshTimes = true;
    server.put("/f", bytes(1, 300_000));
    server.putTime("/f", 1_500_000_000L); // what we send gives it another
    byte[] mine = bytes(3, 400_000);
    Mount killed = mount("wsize", "64KiB", "depth", "1", "retries", "0");
    write(killed, "/f", READ_WRITE, mine, 0);
    int[] writes = {0};
    server.beforeRequest =
        kind -> {
          if (kind.equals("write") && ++writes[0] == 3) {
            server.errorsIn = each -> each.equals("write");
            server.errorRate = 1;
          }
        };
    assertThatThrownBy(killed::sync).isInstanceOf(IOException.class);
    assertThat(server.get("/f")).isNotEqualTo(bytes(1, 300_000)).isNotEqualTo(mine);
    kill(killed);
    server.beforeRequest = null;
    server.behave();
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isZero();
      assertThat(read(mount, "/f")).isEqualTo(mine);
    }
    assertThat(server.get("/f")).isEqualTo(mine);
  }

  @Test
  @Tag("W3")
  @Tag("W4")
  void soItIsWhereWhatLiesBehindWasSentFirst() throws IOException {
    server.freshTimes = true;
    server.put("/f", bytes(1, 10));
    server.putTime("/f", 1_500_000_000L); // what we send gives it another
    byte[] mine = bytes(3, 300_000);
    Mount killed = mount("wsize", "64KiB", "depth", "1", "retries", "0");
    int[] writes = {0};
    server.beforeRequest =
        kind -> {
          if (kind.equals("write")) { // of five the first one fails, and is tried again in vain
            server.errorsIn = each -> each.equals("write");
            server.errorRate = ++writes[0] == 1 || writes[0] > 5 ? 1 : 0;
          }
        };
    OpenFile file = killed.open("/f", READ_WRITE);
    file.write(ByteBuffer.wrap(mine), 0);
    assertThatThrownBy(killed::sync).isInstanceOf(IOException.class);
    SimServer.eventually("the rest is sent", () -> server.get("/f").length == mine.length);
    SimServer.eventually("it is acknowledged", () -> isForced(file)); // it hears of failures first
    assertThat(server.get("/f")).isNotEqualTo(mine);
    assertThat(killed.stats().conflicts()).isZero();
    kill(killed);
    server.beforeRequest = null;
    server.behave();
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isZero();
      assertThat(read(mount, "/f")).isEqualTo(mine);
    }
    assertThat(server.get("/f")).isEqualTo(mine);
  }

  private static boolean isForced(OpenFile file) {
    try {
      file.force(false);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  @Tag("C4")
  void whereTheDiskTakesNothingACloseWaitsForTheServer() throws IOException {
    byte[] content = bytes(1, MIB);
    try (Mount mount = mount()) {
      Path volume;
      try (Stream<Path> all = Files.walk(temp.resolve("cache"))) {
        volume = all.filter(file -> file.endsWith("volume")).findAny().orElseThrow().getParent();
      }
      Files.writeString(volume.resolve("dirty"), "in the way");
      write(mount, "/f", READ_WRITE, content, 0);
      assertThat(server.get("/f")).isEqualTo(content);
      assertThat(mount.stats().diskFailures()).isPositive();
    }
  }

  @Test
  void aFileThatIsDeletedRenamedOrEmptiedTakesWhatIsDeferredAlong() throws IOException {
    byte[] content = bytes(1, 100_000);
    byte[] other = bytes(2, 50_000);
    Mount killed = mount();
    write(killed, "/deleted", READ_WRITE, content, 0);
    killed.delete("/deleted");
    killed.makeDirectory("/d", -1);
    write(killed, "/d/moved", READ_WRITE, content, 0);
    killed.rename("/d", "/e", false, false);
    write(killed, "/source", READ_WRITE, other, 0);
    write(killed, "/target", READ_WRITE, content, 0);
    killed.rename("/source", "/target", true, false);
    write(killed, "/emptied", READ_WRITE, content, 0);
    write(killed, "/emptied", REPLACE, other, 0);
    write(killed, "/cut", READ_WRITE, content, 0);
    try (OpenFile file = killed.open("/cut", READ_WRITE)) {
      file.truncate(1000);
      file.write(ByteBuffer.wrap(new byte[] {1}), 0);
    }
    content[0] = 1;
    kill(killed);
    try (Mount mount = mount()) {
      assertThat(mount.stats().conflicts()).isZero();
      assertThat(read(mount, "/emptied")).isEqualTo(other);
    }
    assertThat(server.get("/deleted")).isNull();
    assertThat(server.get("/target")).isEqualTo(other);
    assertThat(server.get("/source")).isNull();
    assertThat(server.get("/emptied")).isEqualTo(other);
    assertThat(server.get("/cut")).isEqualTo(java.util.Arrays.copyOf(content, 1000));
    content[0] = bytes(1, 1)[0];
    assertThat(server.get("/e/moved")).isEqualTo(content);
    assertThat(logs()).isEmpty();
  }

  @Test
  @Tag("C8")
  void whatIsLeftIsTakenUpByOne() throws IOException {
    byte[] content = bytes(1, 100_000);
    Mount killed = mount();
    write(killed, "/f", READ_WRITE, content, 0);
    try (Mount other = mount()) {
      assertThat(other.stats().backlog()).as("what has an owner").isZero();
    }
    kill(killed);
    try (Mount one = mount();
        Mount another = mount()) {
      assertThat(one.stats().backlog() + one.stats().bytesToServer()).isPositive();
      assertThat(another.stats().backlog()).isZero();
    }
    assertThat(server.get("/f")).isEqualTo(content);
  }

  @Test
  void theSameBytesWrittenAgainAndAgainDoNotFillTheDisk() throws IOException {
    try (Mount mount = mount("memory", "64MiB");
        OpenFile file = mount.open("/f", READ_WRITE)) {
      byte[] last = new byte[0];
      for (int i = 0; i < 100; i++) {
        last = bytes(i, MIB);
        file.write(ByteBuffer.wrap(last), 0);
        file.force(false);
      }
      long size = 0;
      for (Path log : logs()) {
        size += Files.size(log);
      }
      assertThat(size).isLessThan(70L * MIB);
      mount.sync();
      assertThat(server.get("/f")).isEqualTo(last);
    }
  }

  @Test
  void deferringNeedsADisk() {
    assertThatThrownBy(() -> server.mount(Map.of("write", "deferred")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("disk");
  }
}
