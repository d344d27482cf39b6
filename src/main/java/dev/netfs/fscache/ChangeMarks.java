package dev.netfs.fscache;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Up to when this machine's JVMs have changed what directories hold: what a record says that was
 * asked before counts as what was, and not as what is, whoever reads it and whenever.
 *
 * <p>It is a file of {@value #SLOTS} times, of which each directory has one, found by a hash that
 * needs the volume's key; the first is for all directories at once. Two directories with one time
 * cost a question to the server now and then, never a wrong answer. A time is written before the
 * change is asked for, and is some seconds ahead, so that a program that goes on changing things
 * writes one only every few seconds, and the change is over by then or marked again when it is.
 *
 * <p>Records are never touched for it: there is no moment at which who replaces a record could undo
 * a mark. A time has its complement beside it; where the two do not agree, as after a write that
 * was cut off, nothing counts as what is. Not forced to stable storage, as little as the records.
 *
 * <p>It is read and written by means that an interrupt does not close, since it is users' threads
 * that change things. Safe for use by several threads and JVMs.
 */
final class ChangeMarks {
  private static final int SLOTS = 4096;
  private static final int SLOT = 16;

  private final Path directory;
  private final Path path;
  private final long multiplier;
  private final long offset;

  /**
   * @param directory where the file is, or will be
   * @param secret 16 bytes or more that the file's reader must not know
   */
  ChangeMarks(Path directory, byte[] secret) {
    this.directory = directory;
    this.path = directory.resolve("changed");
    ByteBuffer bytes = ByteBuffer.wrap(secret);
    this.multiplier = bytes.getLong() | 1;
    this.offset = bytes.getLong();
  }

  /** Returns the number of a directory's time, from 1 on. */
  int slot(String directory) {
    long hash = (directory.hashCode() * 0x9E3779B97F4A7C15L ^ offset) * multiplier;
    hash ^= hash >>> 32;
    return 1 + (int) Math.floorMod(hash * multiplier, (long) SLOTS - 1);
  }

  /** Returns how many times there are, with that for all directories. */
  static int slots() {
    return SLOTS;
  }

  /** Returns up to when a directory, or all, have been changed; the smallest number if never. */
  long read(int slot) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(), "r")) {
      return Math.max(read(file, 0), read(file, slot));
    } catch (FileNotFoundException e) {
      if (file().exists()) {
        throw e; // it is kept from us
      }
      return Long.MIN_VALUE;
    }
  }

  /** Returns how many times are damaged or missing; 0 if the file is not there. */
  int damaged() throws IOException {
    if (!file().exists()) {
      return 0;
    }
    int damaged = 0;
    try (RandomAccessFile file = new RandomAccessFile(file(), "r")) {
      long there = file.length() / SLOT;
      for (int slot = 0; slot < SLOTS; slot++) {
        damaged += slot >= there || read(file, slot) == Long.MAX_VALUE ? 1 : 0;
      }
    }
    return damaged;
  }

  private static long read(RandomAccessFile file, int slot) throws IOException {
    byte[] bytes = new byte[SLOT];
    file.seek((long) slot * SLOT);
    int count = Math.max(0, file.read(bytes));
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    long millis = buffer.getLong();
    long complement = buffer.getLong();
    if (count == 0 || (millis == 0 && complement == 0)) {
      return Long.MIN_VALUE;
    }
    return millis == ~complement ? millis : Long.MAX_VALUE;
  }

  /**
   * Makes the file if it is not there, before there are records, and at its full size, so that it
   * can be written on a disk that is full.
   *
   * @throws IOException if it cannot be made
   */
  void prepare() throws IOException {
    if (file().exists()) {
      return;
    }
    // Where the records are, so that it is removed some time if this ends here.
    Path fan = directory.resolve("00");
    OwnerOnly.createDirectories(fan);
    Path unnamed = fan.resolve(FsCache.UNNAMED + UUID.randomUUID());
    try {
      OwnerOnly.write(unnamed, new byte[SLOTS * SLOT], StandardOpenOption.CREATE_NEW);
      OwnerOnly.linkIfAbsent(unnamed, path);
    } catch (FileAlreadyExistsException e) {
      // Another JVM has made it.
    } finally {
      Files.deleteIfExists(unnamed);
    }
  }

  /**
   * Writes up to when a directory has been changed; 0 for all directories. Where the file is not
   * there, there are no records either, and nothing is to be marked.
   *
   * @throws IOException if it cannot be written
   */
  void write(int slot, long millis) throws IOException {
    if (!file().exists()) {
      return;
    }
    try (RandomAccessFile file = new RandomAccessFile(file(), "rw")) {
      long before = read(file, slot);
      if (before >= millis && before != Long.MAX_VALUE) {
        return;
      }
      file.seek((long) slot * SLOT);
      file.write(ByteBuffer.allocate(SLOT).putLong(millis).putLong(~millis).array());
    }
  }

  private File file() {
    return path.toFile();
  }
}
