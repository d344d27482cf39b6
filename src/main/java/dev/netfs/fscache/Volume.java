package dev.netfs.fscache;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a cache directory holds of one share, under one data key.
 *
 * <p>An object's file is named by a keyed hash of its path: who has the directory but not the key
 * learns how many objects there are, how much of them is cached and when it was used, and neither
 * their names nor whether a name that he guesses is among them.
 *
 * <p>Safe for use by several threads, all of which may block for local I/O and must not be
 * interrupted.
 */
public final class Volume implements Closeable {
  private static final int STRIPES = 64;
  private static final long TOUCH_MILLIS = 60_000;

  /** So long another JVM is waited for that makes the file which is to be made. */
  static final long MAKING_MILLIS = 2_000;

  private static final HexFormat HEX = HexFormat.of();

  private final FsCache cache;
  private final Path directory;
  private final Path objects;
  private final VolumeHeader header;
  private final byte @Nullable [] headerFile;
  private final Sealer sealer;
  private final DirtyLogs dirty;
  private final Metadata metadata;
  private final Scratch.Pool scratch = new Scratch.Pool();
  private final SecureRandom random = new SecureRandom();
  private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];

  /** Directories whose names stand for others now, while what was below them is removed. */
  private final Set<String> moved = ConcurrentHashMap.newKeySet();

  /** The open files that have their names, by them. */
  private final Map<String, Cookie> open = new ConcurrentHashMap<>();

  private final LockFile lockFile;
  private int uses; // guarded by the registry's lock
  private volatile int granule;
  private volatile Codec codec = Codec.NONE;

  /**
   * Makes what stands for a volume.
   *
   * @param headerFile its header as it is on disk, for the case that the directory is deleted
   */
  Volume(FsCache cache, Path directory, VolumeHeader header, byte @Nullable [] headerFile) {
    this.cache = cache;
    this.directory = directory;
    this.objects = directory.resolve("objects");
    this.lockFile = new LockFile(directory);
    this.header = header;
    this.headerFile = headerFile;
    this.sealer = new Sealer(header.key(), random);
    this.dirty = new DirtyLogs(this, DirtyLogs.directory(directory));
    this.metadata = new Metadata(this);
    Arrays.setAll(stripes, i -> new ReentrantLock());
  }

  /**
   * Returns the name of a share's volume: a hash, not a keyed one, since the key is found by it.
   */
  static String directoryName(String identity, boolean encrypted) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  ((encrypted ? "sealed " : "plain ") + identity).getBytes(StandardCharsets.UTF_8));
      return HEX.formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JVM has no SHA-256", e);
    }
  }

  Path directory() {
    return directory;
  }

  FsCache cache() {
    return cache;
  }

  VolumeHeader header() {
    return header;
  }

  Sealer sealer() {
    return sealer;
  }

  Scratch.Pool scratch() {
    return scratch;
  }

  /** Returns what identifies the share. */
  public String identity() {
    return header.identity();
  }

  /** Returns whether what is on disk is encrypted. */
  public boolean isEncrypted() {
    return header.key().encrypts();
  }

  /** Returns the size of new objects' granules. */
  public int granule() {
    return granule;
  }

  /** Returns how granules that are written are compressed. */
  Codec codec() {
    return codec;
  }

  /** Begins a use, and may say which granules new objects get. Under the registry's lock. */
  void opened(int granuleWanted, Codec codecWanted) {
    uses++;
    if (granuleWanted > 0) {
      granule = granuleWanted;
      codec = codecWanted;
    }
  }

  /** Ends a use; returns whether it was the last. Under the registry's lock. */
  boolean endUse() {
    return --uses == 0;
  }

  /** Returns what the records of an object are bound to. */
  ByteBuffer binding(byte[] object) {
    ByteBuffer binding = ByteBuffer.allocate(header.id().length + object.length);
    return binding.put(header.id()).put(object).flip();
  }

  private byte[] object(String path) {
    // 160 bits: what the name shows is all that binds, so that a file can be opened by its name.
    return Arrays.copyOf(header.key().derive("name", path.getBytes(StandardCharsets.UTF_8)), 20);
  }

  private static String name(byte[] object) {
    return HEX.formatHex(object);
  }

  private Path file(String name) {
    return objects.resolve(name.substring(0, 2)).resolve(name.substring(2));
  }

  private ReentrantLock stripe(String name) {
    return stripes[stripeNumber(name)];
  }

  static int stripeNumber(String name) {
    return Integer.parseInt(name, 0, 4, 16) % STRIPES;
  }

  /**
   * Opens what is here of an object in a given state. To be closed.
   *
   * @param create whether to make a file, in the place of one of another state, if there is none
   * @return null if there is nothing, or something of another state, and it was not to be made or
   *     cannot be
   * @throws IOException if local I/O fails
   */
  public @Nullable Cookie open(String path, CoherencyData state, boolean create)
      throws IOException {
    if (!moved.isEmpty() && moved.stream().anyMatch(directory -> isBelow(path, directory))) {
      return null;
    }
    byte[] object = object(path);
    String name = name(object);
    ReentrantLock stripe = stripe(name);
    stripe.lock();
    try {
      Cookie cookie = open.get(name);
      if (cookie != null && cookie.coherency().matches(state) && cookie.retain()) {
        return cookie;
      }
      cookie = openFile(name, object, header -> header.isOf(path, state));
      if (cookie != null && cookie.isWritable()) {
        touch(file(name));
      }
      if (cookie == null && create) {
        cookie = createFile(name, object, path, state);
      }
      return cookie;
    } finally {
      stripe.unlock();
    }
  }

  /** Opens the file that has a name, if its header is wanted. Under the name's stripe. */
  private @Nullable Cookie openFile(String name, byte[] object, Predicate<CookieHeader> wanted)
      throws IOException {
    Path file = file(name);
    FileChannel channel = null;
    boolean writable = true;
    boolean kept = false;
    try {
      try {
        channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      } catch (AccessDeniedException e) {
        writable = false;
      } catch (NoSuchFileException e) {
        return null;
      } catch (FileSystemException e) {
        writable = false; // a file system that is read-only has no exception of its own
      }
      if (channel == null) {
        channel = FileChannel.open(file, StandardOpenOption.READ);
      }
      CookieHeader found = header(channel, object);
      if (found == null || !wanted.test(found)) {
        return null;
      }
      FileLock inUse = FileRegionLock.tryLock(channel, FileRegionLock.IN_USE, true);
      kept = true;
      return keep(new Cookie(this, name, object, found, channel, inUse, writable));
    } finally {
      if (channel != null && !kept) {
        channel.close();
      }
    }
  }

  private @Nullable CookieHeader header(FileChannel channel, byte[] object) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(CookieHeader.REGION);
    long at = 0;
    while (buffer.hasRemaining()) {
      int count = channel.read(buffer, at);
      if (count <= 0) {
        break;
      }
      at += count;
    }
    try {
      return CookieHeader.decode(buffer.flip(), sealer, binding(object));
    } catch (IOException e) {
      return null; // it is no header: there is nothing here
    }
  }

  /** Notes that a file was of use, by its time, which culling goes by. */
  static void touch(Path file) throws IOException {
    long now = System.currentTimeMillis();
    if (now - Files.getLastModifiedTime(file).toMillis() > TOUCH_MILLIS) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(now));
    }
  }

  private Cookie keep(Cookie cookie) {
    Cookie before = open.put(cookie.name(), cookie);
    if (before != null) {
      before.replaced();
    }
    return cookie;
  }

  /** Makes a file of an object. Under the name's stripe. */
  private @Nullable Cookie createFile(String name, byte[] object, String path, CoherencyData state)
      throws IOException {
    if (!cache.mayAllocate(CookieHeader.REGION)) {
      return null;
    }
    CookieHeader made = CookieHeader.create(path, state, granule, random);
    ByteBuffer bytes = made.encode(sealer, binding(object));
    if (bytes == null) {
      return null;
    }
    Path file = file(name);
    restoreDirectory(); // without the header nobody could ever read what is made here
    OwnerOnly.createDirectories(objects.resolve(name.substring(0, 2)));
    FileRegionLock making =
        FileRegionLock.await(lockFile.channel(), stripeNumber(name), MAKING_MILLIS);
    if (making == null) {
      return null; // another JVM takes its time; without it there would be two files
    }
    Path unnamed = file.resolveSibling(FsCache.UNNAMED + UUID.randomUUID());
    FileChannel channel = null;
    boolean kept = false;
    try {
      Cookie other = openFile(name, object, header -> header.isOf(path, state));
      if (other != null) {
        kept = true;
        return other;
      }
      channel =
          OwnerOnly.open(
              unnamed,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      FileLock inUse = FileRegionLock.tryLock(channel, FileRegionLock.IN_USE, true);
      // What is zeros at the region's end is left as a hole.
      int used = lastUsed(bytes);
      bytes.limit(used);
      while (bytes.hasRemaining()) {
        channel.write(bytes, bytes.position());
      }
      Files.move(
          unnamed, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      cache.allocated(used);
      kept = true;
      return keep(new Cookie(this, name, object, made, channel, inUse, true));
    } finally {
      making.close();
      if (!kept) {
        if (channel != null) {
          channel.close();
        }
        Files.deleteIfExists(unnamed);
      }
    }
  }

  /**
   * Looks whether the directory is there and this volume's, and makes it again if it is not there.
   *
   * @throws IOException if it cannot be made, or is another one
   */
  void checkDirectory() throws IOException {
    restoreDirectory();
    if (headerFile != null) {
      VolumeFiles.check(directory, header.id());
    }
  }

  /**
   * Makes the directory again if somebody has deleted it: empty, with the same key.
   *
   * @throws IOException if it is gone and cannot be made
   */
  void restoreDirectory() throws IOException {
    if (VolumeFiles.exists(directory)) {
      return;
    }
    if (headerFile == null) {
      throw new NoSuchFileException(directory.toString(), null, "the cache's directory is gone");
    }
    VolumeFiles.restore(directory, header.id(), headerFile);
    lockFile.close(); // nobody else has the one that was deleted
    open.forEach(
        (name, cookie) -> {
          if (open.remove(name, cookie)) {
            cookie.replaced();
          }
        });
    cache.restored();
  }

  private static int lastUsed(ByteBuffer bytes) {
    int used = bytes.limit();
    while (used > 0 && bytes.get(used - 1) == 0) {
      used--;
    }
    return used;
  }

  LockFile lockFile() {
    return lockFile;
  }

  /**
   * Claims the download of a range of an object, for blocks of {@value Slots#BLOCK} bytes. To be
   * closed.
   *
   * @return null if somebody else has claimed some of it
   */
  public @Nullable Claim claim(String path, long start, long end) {
    long position = Claim.position(ByteBuffer.wrap(object(path)).getLong(), start);
    try {
      FileRegionLock lock =
          FileRegionLock.take(lockFile.channel(), position, Claim.size(start, end));
      return lock == null ? null : new Claim(lock);
    } catch (IOException e) {
      return Claim.NONE; // a directory that is read-only, or gone
    }
  }

  /**
   * Makes a log of what is written to an object before its server has it, which is on stable
   * storage once it was forced. To be closed or deleted.
   *
   * @param base which state of the server's file it is written over
   * @throws IOException if it cannot be made, or cannot be kept from other JVMs
   */
  public DirtyLog newDirtyLog(String path, CoherencyData base) throws IOException {
    return dirty.create(path, base);
  }

  /**
   * Takes over the logs that JVMs which are gone have left; each is got by one who asks, in
   * whatever JVM. To be closed or deleted.
   *
   * @throws IOException if they cannot be looked for
   */
  public List<DirtyLog> takeOverDirtyLogs() throws IOException {
    return dirty.takeOver();
  }

  DirtyLogs dirtyLogs() {
    return dirty;
  }

  /** Returns what is kept of names, listings and attributes. */
  public Metadata metadata() {
    return metadata;
  }

  /** Removes what is here of an object, in whatever state. */
  public void remove(String path) throws IOException {
    removeNamed(name(object(path)));
  }

  /**
   * Notes that a directory's name stands for another one from now on, or for none: nothing below it
   * is found or made until {@link #removeMoved} has removed what is here.
   */
  public void movedAway(String directory) {
    moved.add(directory);
  }

  /**
   * Removes what is here below directories that have {@linkplain #movedAway moved away}. Reads the
   * header of every object, since names are hashed: that may take long.
   */
  public void removeMoved() throws IOException {
    Set<String> all = Set.copyOf(moved);
    if (all.isEmpty()) {
      return;
    }
    forEach(
        (header, file) -> {
          if (all.stream().anyMatch(directory -> isBelow(header.path(), directory))) {
            removeNamed(nameOf(file));
          }
        });
    moved.removeAll(all);
  }

  static boolean isBelow(String path, String directory) {
    return path.startsWith(directory)
        && (path.length() == directory.length()
            || directory.endsWith("/")
            || path.charAt(directory.length()) == '/');
  }

  /** Takes an object's header and its file. */
  interface ObjectConsumer {
    void accept(CookieHeader header, Path file) throws IOException;
  }

  /** Hands over every object that proves itself. */
  private void forEach(ObjectConsumer consumer) throws IOException {
    for (Path file : FsCache.objectFiles(directory)) {
      CookieHeader found = headerOf(file);
      if (found != null) {
        consumer.accept(found, file);
      }
    }
  }

  private static String nameOf(Path file) {
    return file.getName(file.getNameCount() - 2).toString() + file.getFileName();
  }

  /** Reads the header of a file that is bound to a path that only the header says. */
  private @Nullable CookieHeader headerOf(Path file) throws IOException {
    try {
      byte[] object = HEX.parseHex(nameOf(file));
      return alone(
          file,
          cookie -> {
            if (cookie != null) {
              return cookie.header();
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
              return header(channel, object);
            }
          });
    } catch (NoSuchFileException | IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * Opens the object that a file is of, whichever it is and in whatever state, and does not count
   * that as a use of it. To be closed.
   *
   * @return null if it is gone or does not prove itself
   */
  @Nullable Cookie open(Path file) throws IOException {
    String name = nameOf(file);
    byte[] object;
    try {
      object = HEX.parseHex(name);
    } catch (IllegalArgumentException e) {
      return null;
    }
    return alone(
        file,
        cookie ->
            cookie != null && cookie.retain() ? cookie : openFile(name, object, header -> true));
  }

  /** Does something with an object's file. */
  interface FileAction<T> {
    /** Does it, given the file as this JVM has it open, or null if it has not. */
    @Nullable T apply(@Nullable Cookie cookie) throws IOException;
  }

  /**
   * Does something with an object's file while nobody in this JVM opens it. One that is open here
   * must not be opened a second time: where the kernel's locks belong to processes, closing one
   * channel gives back the locks of all.
   */
  <T> @Nullable T alone(Path file, FileAction<T> action) throws IOException {
    String name = nameOf(file);
    ReentrantLock stripe = stripe(name);
    stripe.lock();
    try {
      return action.apply(open.get(name));
    } finally {
      stripe.unlock();
    }
  }

  void remove(Cookie cookie) throws IOException {
    ReentrantLock stripe = stripe(cookie.name());
    stripe.lock();
    try {
      if (open.remove(cookie.name(), cookie)) {
        cookie.replaced();
        Files.deleteIfExists(file(cookie.name()));
      }
    } finally {
      stripe.unlock();
    }
  }

  private void removeNamed(String name) throws IOException {
    ReentrantLock stripe = stripe(name);
    stripe.lock();
    try {
      Cookie cookie = open.remove(name);
      if (cookie != null) {
        cookie.replaced();
      }
      Files.deleteIfExists(file(name));
    } finally {
      stripe.unlock();
    }
  }

  /** Lets go of a file that nobody uses any more. */
  void closed(Cookie cookie) {
    open.remove(cookie.name(), cookie);
  }

  void refuted(String path, long granule) {
    cache.refuted(directory, path, granule);
  }

  void unreadable() {
    cache.unreadable();
  }

  /** Ends a use. Cookies are closed by those who opened them. */
  @Override
  public void close() {
    cache.closed(this);
  }

  @Override
  public String toString() {
    return "Volume[" + header.identity() + "]";
  }
}
