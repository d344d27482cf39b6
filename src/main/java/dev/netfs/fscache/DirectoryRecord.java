package dev.netfs.fscache;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a server once said of one directory and of what is in it. Immutable.
 *
 * <p>It need not be complete: names that were only asked for one by one are in it too. If it {@link
 * #isListed was listed}, it has all names that the listing had, with those found since, and without
 * those found gone since.
 *
 * <p>An object's attributes are in the record of the directory that holds its name, and nowhere
 * else, so that no two records can say different things of it. The root, which no directory holds,
 * is in its own record under the empty name.
 */
public final class DirectoryRecord {
  /** The root's name in its own record. */
  public static final String ITSELF = "";

  private static final long NEVER = Long.MIN_VALUE;

  private final String path;
  private final long listedMillis;
  private final SortedMap<String, KnownObject> objects;

  private DirectoryRecord(String path, long listedMillis, SortedMap<String, KnownObject> objects) {
    this.path = path;
    this.listedMillis = listedMillis;
    this.objects = Collections.unmodifiableSortedMap(objects);
  }

  /** Returns the directory's path on its share. */
  public String path() {
    return path;
  }

  /** Returns whether all names in the directory were asked for at once. */
  public boolean isListed() {
    return listedMillis != NEVER;
  }

  /** Returns when the names were asked for, by the wall clock; if it {@link #isListed}. */
  public long listedMillis() {
    return listedMillis;
  }

  /** Returns the objects by their names, in the order of the names. */
  public SortedMap<String, KnownObject> objects() {
    return objects;
  }

  /** Returns what is known of a name, or null. */
  public @Nullable KnownObject get(String name) {
    return objects.get(name);
  }

  /** Returns the path of one of the {@link #objects} on the share. */
  public String pathOf(String name) {
    return name.equals(ITSELF) ? path : (path.equals("/") ? "" : path) + "/" + name;
  }

  /**
   * Returns what is left without some paths: nothing without the directory's own; without one in it
   * a directory that does not count as listed.
   */
  DirectoryRecord without(Predicate<String> unwanted) {
    SortedMap<String, KnownObject> left = new TreeMap<>(objects);
    if (unwanted.test(path)) {
      left.clear();
    } else if (!left.keySet().removeIf(name -> unwanted.test(pathOf(name)))) {
      return this;
    }
    return new DirectoryRecord(path, NEVER, left);
  }

  /** Returns whether it says nothing at all. */
  public boolean isEmpty() {
    return objects.isEmpty() && !isListed();
  }

  /** Returns when the latest of it was asked, by the wall clock. */
  public long newestMillis() {
    long newest = listedMillis;
    for (KnownObject object : objects.values()) {
      newest = Math.max(newest, object.saidMillis());
    }
    return newest;
  }

  /** Returns a builder for a record that begins with what another one says, or with nothing. */
  public static Builder builder(String path, @Nullable DirectoryRecord before) {
    return new Builder(path, before);
  }

  @Override
  public String toString() {
    return "DirectoryRecord[" + path + ", " + objects.size() + "]";
  }

  /** Collects what is known of a directory. */
  public static final class Builder {
    private final String path;
    private long listedMillis = NEVER;
    private TreeMap<String, KnownObject> objects = new TreeMap<>();

    private Builder(String path, @Nullable DirectoryRecord before) {
      this.path = path;
      if (before != null) {
        listedMillis = before.listedMillis;
        objects.putAll(before.objects);
      }
    }

    /** Takes in all that is in the directory: what was not in it has gone. */
    public Builder listing(long askedMillis, Map<String, KnownObject> listed) {
      TreeMap<String, KnownObject> before = objects;
      objects = new TreeMap<>();
      listed.forEach((name, object) -> objects.put(name, object.after(before.get(name))));
      KnownObject itself = before.get(ITSELF);
      if (itself != null) {
        objects.put(ITSELF, itself);
      }
      listedMillis = askedMillis;
      return this;
    }

    /** Takes in what a name stands for. */
    public Builder put(String name, KnownObject object) {
      objects.put(name, object.after(objects.get(name)));
      return this;
    }

    /** Takes in where a link leads, if it is known as a link. */
    public Builder target(String name, String target) {
      KnownObject known = objects.get(name);
      if (known != null && known.info().isSymbolicLink()) {
        objects.put(name, known.withTarget(target));
      }
      return this;
    }

    /** Takes in that a name stands for nothing. */
    public Builder remove(String name) {
      objects.remove(name);
      return this;
    }

    /** As the record was when all names were asked for. */
    Builder listed(long askedMillis) {
      listedMillis = askedMillis;
      return this;
    }

    /** Returns what was collected. The builder is of no more use. */
    public DirectoryRecord build() {
      return new DirectoryRecord(path, listedMillis, objects);
    }
  }
}
