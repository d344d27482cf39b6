package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** What the cache on disk gives and costs. */
final class DiskWorkloads {
  private static final String UNIT = "MB/s";
  private static final int GRANULE = 256 << 10;
  private static final int NONCE = 12;
  private static final int TAG = 16;
  private static final SecretKeySpec KEY = new SecretKeySpec(new byte[32], "AES");

  private DiskWorkloads() {}

  static List<Workload.Builder> all() {
    List<Workload.Builder> all = new ArrayList<>();
    all.add(
        again("W11", "read again after a new mount, from the encrypted disk cache")
            .bare("limit", DiskWorkloads::decrypt));
    all.add(
        again("W11off", "read again after a new mount, from a disk cache in the clear")
            .disk(Workload.Disk.KEPT_PLAIN));
    all.add(
        Workload.cold(
                "W12",
                "cold sequential read with an empty disk cache",
                UNIT,
                Set.of("nodisk"),
                Fixture::large,
                StreamWorkloads::readOnce)
            .disk(Workload.Disk.EMPTY));
    return all;
  }

  private static Workload.Builder again(String id, String title) {
    return Workload.cold(
            id, title, UNIT, Set.of("local", "rclone"), Fixture::large, DiskWorkloads::readAgain)
        .disk(Workload.Disk.KEPT);
  }

  private static void readAgain(Run run) throws IOException {
    StreamWorkloads.readOnce(run);
    long down = run.cost().wireDown() >= 0 ? run.cost().wireDown() : run.cost().fileBytesDown();
    if (down >= 0) {
      run.note("kibibytesDown", down / 1024.0);
    }
  }

  /**
   * What a cache can do at best that keeps its granules encrypted: reads such a file of the local
   * disk and decrypts it with the JDK's AES-256-GCM, on all processors, and does nothing else.
   */
  private static void decrypt(Run run) throws IOException {
    long size = run.settings().size();
    Path sealed = run.fixture().root().resolve("sealed.bin");
    if (Files.notExists(sealed)) {
      seal(sealed, size);
    }
    long granules = size / GRANULE;
    AtomicLong next = new AtomicLong();
    try (FileChannel channel = FileChannel.open(sealed)) {
      run.start();
      long bytes =
          Together.sum(
              Runtime.getRuntime().availableProcessors(),
              number -> {
                long done = 0;
                byte[] plain = new byte[GRANULE];
                ByteBuffer record = ByteBuffer.allocate(NONCE + GRANULE + TAG);
                for (long i = next.getAndIncrement(); i < granules; i = next.getAndIncrement()) {
                  record.clear();
                  while (record.hasRemaining()
                      && channel.read(record, i * record.capacity() + record.position()) > 0) {
                    // Reads on.
                  }
                  done += open(record.array(), plain);
                }
                return done;
              });
      run.stop(bytes / StreamWorkloads.MB);
    }
  }

  private static int open(byte[] record, byte[] plain) throws IOException {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      cipher.init(Cipher.DECRYPT_MODE, KEY, new GCMParameterSpec(8 * TAG, record, 0, NONCE));
      return cipher.doFinal(record, NONCE, record.length - NONCE, plain, 0);
    } catch (GeneralSecurityException e) {
      throw new BenchException("a granule cannot be decrypted", e);
    }
  }

  private static void seal(Path file, long size) throws IOException {
    ByteBuffer plain = ByteBuffer.allocate(GRANULE);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (long at = 0; at + GRANULE <= size; at += GRANULE) {
        Content.fill(plain.clear(), Fixture.LARGE_SEED, at);
        ByteBuffer record = ByteBuffer.allocate(NONCE + GRANULE + TAG);
        record.putLong(4, at).position(NONCE);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(
            Cipher.ENCRYPT_MODE, KEY, new GCMParameterSpec(8 * TAG, record.array(), 0, NONCE));
        cipher.doFinal(plain.flip(), record);
        record.flip();
        while (record.hasRemaining()) {
          channel.write(record);
        }
      }
      channel.force(true);
    } catch (GeneralSecurityException e) {
      throw new BenchException("this JVM has no AES-GCM", e);
    }
  }
}
