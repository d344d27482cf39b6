package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.hierynomus.msdtyp.AccessMask;
import com.hierynomus.mssmb2.SMB2CreateDisposition;
import com.hierynomus.mssmb2.SMB2ShareAccess;
import com.hierynomus.smbj.SMBClient;
import com.hierynomus.smbj.auth.AuthenticationContext;
import com.hierynomus.smbj.connection.Connection;
import com.hierynomus.smbj.session.Session;
import com.hierynomus.smbj.share.DiskShare;
import com.hierynomus.smbj.share.File;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Beside smbj, a client of SMB that somebody else has written: what one writes the other reads. The
 * time that each takes is printed and not judged; {@code -Dnetfs.smbj.size=512} (MiB) makes it mean
 * something.
 */
@Timeout(600)
class SmbjIT {
  private static final int SIZE = Integer.getInteger("netfs.smbj.size", 4) << 20;
  private static final int PIECE = 64 << 10;
  private static final int ROUNDS = 3;

  private static SambaServer server;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private interface OnShare {
    void run(DiskShare share) throws IOException;
  }

  private static void bySmbj(OnShare work) throws IOException {
    try (SMBClient client = new SMBClient();
        Connection connection = client.connect(server.host(), server.port())) {
      Session session =
          connection.authenticate(
              new AuthenticationContext(server.user(), server.password().toCharArray(), ""));
      try (DiskShare share = (DiskShare) session.connectShare(SambaServer.SHARE)) {
        work.run(share);
      }
    }
  }

  private static File open(
      DiskShare share, String name, AccessMask access, SMB2CreateDisposition disposition) {
    return share.openFile(
        name,
        EnumSet.of(access),
        null,
        EnumSet.of(SMB2ShareAccess.FILE_SHARE_READ),
        disposition,
        null);
  }

  /** Reads a stream to its end, and returns how long that took. */
  private static long drain(InputStream in, byte[] expected) throws IOException {
    byte[] piece = new byte[PIECE];
    long start = System.nanoTime();
    int at = 0;
    for (int n = in.read(piece); n > 0; n = in.read(piece)) {
      assertThat(Arrays.equals(piece, 0, n, expected, at, at + n)).as("bytes at %d", at).isTrue();
      at += n;
    }
    assertThat(at).isEqualTo(expected.length);
    return System.nanoTime() - start;
  }

  @Test
  void whatOneWritesTheOtherReads() throws IOException {
    byte[] content = new byte[SIZE];
    new Random(5).nextBytes(content);
    bySmbj(
        share -> {
          try (File file =
                  open(
                      share,
                      "theirs",
                      AccessMask.GENERIC_WRITE,
                      SMB2CreateDisposition.FILE_CREATE);
              OutputStream out = file.getOutputStream()) {
            out.write(content);
          }
        });
    List<Long> ours = new ArrayList<>();
    List<Long> theirs = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      try (FileSystem fs = FileSystems.newFileSystem(server.uri(""), server.options())) {
        try (InputStream in = Files.newInputStream(fs.getPath("/theirs"))) {
          ours.add(drain(in, content));
        }
        Files.write(fs.getPath("/ours"), content);
      }
      bySmbj(
          share -> {
            try (File file =
                    open(share, "ours", AccessMask.GENERIC_READ, SMB2CreateDisposition.FILE_OPEN);
                InputStream in = file.getInputStream()) {
              theirs.add(drain(in, content));
            }
          });
    }
    System.out.printf(
        Locale.ROOT,
        "reading %d MiB in pieces of 64 KiB: netfs %.1f MB/s, smbj %.1f MB/s, %.1f times%n",
        SIZE >> 20,
        SIZE * 1e3 / median(ours),
        SIZE * 1e3 / median(theirs),
        (double) median(theirs) / median(ours));
  }

  private static long median(List<Long> times) {
    Collections.sort(times);
    return times.get(times.size() / 2);
  }
}
