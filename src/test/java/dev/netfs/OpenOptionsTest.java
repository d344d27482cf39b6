package dev.netfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an open option does to one channel, and what others of the same file see of it. */
class OpenOptionsTest {
  private static final int PAGE = 4096;
  private static final int SIZE = 4 * PAGE;
  private static final OpenOption READ = StandardOpenOption.READ;
  private static final OpenOption WRITE = StandardOpenOption.WRITE;

  @TempDir private Path directory;
  private final byte[] data = new byte[SIZE];
  private Path served;
  private Path file;
  private NetfsFileSystem fs;

  @BeforeEach
  void mount() throws IOException {
    Arrays.fill(data, (byte) 'a');
    served = directory.resolve("file");
    Files.write(served, data);
    Files.setLastModifiedTime(
        served, FileTime.from(Instant.now().minus(Duration.ofHours(1)))); // which proves something
    fs = Netfs.mount(directory).option("pageSize", "4KiB").option("readahead", "0").open();
    file = fs.getPath("/file");
  }

  @AfterEach
  void unmount() throws IOException {
    fs.close();
  }

  private byte[] onServer() throws IOException {
    return Files.readAllBytes(served);
  }

  private long requests(String kind) {
    return fs.stats().requests().getOrDefault(kind, 0L);
  }

  private static void put(FileChannel channel, long position, int value) throws IOException {
    channel.write(ByteBuffer.wrap(new byte[] {(byte) value}), position);
  }

  private static char get(FileChannel channel, long position) throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    assertThat(channel.read(one, position)).isEqualTo(1);
    return (char) one.get(0);
  }

  private static void getAll(FileChannel channel) throws IOException {
    assertThat(channel.read(ByteBuffer.allocate(SIZE), 0)).isEqualTo(SIZE);
  }

  @Test
  void aPlainWriteIsOnTheServerLater() throws IOException {
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      put(channel, 0, 'x');
      assertThat(onServer()[0]).isEqualTo((byte) 'a');
    }
    assertThat(onServer()[0]).isEqualTo((byte) 'x');
    assertThat(requests("sync")).isZero();
  }

  @Test
  void writeThroughIsOnTheServerWhenItReturnsAndInTheCache() throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ, WRITE, NetfsOpenOption.WRITE_THROUGH)) {
      put(channel, 0, 'x');
      assertThat(onServer()[0]).isEqualTo((byte) 'x');
      assertThat(requests("sync")).isZero();
      long before = fs.stats().bytesFromServer();
      assertThat(get(channel, 0)).isEqualTo('x');
      assertThat(fs.stats().bytesFromServer()).isEqualTo(before);
    }
  }

  @Test
  void syncAndDsyncAreOnStableStorageWhenTheyReturn() throws IOException {
    long expected = 0;
    for (OpenOption option : new OpenOption[] {StandardOpenOption.DSYNC, StandardOpenOption.SYNC}) {
      try (FileChannel channel = FileChannel.open(file, WRITE, option)) {
        put(channel, expected, 'x');
        assertThat(onServer()[(int) expected]).isEqualTo((byte) 'x');
        assertThat(requests("sync")).as("%s", option).isEqualTo(++expected);
        channel.truncate(SIZE - expected);
        assertThat(onServer()).hasSize((int) (SIZE - expected));
        assertThat(requests("sync")).as("%s", option).isEqualTo(++expected);
      }
    }
  }

  @Test
  void unbufferedTakesWhatIsInMemoryAndLeavesNothingThere() throws IOException {
    try (FileChannel unbuffered = FileChannel.open(file, READ, NetfsOpenOption.UNBUFFERED);
        FileChannel plain = FileChannel.open(file, READ)) {
      getAll(unbuffered);
      assertThat(fs.stats().cachedBytes()).isZero();
      get(plain, PAGE); // one page of four
      long server = fs.stats().bytesFromServer();
      get(unbuffered, PAGE);
      assertThat(fs.stats().bytesFromServer()).isEqualTo(server);
      long memory = fs.stats().cachedBytes();
      get(unbuffered, 0);
      assertThat(fs.stats().bytesFromServer()).isEqualTo(server + 1);
      assertThat(fs.stats().cachedBytes()).isEqualTo(memory);
    }
  }

  @Test
  void directAsksTheServerAndDropsWhatItTouchesOnly() throws IOException {
    try (FileChannel direct = FileChannel.open(file, READ, WRITE, NetfsOpenOption.DIRECT);
        FileChannel plain = FileChannel.open(file, READ)) {
      getAll(plain);
      long memory = fs.stats().cachedBytes();
      data[PAGE] = 'y'; // another client, of whom only a direct reader hears
      Files.write(served, data);
      assertThat(get(plain, PAGE)).isEqualTo('a');
      assertThat(get(direct, PAGE)).isEqualTo('y');
      assertThat(fs.stats().cachedBytes()).isEqualTo(memory - PAGE);
      put(direct, 2 * PAGE, 'z');
      assertThat(onServer()[2 * PAGE]).isEqualTo((byte) 'z');
      assertThat(fs.stats().cachedBytes()).isEqualTo(memory - 2 * PAGE);
    }
  }

  @Test
  @Tag("R5")
  void everyChannelSeesAtOnceWhatAnyOtherWrote() throws IOException {
    OpenOption[] kinds = {
      READ, NetfsOpenOption.UNBUFFERED, NetfsOpenOption.DIRECT, NetfsOpenOption.WRITE_THROUGH
    };
    FileChannel[] channels = new FileChannel[kinds.length];
    for (int i = 0; i < kinds.length; i++) {
      channels[i] = FileChannel.open(file, READ, WRITE, kinds[i]);
    }
    int value = 0;
    for (FileChannel writer : channels) {
      for (FileChannel reader : channels) {
        getAll(reader);
        value++;
        put(writer, PAGE - 1, value);
        put(writer, SIZE + value, value); // and a longer file
        assertThat((int) get(reader, PAGE - 1)).as("%s", value).isEqualTo(value);
        assertThat((int) get(reader, SIZE + value)).as("%s", value).isEqualTo(value);
        assertThat(reader.size()).isEqualTo(SIZE + value + 1);
      }
    }
    for (FileChannel channel : channels) {
      channel.close();
    }
    assertThat(onServer()).hasSize(SIZE + value + 1);
    assertThat((int) onServer()[PAGE - 1]).isEqualTo(value);
  }

  @Test
  @Tag("S4")
  void afterOurOwnWriteAThirdPartysIsSeenAtTheNextOpen() throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ, WRITE)) {
      getAll(channel);
      put(channel, 0, 'x');
    }
    FileTime ours = Files.getLastModifiedTime(served);
    data[0] = 'x';
    data[PAGE] = 'y';
    Files.write(served, data);
    Files.setLastModifiedTime(served, ours); // as a coarse clock would show it
    try (FileChannel channel = FileChannel.open(file, READ)) {
      assertThat(get(channel, PAGE)).isEqualTo('y');
      assertThat(get(channel, 0)).isEqualTo('x');
    }
  }
}
