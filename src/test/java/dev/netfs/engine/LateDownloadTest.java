package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A download whose answer left the server before a write of ours, and comes after it. */
@Timeout(30)
class LateDownloadTest {
  private static final int PAGE = 4096;

  @Test
  @Tag("R4")
  void bringsBackNoByteThatWasWrittenMeanwhile() throws IOException {
    SimServer server = new SimServer(1);
    byte[] old = new byte[2 * PAGE];
    server.put("/f", old);
    OpenMode update = OpenModes.UPDATE;
    try (Mount mount = server.mount(Map.of("pageSize", PAGE, "readahead", 0));
        OpenFile file = mount.open("/f", update)) {
      Inode inode = file.inode();
      List<ReadRequest> begun = SimServer.planned(mount, inode, 0, 2 * PAGE);
      // Written, sent, evicted; and the page is made again by a write elsewhere in it.
      file.write(ByteBuffer.wrap(new byte[] {1}), 10);
      file.write(ByteBuffer.wrap(new byte[] {3}), PAGE + 10);
      mount.sync();
      for (int number = 0; number < 2; number++) {
        mount.services().pages().drop(Objects.requireNonNull(inode.pages.get(number)));
      }
      file.write(ByteBuffer.wrap(new byte[] {2}), 20);
      byte[] now = server.get("/f");
      server.putSameTime("/f", old);
      begun.forEach(ReadRequest::issue);
      SimServer.eventuallyArrived(inode);
      begun.forEach(ReadRequest::endUse);
      server.putSameTime("/f", now);
      byte[] expected = old.clone();
      expected[10] = 1;
      expected[20] = 2;
      expected[PAGE + 10] = 3;
      ByteBuffer all = ByteBuffer.allocate(2 * PAGE);
      assertThat(file.read(all, 0)).isEqualTo(2 * PAGE);
      assertThat(all.array()).isEqualTo(expected);
    }
  }

  @Test
  @Tag("C1")
  void isNotKeptAfterAnOpenThatMayHaveSeenANewerFile() throws IOException {
    SimServer server = new SimServer(1);
    byte[] old = new byte[2 * PAGE];
    server.put("/f", old);
    try (Mount mount = server.mount(Map.of("pageSize", PAGE, "readahead", 0));
        OpenFile file = mount.open("/f", OpenMode.READ);
        OpenFile direct = mount.open("/f", OpenModes.DIRECT)) {
      Inode inode = file.inode();
      List<ReadRequest> begun = SimServer.planned(mount, inode, 0, PAGE);
      direct.write(ByteBuffer.wrap(new byte[] {3}), PAGE); // no token is left, and no page
      server.putRange("/f", 10, new byte[] {1});
      byte[] now = server.get("/f");
      try (OpenFile next = mount.open("/f", OpenMode.READ)) {
        server.putSameTime("/f", old); // what the answer on its way had been made of
        begun.forEach(ReadRequest::issue);
        SimServer.eventuallyArrived(inode);
        begun.forEach(ReadRequest::endUse);
        server.putSameTime("/f", now);
        ByteBuffer all = ByteBuffer.allocate(2 * PAGE);
        assertThat(next.read(all, 0)).isEqualTo(2 * PAGE);
        assertThat(all.array()).isEqualTo(now);
      }
    }
  }
}
