package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.OpenIntent.Disposition;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Writes near the largest number that an offset can be, which nothing may be added to. */
@Timeout(30)
class LargestSizeTest {
  private static final int PAGE = 4096;
  private static final long LARGEST = Long.MAX_VALUE - Integer.MAX_VALUE;

  private final SimServer server = new SimServer(1);
  private Mount mount;

  @BeforeEach
  void mount() throws IOException {
    mount = server.mount(Map.of("pageSize", PAGE));
  }

  @AfterEach
  void unmount() throws IOException {
    mount.close();
  }

  private OpenFile open(OpenMode.Caching caching) throws IOException {
    return mount.open(
        "/f",
        new OpenMode(
            true, true, Disposition.OPEN_OR_CREATE, false, -1, OpenMode.Durability.BACK, caching));
  }

  private static void assertTooLarge(ThrowingCallable write) {
    assertThatThrownBy(write)
        .isExactlyInstanceOf(FileSystemException.class)
        .hasMessage("/f: File too large");
  }

  @ParameterizedTest
  @EnumSource(names = {"CACHED", "UNBUFFERED", "DIRECT"})
  void aWriteThatEndsPastTheLargestSizeDoesNothing(OpenMode.Caching caching) throws Exception {
    try (OpenFile file = open(caching)) {
      AsynchronousFile asynchronous = file.asynchronous(Runnable::run);
      ByteBuffer src = ByteBuffer.allocate(10);
      for (long position : new long[] {LARGEST - 9, Long.MAX_VALUE - 10, Long.MAX_VALUE}) {
        assertTooLarge(() -> file.write(src, position));
        assertTooLarge(
            () -> {
              try {
                asynchronous.write(src, position).get();
              } catch (ExecutionException e) {
                throw e.getCause();
              }
            });
        assertThat(src.remaining()).isEqualTo(10);
        assertThat(file.write(ByteBuffer.allocate(0), position)).isZero();
      }
      assertThat(file.size()).isZero();
      file.force(true);
    }
    assertThat(server.content("/f").size()).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"CACHED", "UNBUFFERED", "DIRECT"})
  void whatEndsAtTheLargestSizeIsWrittenAndNothingAppended(OpenMode.Caching caching)
      throws Exception {
    try (OpenFile file = open(caching)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), LARGEST - 3);
      assertThat(file.size()).isEqualTo(LARGEST);
      assertTooLarge(() -> file.append(ByteBuffer.allocate(1)));
      assertThat(file.size()).isEqualTo(LARGEST);
      ByteBuffer dst = ByteBuffer.allocate(10);
      assertThat(file.read(dst, LARGEST - 3)).isEqualTo(3);
      assertThat(dst.array()).startsWith(1, 2, 3);
    }
    assertThat(server.content("/f").size()).isEqualTo(LARGEST);
    assertThat(server.content("/f").read(LARGEST - 3, 3)).containsExactly(1, 2, 3);
  }

  /** A whole page, whose memory would be taken over. */
  @Test
  void aPageThatEndsPastTheLargestSizeIsRefused() throws Exception {
    try (OpenFile file = open(OpenMode.Caching.CACHED)) {
      long position = Long.MAX_VALUE - PAGE + 1;
      try (PageBuffer page = file.pageBuffer(position, PAGE)) {
        page.memory().position(PAGE);
        assertTooLarge(() -> file.write(page, position));
      }
      assertThat(file.size()).isZero();
    }
  }
}
