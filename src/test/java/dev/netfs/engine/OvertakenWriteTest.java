package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A write that has found its file open, and is overtaken by a close from another thread before it
 * has copied its bytes: whoever closed has sent what there was, and nobody would send these.
 */
@Timeout(30)
@Tag("W3")
class OvertakenWriteTest {
  private static final int PAGE = 4096;

  private final SimServer server = new SimServer(1);

  /** How it is written. */
  enum Way {
    COPIED,
    WHOLE_PAGE,
    ASYNCHRONOUS
  }

  @ParameterizedTest
  @EnumSource
  void isRefused(Way way) throws IOException {
    server.put("/f", new byte[0]);
    try (Mount mount = server.mount(Map.of("pageSize", PAGE))) {
      OpenFile file = mount.open("/f", OpenModes.UPDATE);
      ByteBuffer bytes = ByteBuffer.allocate(PAGE);
      try (PageBuffer page = Objects.requireNonNull(file.pageBuffer(0, PAGE))) {
        page.memory().put(new byte[PAGE]);
        file.close();
        assertThatThrownBy(
                () -> {
                  switch (way) {
                    case COPIED -> mount.writes().write(file, bytes, 0);
                    case WHOLE_PAGE -> mount.writes().write(file, page, 0);
                    case ASYNCHRONOUS -> mount.writes().new Progress(file, bytes, 0).advance();
                  }
                })
            .isInstanceOf(AsynchronousCloseException.class);
      }
      Leaks.assertNone(mount);
    }
  }
}
