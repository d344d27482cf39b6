package dev.netfs.fscache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a volume keeps of names, listings and attributes: a file for each directory.
 *
 * <h2>Why one file for each directory</h2>
 *
 * A listing is what most answers come with, so it is written as one. An object that was asked for
 * by itself goes into the record of the directory that holds its name: a walk then finds names and
 * attributes in one file, and two files never say different things of one object. The price is that
 * a single answer rewrites all that is known of its directory, so whoever writes collects answers
 * first.
 *
 * <h2>Sound by construction</h2>
 *
 * A file is never changed: it is made under another name and renamed over the old one, so that a
 * crash leaves the old one, the new one, or none (C8). It proves itself as slots do ({@link
 * Sealer}): that it is of this volume and this directory, and that no bit of it has changed. What
 * does not is a miss and removed (C7). An older copy of it proves itself too: it is what the server
 * has said, and says when that was; whether that is recent enough is for the reader to decide, by
 * {@link #changedMillis} too.
 *
 * <p>All methods but the marking of changes block for local I/O and must not be called by a thread
 * that may be interrupted. They are safe for use by several threads and JVMs; those who {@link
 * #update} one record take turns.
 */
public final class Metadata {
  /** The name of the directory that the files are in, beside the volume's header. */
  private static final String DIRECTORY = "meta";

  private static final int STRIPES = 64;
  private static final HexFormat HEX = HexFormat.of();

  /** Of the bytes that JVMs lock, those for records follow those for cookies. */
  private static final int LOCKED_FROM = 64;

  private final Volume volume;
  private final Path directory;
  private final ChangeMarks marks;
  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  Metadata(Volume volume) {
    this.volume = volume;
    this.directory = volume.directory().resolve(DIRECTORY);
    this.marks = new ChangeMarks(directory, volume.header().key().derive("marks", new byte[0]));
    Arrays.setAll(stripes, i -> new ReentrantLock());
  }

  private byte[] object(String path) {
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(volume.header().key().derive("meta", bytes), 20);
  }

  private Path file(String name) {
    return directory.resolve(name.substring(0, 2)).resolve(name.substring(2));
  }

  /**
   * Returns what is known of a directory, or null.
   *
   * @param sinceMillis what was asked before is of no use: a record that seems to say nothing newer
   *     is not looked into
   * @param maxBytes larger records are not looked into either
   * @throws IOException if local I/O fails
   */
  public @Nullable DirectoryRecord read(String path, long sinceMillis, long maxBytes)
      throws IOException {
    byte[] object = object(path);
    Path file = file(HEX.formatHex(object));
    ByteBuffer bytes;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size > maxBytes) {
        return null;
      }
      if (sinceMillis > Long.MIN_VALUE) {
        Long newest = MetadataFormat.newest(read(channel, MetadataFormat.HEAD));
        if (newest != null && newest < sinceMillis) {
          return null;
        }
      }
      bytes = read(channel, (int) Math.min(size, MetadataFormat.MAX_BYTES));
    } catch (NoSuchFileException e) {
      return null;
    }
    try {
      DirectoryRecord record =
          MetadataFormat.decode(bytes, volume.sealer(), volume.binding(object), path);
      touch(file);
      return record;
    } catch (IOException e) {
      volume.cache().refuted(volume.directory(), "the record of " + path);
      delete(file); // if somebody has just replaced it, that is lost, and no more
      return null;
    }
  }

  /** As {@link #read(String, long, long)}, whatever its age and size. */
  public @Nullable DirectoryRecord read(String path) throws IOException {
    return read(path, Long.MIN_VALUE, Long.MAX_VALUE);
  }

  private static void touch(Path file) {
    try {
      Volume.touch(file);
    } catch (IOException e) {
      // It may be culled sooner.
    }
  }

  private static ByteBuffer read(FileChannel channel, int most) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(most);
    long at = 0;
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, at);
      if (count <= 0) {
        break;
      }
      at += count;
    }
    return buffer.flip();
  }

  /**
   * Replaces what is known of a directory.
   *
   * @param changedMillis up to when the caller knows it to be {@linkplain #changed changed} by this
   *     machine; the smallest number if he does not
   * @param change makes the new record of the one that there is, or of null
   * @return the new record; null if it could not be kept, since nothing may be allocated or it
   *     would be too large: then the old one is left, unless it has names that the new one has not
   * @throws IOException if local I/O fails; the same holds then
   */
  public @Nullable DirectoryRecord update(
      String path, long changedMillis, Function<@Nullable DirectoryRecord, DirectoryRecord> change)
      throws IOException {
    byte[] object = object(path);
    String name = HEX.formatHex(object);
    int number = Volume.stripeNumber(name) % STRIPES;
    ReentrantLock stripe = stripes[number];
    stripe.lock();
    try {
      volume.restoreDirectory(); // without the header nobody could ever read what is made here
      marks.prepare();
      if (changedMillis > Long.MIN_VALUE) {
        marks.write(marks.slot(path), changedMillis);
      }
      try (FileRegionLock ignored =
          FileRegionLock.await(
              volume.lockFile().channel(), LOCKED_FROM + number, Volume.MAKING_MILLIS)) {
        // Without the lock, where it cannot be had, one of two updates at once may be lost.
        DirectoryRecord before = read(path);
        DirectoryRecord record = change.apply(before);
        boolean written = false;
        try {
          written = write(object, name, record);
        } finally {
          if (!written && before != null && !hasAllNames(record, before)) {
            delete(file(name)); // what has gone must not come back
          }
        }
        return written ? record : null;
      }
    } finally {
      stripe.unlock();
    }
  }

  private static boolean hasAllNames(DirectoryRecord record, DirectoryRecord before) {
    return record.objects().keySet().containsAll(before.objects().keySet());
  }

  private void delete(Path file) throws IOException {
    long size = size(file);
    if (Files.deleteIfExists(file)) {
      volume.cache().allocated(-size);
    }
  }

  private boolean write(byte[] object, String name, DirectoryRecord record) throws IOException {
    Path file = file(name);
    if (record.isEmpty()) {
      delete(file);
      return true;
    }
    ByteBuffer bytes = MetadataFormat.encode(record, volume.sealer(), volume.binding(object));
    if (bytes == null || !volume.cache().mayAllocate(bytes.remaining())) {
      return false;
    }
    long before = size(file);
    OwnerOnly.createDirectories(directory.resolve(name.substring(0, 2)));
    Path unnamed = file.resolveSibling(FsCache.UNNAMED + UUID.randomUUID());
    int length = bytes.remaining();
    try {
      try (FileChannel channel =
          OwnerOnly.open(unnamed, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      Files.move(
          unnamed, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(unnamed);
      throw e;
    }
    volume.cache().allocated(length - before);
    return true;
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /**
   * Removes what is known of some directories. Opens every record, since names are hashed: that may
   * take long.
   *
   * @param unwanted tells which
   */
  public void removeIf(Predicate<DirectoryRecord> unwanted) throws IOException {
    for (Path file : recordFiles(volume.directory())) {
      DirectoryRecord record = look(file);
      if (record != null && unwanted.test(record)) {
        update(
            record.path(),
            Long.MIN_VALUE,
            now ->
                now != null && !unwanted.test(now)
                    ? now
                    : DirectoryRecord.builder(record.path(), null).build());
      }
    }
  }

  /**
   * Removes what a record says of some paths; all of it if the directory is one of them.
   *
   * @param file the record's file
   * @param unwanted tells which paths
   * @return whether it said anything of them
   */
  boolean forget(Path file, Predicate<String> unwanted) throws IOException {
    DirectoryRecord record = look(file);
    if (record == null || record.without(unwanted) == record) {
      return false;
    }
    DirectoryRecord nothing = DirectoryRecord.builder(record.path(), null).build();
    update(record.path(), Long.MIN_VALUE, now -> now == null ? nothing : now.without(unwanted));
    return true;
  }

  /** Removes a record, whatever it says. */
  void remove(Path file) throws IOException {
    delete(file);
  }

  /** Returns the files of a volume's records. */
  static List<Path> recordFiles(Path volume) throws IOException {
    return files(volume).stream().filter(file -> !FsCache.isUnnamed(file)).toList();
  }

  /** Returns the files of a volume's records, those without a name among them. */
  static List<Path> files(Path volume) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path fan : FsCache.list(volume.resolve(DIRECTORY))) {
      all.addAll(FsCache.list(fan));
    }
    return all;
  }

  /** Returns where a volume's records are. */
  static Path directory(Path volume) {
    return volume.resolve(DIRECTORY);
  }

  /**
   * Opens the record of a file that is bound to a path that only the record says. That is no use.
   *
   * @return null if it is gone, or does not prove itself
   */
  @Nullable DirectoryRecord look(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      byte[] object =
          HEX.parseHex(file.getName(file.getNameCount() - 2).toString() + file.getFileName());
      ByteBuffer bytes = read(channel, (int) Math.min(channel.size(), MetadataFormat.MAX_BYTES));
      DirectoryRecord record =
          MetadataFormat.decode(bytes, volume.sealer(), volume.binding(object), null);
      return Arrays.equals(object(record.path()), object) ? record : null;
    } catch (IllegalArgumentException e) {
      return null; // it has no name of a record
    } catch (IOException e) {
      return null; // whoever looks for it hears of it
    }
  }

  /** Returns how many of the times up to when directories were changed do not prove themselves. */
  int damagedMarks() throws IOException {
    return marks.damaged();
  }

  /** Returns the number of the time that a directory has, of {@link #slots}; 0 is none's. */
  public int slot(String path) {
    return marks.slot(path);
  }

  /** Returns how many times there are; that with number 0 is for all directories. */
  public static int slots() {
    return ChangeMarks.slots();
  }

  /**
   * Returns up to when what directories hold was changed by this machine's JVMs: what was asked
   * until then may be what was before. The smallest number if never.
   *
   * @param slot the directory's {@link #slot}
   * @throws IOException if nobody can say
   */
  public long changedMillis(int slot) throws IOException {
    return marks.read(slot);
  }

  /**
   * Notes, for whoever reads a record from now on, that what a directory holds is being changed.
   * Blocks for local I/O, for a moment; an interrupt does no harm.
   *
   * @param slot the directory's {@link #slot}; 0 for all directories
   * @param untilMillis by when the change is over, or will be noted again
   * @throws IOException if it cannot be noted
   */
  public void changed(int slot, long untilMillis) throws IOException {
    marks.write(slot, untilMillis);
  }
}
