package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cache=strict} under the leases of a real Samba server, with smbclient as the other. */
@Timeout(120)
class StrictIT {
  @TempDir Path temp;

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(20);
    channel.read(text, 0);
    return new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
  }

  @Test
  @Tag("L3")
  void aChangeBySmbclientIsSeenAtOnceAndWhatIsKeptBackBySmbclient() throws Exception {
    try (SambaServer server = SambaServer.start()) {
      server.own(Files.writeString(server.data().resolve("f"), "old"));
      Map<String, Object> options = new HashMap<>(server.options());
      options.put("cache", "strict");
      try (NetfsFileSystem fs =
              (NetfsFileSystem) FileSystems.newFileSystem(server.uri(""), options);
          FileChannel channel =
              FileChannel.open(
                  fs.getPath("/f"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        assertThat(read(channel)).isEqualTo("old");
        long fetched = fs.stats().bytesFromServer();
        assertThat(read(channel)).isEqualTo("old");
        assertThat(fs.stats().bytesFromServer()).as("cached under a lease").isEqualTo(fetched);
        channel.write(ByteBuffer.wrap("kept".getBytes(StandardCharsets.US_ASCII)), 0);
        assertThat(Files.readString(server.data().resolve("f"))).as("kept back").isEqualTo("old");
        Path copy = temp.resolve("copy");
        server.smbclient("get f " + copy);
        assertThat(Files.readString(copy)).isEqualTo("kept");
        server.smbclient("put " + Files.writeString(temp.resolve("new"), "brand new") + " f");
        assertThat(read(channel)).isEqualTo("brand new");
      }
    }
  }
}
