package dev.netfs.share.sftp;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.sftp.KnownHosts.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a server is the one it should be: whether its host key is in {@code known_hosts}.
 * {@code hostKey=strict} refuses an unknown one, {@code accept-new} adds it; neither takes another
 * key than the known one, not even one of another type, which is what an impostor would show.
 */
final class HostKeyPolicy {
  /** Lets only one thread of this JVM add a line at a time. */
  private static final ReentrantLock WRITING = new ReentrantLock();

  private final SftpTarget target;
  private final List<Path> files;
  private final boolean acceptNew;
  private final KnownHosts known;

  private HostKeyPolicy(SftpTarget target, List<Path> files, boolean acceptNew, KnownHosts known) {
    this.target = target;
    this.files = files;
    this.acceptNew = acceptNew;
    this.known = known;
  }

  /**
   * Reads the options and the files.
   *
   * @throws ShareConnectException if a file cannot be read
   */
  static HostKeyPolicy of(SftpTarget target, ShareOptions options, UserHome home)
      throws ShareConnectException {
    boolean acceptNew =
        options.choice("hostKey", "strict", "strict", "accept-new").equals("accept-new");
    Path file = options.path("knownHosts");
    List<Path> files =
        file != null ? List.of(file) : List.of(home.knownHosts(), home.systemKnownHosts());
    try {
      KnownHosts known = KnownHosts.read(files, target.host(), target.port());
      return new HostKeyPolicy(target, files, acceptNew, known);
    } catch (IOException e) {
      throw new ShareConnectException(
          Reason.UNTRUSTED_SERVER,
          "cannot check the host key of "
              + target.hostAndPort()
              + ": a file with known keys cannot be read: "
              + e,
          e);
    }
  }

  /** Returns the types of the keys that are known for the server, the ones to ask it for. */
  Set<String> knownTypes() {
    return known.keyTypes();
  }

  /**
   * Decides.
   *
   * @param keyType the type of the key that the server showed
   * @param key the key, as RFC 4253 section 6.6 encodes it
   * @return null if the server is to be trusted, else why not
   */
  @Nullable ShareConnectException check(String keyType, byte[] key) {
    return switch (known.check(key)) {
      case KNOWN -> null;
      case REVOKED -> revoked(keyType, key);
      case CHANGED -> changed(keyType, key);
      case UNKNOWN -> acceptNew ? add(keyType, key) : unknown(keyType, key);
    };
  }

  private ShareConnectException unknown(String keyType, byte[] key) {
    return untrusted(
        "the host key of "
            + target.hostAndPort()
            + " is not known: "
            + keyType
            + " "
            + KnownHosts.fingerprint(key)
            + " is not in "
            + files.get(0)
            + (Files.exists(files.get(0)) ? "" : ", which does not exist")
            + ". Compare the fingerprint with what the server's administrator says; then mount with"
            + " the option hostKey=accept-new, which adds the key, or add it with: ssh-keyscan -p "
            + target.port()
            + " "
            + target.host()
            + " >> "
            + files.get(0),
        null);
  }

  private ShareConnectException changed(String keyType, byte[] key) {
    List<String> lines = new ArrayList<>();
    for (Entry entry : known.others(keyType)) {
      lines.add(
          entry.keyType()
              + " "
              + entry.fingerprint()
              + " ("
              + entry.file()
              + ", line "
              + entry.line()
              + ")");
    }
    Path file = known.others(keyType).get(0).file();
    return untrusted(
        "the host key of "
            + target.hostAndPort()
            + " has changed: the server shows "
            + keyType
            + " "
            + KnownHosts.fingerprint(key)
            + ", known is "
            + String.join(", ", lines)
            + ". Somebody may be listening in, or the server was set up anew. Ask its administrator;"
            + " if the new key is right, remove the old one with: ssh-keygen -R '"
            + known.name()
            + "' -f "
            + file
            + " and mount with the option hostKey=accept-new",
        null);
  }

  private ShareConnectException revoked(String keyType, byte[] key) {
    Entry entry = known.revocation(key);
    return untrusted(
        "the host key of "
            + target.hostAndPort()
            + ", "
            + keyType
            + " "
            + KnownHosts.fingerprint(key)
            + ", is marked as revoked"
            + (entry == null ? "" : " in " + entry.file() + ", line " + entry.line())
            + ". The server must not be trusted until its administrator gives it a new key",
        null);
  }

  private @Nullable ShareConnectException add(String keyType, byte[] key) {
    Path file = files.get(0);
    String line = KnownHosts.line(target.host(), target.port(), keyType, key) + "\n";
    WRITING.lock();
    try {
      append(file, line);
      return null;
    } catch (IOException e) {
      return untrusted(
          "the new host key of "
              + target.hostAndPort()
              + " cannot be added to "
              + file
              + ", as the option hostKey=accept-new asks for: "
              + e,
          e);
    } finally {
      WRITING.unlock();
    }
  }

  /** Appends a line by one write, so that other processes may do so too. */
  private static void append(Path file, String line) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (directory != null && !Files.exists(directory)) {
      Files.createDirectories(directory, permissions(posix, "rwx------"));
    }
    try {
      Files.createFile(file, permissions(posix, "rw-------"));
    } catch (FileAlreadyExistsException e) {
      // The usual case.
    }
    boolean unfinished = false; // the last line lacks its line break
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      unfinished = in.size() > 0 && in.read(last, in.size() - 1) == 1 && last.get(0) != '\n';
    }
    String text = unfinished ? "\n" + line : line;
    Files.write(file, text.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.APPEND);
  }

  private static FileAttribute<?>[] permissions(boolean posix, String mode) {
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))
        }
        : new FileAttribute<?>[0];
  }

  private static ShareConnectException untrusted(String message, @Nullable Throwable cause) {
    return new ShareConnectException(Reason.UNTRUSTED_SERVER, message, cause);
  }
}
