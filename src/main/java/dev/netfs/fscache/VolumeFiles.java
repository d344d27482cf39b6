package dev.netfs.fscache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A volume's header on disk: two copies, each written whole beside and renamed over. */
final class VolumeFiles {
  private static final String[] COPIES = {"volume", "volume.bak"};
  private static final int MAX_BYTES = 1 << 20;

  /** The byte of the lock file that who writes the header holds. */
  private static final long HEADER_LOCK = 1L << 40;

  private static final long HEADER_MILLIS = 30_000;

  private VolumeFiles() {}

  static Path lockFile(Path volume) {
    return volume.resolve("lock");
  }

  /**
   * Reads a volume's header; makes a volume if there is none, or none that can be read.
   *
   * @throws WrongKeyException if one is there and the key is not its own
   */
  static VolumeHeader readOrCreate(Path volume, String identity, @Nullable CacheKey key)
      throws IOException {
    VolumeHeader header = read(volume, key);
    if (header != null && header.identity().equals(identity)) {
      return header;
    }
    OwnerOnly.createDirectories(volume);
    try (FileChannel channel =
            OwnerOnly.open(lockFile(volume), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileRegionLock ignored = lockHeader(channel)) {
      header = read(volume, key); // another JVM may have been first
      if (header == null || !header.identity().equals(identity)) {
        SecureRandom random = new SecureRandom();
        VolumeHeader made = VolumeHeader.create(identity, key != null, random);
        byte[] bytes = made.encode(key, random);
        if (create(volume, bytes)) {
          return made;
        }
        header = read(volume, key); // where there are no locks
        if (header == null || !header.identity().equals(identity)) {
          write(volume, bytes);
          return made;
        }
      }
    }
    return header;
  }

  /**
   * Reads a volume's header; null if there is none, or none that is whole.
   *
   * @throws WrongKeyException if one is there and the key is not its own
   */
  static @Nullable VolumeHeader read(Path volume, @Nullable CacheKey key) throws IOException {
    WrongKeyException wrong = null;
    for (String copy : COPIES) {
      Path file = volume.resolve(copy);
      try {
        if (Files.size(file) <= MAX_BYTES) {
          return VolumeHeader.decode(Files.readAllBytes(file), key, file);
        }
      } catch (WrongKeyException e) {
        // An interrupted rekeying may have left the other copy as it was.
        wrong = wrong == null ? e : wrong;
      } catch (NoSuchFileException e) {
        // Perhaps the other.
      } catch (java.nio.file.FileSystemException e) {
        throw e; // it may be whole, and must not be replaced
      } catch (IOException e) {
        // It is damaged; perhaps the other is not.
      }
    }
    if (wrong != null) {
      throw wrong;
    }
    return null;
  }

  /** Returns a copy of the header of the volume with an identifier, as it is; null if none is. */
  static byte @Nullable [] bytes(Path volume, byte[] id) throws IOException {
    return firstWhole(volume, bytes -> Arrays.equals(VolumeHeader.id(bytes, volume), id));
  }

  /** Returns whether a volume's header says that it is encrypted. Needs no key. */
  static boolean encrypted(Path volume) throws IOException {
    return firstWhole(volume, bytes -> VolumeHeader.encrypts(bytes, volume)) != null;
  }

  /** Looks at a copy of a header; throws if it is damaged. */
  private interface HeaderTest {
    boolean test(byte[] bytes) throws IOException;
  }

  private static byte @Nullable [] firstWhole(Path volume, HeaderTest test) throws IOException {
    for (String copy : COPIES) {
      try {
        byte[] bytes = Files.readAllBytes(volume.resolve(copy));
        if (test.test(bytes)) {
          return bytes;
        }
      } catch (NoSuchFileException e) {
        // Perhaps the other.
      } catch (java.nio.file.FileSystemException e) {
        throw e;
      } catch (IOException e) {
        // It is damaged; perhaps the other is not.
      }
    }
    return null;
  }

  /** Returns whether there is a header, whosever it is and whatever is in it. */
  static boolean exists(Path volume) {
    return Files.exists(volume.resolve(COPIES[0]));
  }

  /**
   * Makes a volume again whose directory somebody has deleted.
   *
   * @param header as {@link #bytes} had it
   * @throws IOException if it cannot be made, or another one has been made in its place
   */
  static void restore(Path volume, byte[] id, byte[] header) throws IOException {
    OwnerOnly.createDirectories(volume);
    try (FileChannel channel =
            OwnerOnly.open(lockFile(volume), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileRegionLock ignored = lockHeader(channel)) {
      create(volume, header);
    }
    check(volume, id);
  }

  /**
   * Looks whether a volume is what it was.
   *
   * @throws FileAlreadyExistsException if not
   */
  static void check(Path volume, byte[] id) throws IOException {
    if (bytes(volume, id) == null) {
      throw new FileAlreadyExistsException(
          volume.toString(), null, "it was deleted, and another cache has been made in its place");
    }
  }

  /**
   * Has others who would write the header wait. One who does so takes as long as stretching a pass
   * phrase does, and on a busy machine much longer.
   *
   * @throws IOException if somebody else takes longer than that
   */
  private static FileRegionLock lockHeader(FileChannel channel) throws IOException {
    FileRegionLock lock = FileRegionLock.await(channel, HEADER_LOCK, HEADER_MILLIS);
    if (lock == null) {
      throw new IOException("another JVM has been writing the header for " + HEADER_MILLIS + " ms");
    }
    return lock;
  }

  /**
   * Writes both copies where there is no header. Of several who do this at once, one does: what is
   * sealed with one data key nobody can open with another.
   *
   * @return whether there was none
   */
  static boolean create(Path volume, byte[] header) throws IOException {
    Path made = volume.resolve(FsCache.UNNAMED + UUID.randomUUID());
    OwnerOnly.write(made, header, StandardOpenOption.CREATE_NEW);
    try {
      OwnerOnly.linkIfAbsent(made, volume.resolve(COPIES[0]));
    } catch (FileAlreadyExistsException e) {
      return false;
    } finally {
      Files.deleteIfExists(made);
    }
    write(volume, COPIES[1], header);
    return true;
  }

  /** Writes both copies. */
  static void write(Path volume, byte[] header) throws IOException {
    for (String copy : COPIES) {
      write(volume, copy, header);
    }
  }

  private static void write(Path volume, String copy, byte[] header) throws IOException {
    Path made = volume.resolve(FsCache.UNNAMED + UUID.randomUUID());
    OwnerOnly.write(made, header, StandardOpenOption.CREATE_NEW);
    Files.move(
        made,
        volume.resolve(copy),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Wraps a volume's data key with another key of the user's. What is sealed in the volume stays as
   * it is. A crash leaves one copy of the header for either key.
   *
   * @throws WrongKeyException if the old key is not the volume's
   */
  static void rekey(Path volume, CacheKey from, CacheKey to) throws IOException {
    try (FileChannel channel =
            OwnerOnly.open(lockFile(volume), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileRegionLock ignored = lockHeader(channel)) {
      VolumeHeader header = read(volume, from);
      if (header == null) {
        throw new NoSuchFileException(
            volume.resolve(COPIES[0]).toString(), null, "there is no volume header to rekey");
      }
      write(volume, header.encode(to, new SecureRandom()));
    }
  }
}
