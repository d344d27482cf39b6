package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ShareDisconnectedException;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The two streams of packets, over a link that the test is the other end of. */
@Timeout(30)
class SftpConnectionTest {
  private static final byte[] HANDLE = {7};

  private final FakeLink link = new FakeLink();
  private final SftpConnection connection = new SftpConnection("sftp://test", link);
  private final SftpClient client = new SftpClient(connection);

  @Test
  void theFirstRequestIsTheVersionThatItAnnounces() throws Exception {
    CompletableFuture<?> init = client.init();
    assertThat(link.sent()).containsExactly(0, 0, 0, 5, SftpProtocol.INIT, 0, 0, 0, 3);
    receive(
        packet(
            SftpProtocol.VERSION_REPLY,
            out -> {
              out.writeInt(3);
              text(out, "posix-rename@openssh.com");
              text(out, "1");
            }));
    init.get();
    assertThat(client.has(SftpProtocol.POSIX_RENAME)).isTrue();
    assertThat(client.has(SftpProtocol.FSYNC)).isFalse();
  }

  @Test
  void anotherVersionEndsTheConnection() {
    CompletableFuture<?> init = client.init();
    receive(packet(SftpProtocol.VERSION_REPLY, out -> out.writeInt(2)));
    assertThatThrownBy(init::get)
        .hasCauseInstanceOf(ShareDisconnectedException.class)
        .hasMessageContaining("version 2");
    assertThat(connection.isConnected()).isFalse();
  }

