package dev.netfs.fscache;

import dev.netfs.share.FileInfo;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a server once said of one name.
 *
 * @param info the attributes of what the name itself stands for; the file key is null where it is
 *     of a kind that cannot be brought back from disk
 * @param saidMillis when it was asked, by this machine's wall clock
 * @param shared whether what it stands for had other names, as far as was known, by which it may
 *     have been changed
 * @param target where a symbolic link leads, or null if that was not asked, or it is none
 * @param key the file key as text, or null
 */
public record KnownObject(
    FileInfo info, long saidMillis, boolean shared, @Nullable String target, @Nullable String key) {

  public KnownObject {
    Objects.requireNonNull(info, "info");
  }

  /** Returns what is to be kept of an answer. */
  public static KnownObject of(FileInfo info, long saidMillis, boolean shared) {
    Object key = info.fileKey();
    return new KnownObject(info, saidMillis, shared, null, key == null ? null : key.toString());
  }

  /** Returns the same with a link's target. */
  public KnownObject withTarget(@Nullable String leadsTo) {
    return new KnownObject(info, saidMillis, shared, leadsTo, key);
  }

  /** Returns which state of the object this is: the one that a cookie of its content is of. */
  public CoherencyData coherency() {
    return new CoherencyData(info.type(), info.size(), info.modified(), info.version(), key);
  }

  /**
   * Returns this, with the target of the same link as it was known before, if that is still the
   * same link.
   */
  KnownObject after(@Nullable KnownObject before) {
    return before != null
            && before.target != null
            && target == null
            && info.isSymbolicLink()
            && Objects.equals(info.changed(), before.info.changed())
            && coherency().matches(before.coherency())
        ? withTarget(before.target)
        : this;
  }
}
