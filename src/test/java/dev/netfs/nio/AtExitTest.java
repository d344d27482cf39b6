package dev.netfs.nio;

import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of files that are open when the JVM ends. */
@Timeout(300)
class AtExitTest {
  private static final List<String> WRITTEN =
      List.of("channel", "stream", "asynchronous", "mapped", "late");

  @TempDir Path temp;

  private Path share() throws Exception {
    Path share = Files.createDirectory(temp.resolve("share"));
    for (String name : WRITTEN) {
      Files.createFile(share.resolve(name));
    }
    Files.createFile(share.resolve("temporary"));
    Files.createFile(share.resolve("temporary-2"));
    return share;
  }

  private static void run(Path share, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                EndingJvm.class.getName(),
                share.toString()));
    command.addAll(Arrays.asList(options));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).isEmpty();
  }

  @Test
  void whatWasWrittenIsSentAndWhatWasToGoIsGone() throws Exception {
    Path share = share();
    run(share);
    for (String name : WRITTEN) {
      assertThat(share.resolve(name)).hasContent(name);
    }
    assertThat(share.resolve("temporary")).doesNotExist();
    assertThat(share.resolve("temporary-2")).doesNotExist();
  }

  @Test
  void whatMayWaitIsOnTheLocalDisk() throws Exception {
    Path share = share();
    Path key = Files.write(temp.resolve("key"), new byte[32]);
    String cache = temp.resolve("cache").toString();
    run(
        share,
        "write",
        "deferred",
        "disk",
        cache,
        "encryptionKeyFile",
        key.toString(),
        "writebackAge",
        "1h");
    try (NetfsFileSystem fs =
        Netfs.mount(share)
            .option("write", "deferred")
            .option("disk", cache)
            .option("encryptionKeyFile", key.toString())
            .open()) {
      for (String name : WRITTEN) {
        assertThat(fs.getPath("/" + name)).hasContent(name);
      }
    }
    for (String name : WRITTEN) {
      assertThat(share.resolve(name)).hasContent(name);
    }
  }

  @Test
  void aServerThatDoesNotAnswerDoesNotKeepTheJvm() throws Exception {
    Path share = share();
    GatedShares.Control control = new GatedShares.Control();
    try (NetfsFileSystem fs = GatedShares.mount(share, "exit", control);
        FileChannel channel = FileChannel.open(fs.getPath("/channel"), WRITE)) {
      control.writes.shut();
      channel.write(ByteBuffer.wrap(new byte[10]));
      AtExit.finish(List.of((MountedFileSystem) fs), Duration.ofMillis(50));
      assertThat(share.resolve("channel")).isEmptyFile();
      control.writes.open();
    }
    assertThat(Files.size(share.resolve("channel"))).isEqualTo(10);
  }
}
