package dev.netfs.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.netfs.share.FileInfo;
import java.util.List;

/**
 * The names, of those seen so far, that need not be the only ones of what they stand for: symbolic
 * links, and files with several hard links.
 *
 * <p>Everything else in the engine goes by names. So that a change made by one name shows by the
 * others at once, as it would on a local disk, {@link AttributeCache} keeps nothing by a name that
 * passes through a link or is one of several, and forgets all where a change is made through a
 * link. A link that this mount has not seen yet is as another client: what is done through it shows
 * when the cached attributes have expired.
 *
 * <p>Safe for use by several threads. Bounded: what is forgotten is as what was never seen.
 */
final class FurtherNames {
  private static final int MAX_NAMES = 100_000;

  private enum Kind {
    SYMBOLIC_LINK,
    HARD_LINK
  }

  private final Cache<String, Kind> names = Caffeine.newBuilder().maximumSize(MAX_NAMES).build();

  /** Whether there is any name at all: spares most mounts the questions. */
  private volatile boolean any;

  /** Takes in what a name itself stands for. */
  void seen(String name, FileInfo info) {
    if (info.isSymbolicLink()) {
      put(name, Kind.SYMBOLIC_LINK);
    } else if (info.isRegularFile() && info.links() > 1) {
      put(name, Kind.HARD_LINK);
    } else if (any && (info.links() == 1 || names.getIfPresent(name) == Kind.SYMBOLIC_LINK)) {
      names.invalidate(name);
    }
  }

  /** Takes in that a file has got a further name: the server may not tell how many it has. */
  void linked(String name, String existing) {
    put(name, Kind.HARD_LINK);
    put(existing, Kind.HARD_LINK);
  }

  /** Takes in that a symbolic link was made. */
  void linkMade(String name) {
    put(name, Kind.SYMBOLIC_LINK);
  }

  /** Follows a rename. */
  void renamed(String source, String target) {
    if (!any) {
      return;
    }
    for (String name : List.copyOf(names.asMap().keySet())) {
      Kind kind = names.getIfPresent(name);
      if (kind != null && Names.within(name, source)) {
        put(target + name.substring(source.length()), kind);
      }
    }
  }

  /** Returns whether a name is a link or passes through one. */
  boolean throughLink(String name) {
    return any && (names.getIfPresent(name) == Kind.SYMBOLIC_LINK || belowLink(name));
  }

  /**
   * Returns whether what a name itself stands for may have other names: a file with hard links, and
   * whatever is reached through a link. A link itself is not meant.
   */
  boolean isFurther(String name) {
    return any && (names.getIfPresent(name) == Kind.HARD_LINK || belowLink(name));
  }

  private boolean belowLink(String name) {
    for (String above = Names.parent(name); !above.equals("/"); above = Names.parent(above)) {
      if (names.getIfPresent(above) == Kind.SYMBOLIC_LINK) {
        return true;
      }
    }
    return false;
  }

  private void put(String name, Kind kind) {
    any = true;
    names.put(name, kind);
  }
}
