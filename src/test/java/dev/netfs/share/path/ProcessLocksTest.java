package dev.netfs.share.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IoSegments;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareFile;
import dev.netfs.share.ShareLock;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Locks on local files hold against other processes, and are not lost by ours. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(60)
class ProcessLocksTest {
  private static LockProcess other;

  @TempDir Path root;
  private Share share;
  private Path file;

  @BeforeAll
  static void start() throws Exception {
    other = new LockProcess();
  }

  @AfterAll
  static void stop() throws Exception {
    other.close();
  }

  @BeforeEach
  void connect() throws Exception {
    share = Connecting.to(root);
    file = Files.write(root.resolve("f"), new byte[100]);
  }

  @AfterEach
  void close() throws Exception {
    other.release();
    share.close();
    assertThat(PosixLocks.PROCESS.size()).as("files remembered").isZero();
  }

  private static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private ShareFile open() throws Exception {
    return await(
        share.open("/f", new OpenIntent(true, true, Disposition.OPEN_EXISTING, false, -1)));
  }

  @Test
  void holdAgainstOtherProcesses() throws Exception {
    ShareFile mine = open();
    ShareLock lock = await(mine.lock(10, 10, false, false));
    assertThat(other.tryLock(file, 19, 1)).isFalse();
    assertThat(other.tryLock(file, 20, 1)).isTrue();
    other.release();
    await(lock.release());
    assertThat(other.tryLock(file, 0, 100)).isTrue();
    assertThat(await(mine.lock(0, 1, false, false))).isNull();
    assertThat(await(mine.lock(0, 1, true, false))).isNull();
    CompletableFuture<ShareLock> waiting = mine.lock(0, 1, false, true);
    assertThatThrownBy(() -> waiting.get(100, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    other.release();
    assertThat(await(waiting)).isNotNull();
    assertThat(other.tryLock(file, 0, 1)).isFalse();
    await(mine.close());
    assertThat(other.tryLock(file, 0, 1)).isTrue();
  }

  /** POSIX drops a process's locks on a file when the process closes any descriptor of it. */
  @Test
  void outliveEverythingThatClosesTheFile() throws Exception {
    ShareFile mine = open();
    ShareLock lock = await(mine.lock(0, 10, false, true));
    assertThat(other.tryLock(file, 0, 1)).isFalse();

    ShareFile again = open();
    await(again.read(IoSegments.of(ByteBuffer.allocate(10)), 0));
    await(again.close());
    assertThat(other.tryLock(file, 0, 1)).as("after a close of another handle").isFalse();

    try (Share second = Connecting.to(root)) {
      await(await(second.open("/f", OpenIntent.READ)).close());
    }
    assertThat(other.tryLock(file, 0, 1)).as("after another mount's close").isFalse();

    await(share.copy("/f", "/copy"));
    assertThat(other.tryLock(file, 0, 1)).as("after a copy").isFalse();

    await(share.link("/l", "/f"));
    await(await(share.open("/l", OpenIntent.READ)).close());
    assertThat(other.tryLock(file, 0, 1)).as("after a close under another name").isFalse();

    await(share.stat("/f", true));
    await(share.list("/", entry -> {}));
    await(share.setAttributes("/f", AttributeChange.ofMode(0600), true));
    await(share.rename("/l", "/m", false));
    await(share.deleteFile("/m"));
    assertThat(other.tryLock(file, 0, 1)).as("after changes of names").isFalse();

    ShareLock beside = await(mine.lock(50, 10, false, true));
    await(lock.release());
    assertThat(other.tryLock(file, 50, 1)).as("after a release beside").isFalse();
    assertThat(other.tryLock(file, 0, 1)).isTrue();
    await(beside.release());
    assertThat(other.tryLock(file, 50, 1)).isTrue();
    await(mine.close());
  }

  /** The JDK opens and closes a file to set its times; there is no way around it. */
  @Test
  void timesAreNotSetUnderALock() throws Exception {
    ShareFile mine = open();
    ShareLock lock = await(mine.lock(0, 10, false, true));
    AttributeChange times = AttributeChange.ofTimes(FileTime.fromMillis(0), null, null);
    assertThatThrownBy(() -> await(share.setAttributes("/f", times, true)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isExactlyInstanceOf(FileSystemException.class)
        .hasMessageContaining("/f")
        .hasMessageContaining("lock");
    assertThat(other.tryLock(file, 0, 1)).isFalse();
    await(lock.release());
    await(share.setAttributes("/f", times, true));
    FileInfo info = await(share.stat("/f", true));
    assertThat(info.modified()).isEqualTo(FileTime.fromMillis(0));
    await(mine.close());
  }

  @Test
  void goWithTheShare() throws Exception {
    ShareFile mine = open();
    await(mine.lock(0, 10, false, true));
    ShareFile again = open();
    await(again.close());
    assertThat(other.tryLock(file, 0, 1)).isFalse();
    share.close();
    assertThat(other.tryLock(file, 0, 1)).isTrue();
  }
}