  @Test
  void answersMayComeInAnyOrderAndInPiecesOfAnySize() throws Exception {
    Random random = new Random(42);
    for (int pieceSize = 1; pieceSize < 60; pieceSize++) {
      int first = link.requests();
      List<CompletableFuture<Integer>> reads = new ArrayList<>();
      List<ByteBuffer> memory = new ArrayList<>();
      List<byte[]> contents = new ArrayList<>();
      List<byte[]> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        byte[] content = new byte[random.nextInt(40)];
        random.nextBytes(content);
        ByteBuffer buffer = ByteBuffer.allocateDirect(content.length + 1 + random.nextInt(3));
        reads.add(client.read(HANDLE, i, buffer.capacity(), IoSegments.of(buffer)));
        memory.add(buffer);
        contents.add(content);
        int id = 3 + first + i;
        answers.add(
            packet(
                SftpProtocol.DATA,
                out -> {
                  out.writeInt(id);
                  out.writeInt(content.length);
                  out.write(content);
                  if (content.length % 2 == 1) {
                    out.writeByte(1); // "end of file", as later versions append
                  }
                }));
      }
      CompletableFuture<String> name = client.realPath(".");
      int id = 3 + first + 8;
      answers.add(
          packet(
              SftpProtocol.NAME,
              out -> {
                out.writeInt(id);
                out.writeInt(1);
                text(out, "/home/ü");
                text(out, "");
                out.writeInt(0);
              }));
      Collections.shuffle(answers, random);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      answers.forEach(all::writeBytes);
      byte[] bytes = all.toByteArray();
      for (int at = 0; at < bytes.length; at += pieceSize) {
        connection.received(bytes, at, Math.min(pieceSize, bytes.length - at));
      }
      for (int i = 0; i < 8; i++) {
        assertThat(reads.get(i).get()).isEqualTo(contents.get(i).length);
        byte[] got = new byte[contents.get(i).length];
        memory.get(i).get(0, got);
        assertThat(got).isEqualTo(contents.get(i));
      }
      assertThat(name.get()).isEqualTo("/home/ü");
    }
  }

  @Test
  void aReadFillsSeveralSegments() throws Exception {
    ByteBuffer a = ByteBuffer.allocate(3);
    ByteBuffer b = ByteBuffer.allocate(4);
    CompletableFuture<Integer> read = client.read(HANDLE, 0, 7, IoSegments.of(List.of(a, b)));
    receive(data(3, new byte[] {1, 2, 3, 4, 5}));
    assertThat(read.get()).isEqualTo(5);
    assertThat(a.array()).containsExactly(1, 2, 3);
    assertThat(b.array()).containsExactly(4, 5, 0, 0);
  }

  @Test
  void requestsWaitForTheWindowAndGoOutWhole() throws Exception {
    link.room = 0;
    byte[] content = new byte[1000];
    new Random(1).nextBytes(content);
    CompletableFuture<?> write =
        client.write(HANDLE, 5, IoSegments.of(ByteBuffer.wrap(content)), content.length);
    client.stat(HANDLE);
    assertThat(link.sent()).isEmpty();
    while (link.sent().length < 4 + 22 + 1000 + 14) {
      link.room = 7;
      connection.windowOpened();
    }
    ByteBuffer sent = ByteBuffer.wrap(link.sent());
    assertThat(sent.getInt()).isEqualTo(22 + 1000);
    assertThat(sent.get()).isEqualTo((byte) SftpProtocol.WRITE);
    assertThat(sent.position(9 + 5).getLong()).isEqualTo(5);
    assertThat(sent.getInt()).isEqualTo(1000);
    byte[] got = new byte[1000];
    sent.get(got);
    assertThat(got).isEqualTo(content);
    assertThat(sent.getInt()).isEqualTo(10);
    assertThat(sent.get()).isEqualTo((byte) SftpProtocol.FSTAT);
    assertThat(write).isNotDone();
    receive(status(3, 0));
    assertThat(write).isCompleted();
  }

  @Test
  void requestsThatWaitedGoOutTogether() {
    link.room = 0;
    client.stat(HANDLE);
    client.stat(HANDLE);
    link.room = 1000;
    connection.windowOpened();
    assertThat(link.packets).isEqualTo(1);
    assertThat(link.sent()).hasSize(2 * 14);
  }

  @Test
  void aStatusFailsTheRequest() {
    CompletableFuture<?> stat = client.stat(HANDLE);
    receive(status(3, SftpProtocol.NO_SUCH_FILE));
    assertThatThrownBy(stat::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(SftpStatus.class)
        .hasMessage("SSH_FX_NO_SUCH_FILE: text");
    assertThat(connection.isConnected()).isTrue();
  }

  @Test
  void lossFailsEverythingOutstandingAndAllThatComesAfter() {
    link.room = 0;
    CompletableFuture<?> unsent = client.stat(HANDLE);
    ByteBuffer memory = ByteBuffer.allocate(10);
    CompletableFuture<?> half = client.read(HANDLE, 0, 10, IoSegments.of(memory));
    byte[] answer = data(4, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    connection.received(answer, 0, 13 + 4);
    assertThat(memory.array()).containsExactly(1, 2, 3, 4, 0, 0, 0, 0, 0, 0);
    connection.lose("a cable", null);
    for (CompletableFuture<?> stage : List.of(unsent, half, client.stat(HANDLE))) {
      assertThatThrownBy(stage::get)
          .cause()
          .isInstanceOf(ShareDisconnectedException.class)
          .hasMessage("the connection to sftp://test was lost: a cable");
    }
    connection.received(answer, 17, answer.length - 17);
    assertThat(memory.array()).containsExactly(1, 2, 3, 4, 0, 0, 0, 0, 0, 0);
    assertThat(link.closed).isTrue();
    assertThat(link.sent()).isEmpty();
  }

  @Test
  void nonsenseEndsTheConnection() {
    for (byte[] nonsense :
        List.of(
            status(99, 0), // nobody asked
            data(3, new byte[100]), // more than was asked for
            new byte[] {-1, -1, -1, -1, 101, 0, 0, 0, 3}, // 4 GiB
            packet(SftpProtocol.HANDLE, out -> out.writeInt(3)))) { // cut short
      SftpConnection other = new SftpConnection("sftp://test", new FakeLink());
      CompletableFuture<?> read =
          new SftpClient(other).read(HANDLE, 0, 10, IoSegments.of(ByteBuffer.allocate(10)));
      other.received(nonsense, 0, nonsense.length);
      assertThat(other.isConnected()).isFalse();
      assertThatThrownBy(read::get)
          .hasCauseInstanceOf(ShareDisconnectedException.class)
          .hasMessageContaining("breaks the SFTP protocol");
    }
  }

  @Test
  void manyThreadsSendWholeRequests() throws Exception {
    link.room = Integer.MAX_VALUE;
    int threads = 8;
    int each = 500;
    CountDownLatch done = new CountDownLatch(threads);
    for (int t = 0; t < threads; t++) {
      byte[] handle = new byte[t + 1];
      new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  client.stat(handle);
                }
                done.countDown();
              })
          .start();
    }
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    ByteBuffer sent = ByteBuffer.wrap(link.sent());
    int count = 0;
    boolean[] seen = new boolean[3 + threads * each];
    while (sent.hasRemaining()) {
      int length = sent.getInt();
      assertThat(sent.get()).isEqualTo((byte) SftpProtocol.FSTAT);
      int id = sent.getInt();
      assertThat(seen[id]).isFalse();
      seen[id] = true;
      assertThat(sent.getInt()).isEqualTo(length - 9);
      sent.position(sent.position() + length - 9);
      count++;
    }
    assertThat(count).isEqualTo(threads * each);
  }

  private void receive(byte[] bytes) {
    connection.received(bytes, 0, bytes.length);
  }

  private interface Fields {
    void write(DataOutputStream out) throws IOException;
  }

  private static byte[] packet(int type, Fields fields) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(0);
      out.writeByte(type);
      fields.write(out);
      byte[] packet = bytes.toByteArray();
      PacketWriter.putInt(packet, 0, packet.length - 4);
      return packet;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] data(int id, byte[] content) {
    return packet(
        SftpProtocol.DATA,
        out -> {
          out.writeInt(id);
          out.writeInt(content.length);
          out.write(content);
        });
  }

  private static byte[] status(int id, int code) {
    return packet(
        SftpProtocol.STATUS,
        out -> {
          out.writeInt(id);
          out.writeInt(code);
          text(out, "text");
          text(out, "en");
        });
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  /** Keeps what was sent. */
  private static final class FakeLink implements SftpConnection.Link {
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    volatile int room = 1 << 20;
    volatile boolean closed;
    int packets;

    synchronized byte[] sent() {
      return sent.toByteArray();
    }

    /** Returns how many requests were sent, all of them whole. */
    synchronized int requests() {
      ByteBuffer bytes = ByteBuffer.wrap(sent.toByteArray());
      int count = 0;
      while (bytes.hasRemaining()) {
        bytes.position(bytes.position() + 4 + bytes.getInt(bytes.position()));
        count++;
      }
      return count;
    }

    @Override
    public int room() {
      return room;
    }

    @Override
    public SftpConnection.Packet packet(int bytes) {
      room -= bytes;
      byte[] array = new byte[bytes + 5];
      return new SftpConnection.Packet() {
        @Override
        public byte[] array() {
          return array;
        }

        @Override
        public int offset() {
          return 5;
        }

        @Override
        public void send() {
          synchronized (FakeLink.this) {
            sent.write(array, 5, bytes);
            packets++;
          }
        }
      };
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
