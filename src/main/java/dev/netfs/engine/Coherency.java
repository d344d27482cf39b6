package dev.netfs.engine;

import dev.netfs.share.FileInfo;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which state of the server's file the clean bytes in memory belong to.
 *
 * <p>Known are either the attributes that the server showed with them (the <em>token</em>), or,
 * after a change of our own, nothing: another client may have changed the file at the same moment,
 * and a time that both changes bear tells nobody. The exception is what one request wrote from the
 * file's first byte to its last, where the answer to that very request showed a version: a file
 * that has that version, and no more bytes, has this content and no other. Of more than one request
 * it would not be true, as another client's may have come in between.
 *
 * <p>Guarded by the inode's lock.
 */
final class Coherency {
  private record Token(
      long size, FileTime modified, @Nullable Object fileKey, @Nullable String version) {
    static Token of(FileInfo info) {
      return new Token(info.size(), info.modified(), info.fileKey(), info.version());
    }

    boolean matches(FileInfo info) {
      boolean sameTime =
          version != null && info.version() != null
              ? version.equals(info.version())
              : version == null && info.version() == null && modified.equals(info.modified());
      return sameTime && size == info.size() && Objects.equals(fileKey, info.fileKey());
    }
  }

  /** A file's whole content, as one request of ours left it. */
  private record Written(String version, long size) {
    boolean matches(FileInfo info) {
      return version.equals(info.version()) && size == info.size();
    }
  }

  private @Nullable Token token;
  private @Nullable Written written;
  private boolean everChecked;
  private long checkedNanos;
  private long ownChanges;

  /** Returns whether the attributes are known that belong to what is in memory. */
  boolean isKnown() {
    return token != null;
  }

  /** Returns whether an open might find that what is in memory is what the server has. */
  boolean isProvable() {
    return token != null || written != null;
  }

  /** Returns whether what is in memory belongs to a file with such attributes. */
  boolean matches(FileInfo info) {
    return token != null ? token.matches(info) : written != null && written.matches(info);
  }

  /**
   * Takes in what the server said.
   *
   * @param nanos when it was asked
   */
  void adopt(FileInfo info, long nanos) {
    token = Token.of(info);
    written = null;
    checked(nanos);
  }

  /** Takes in when the server was asked, and what is in memory was found to be what it had. */
  void checked(long nanos) {
    everChecked = true;
    checkedNanos = nanos;
  }

  /** Takes in that nothing proves anything any more. */
  void lost() {
    token = null;
    written = null;
  }

  /** Takes in that we change the server's file, or have changed it. */
  void changed() {
    ownChanges++;
    lost();
  }

  /**
   * Takes in that one request has written the file's whole content, and nothing else of ours is on
   * its way.
   *
   * @param version what the answer showed
   */
  void wroteAll(String version, long size) {
    written = new Written(version, size);
  }

  /** Returns a number that moves on with every change of ours. */
  long changes() {
    return ownChanges;
  }

  /** Returns whether the server was asked less than so many nanoseconds ago. */
  boolean isChecked(long nowNanos, long withinNanos) {
    return everChecked && nowNanos - checkedNanos < withinNanos;
  }

  /** Returns when the server was last asked, of no account before it was. */
  long checkedNanos() {
    return checkedNanos;
  }
}
