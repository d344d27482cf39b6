package dev.netfs.share;

import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A user, or whoever else may own things and have rights, as a server knows him. Two are equal if
 * the server's identification is; the name is for people. Immutable.
 */
public class SharePrincipal implements UserPrincipal {
  private final String id;
  private final String name;

  /**
   * @param id what the server knows him by: on SMB a security identifier, {@code S-1-5-21-...}
   * @param name his name, or again {@code id} where the server does not tell it
   */
  public SharePrincipal(String id, String name) {
    this.id = Objects.requireNonNull(id, "id");
    this.name = Objects.requireNonNull(name, "name");
  }

  /** A group. */
  public static final class Group extends SharePrincipal implements GroupPrincipal {
    /** As {@link SharePrincipal#SharePrincipal}. */
    public Group(String id, String name) {
      super(id, name);
    }
  }

  /** Returns what the server knows him by. */
  public final String id() {
    return id;
  }

  @Override
  public final String getName() {
    return name;
  }

  @Override
  public final boolean equals(@Nullable Object other) {
    return other instanceof SharePrincipal that && that.id.equals(id);
  }

  @Override
  public final int hashCode() {
    return id.hashCode();
  }

  @Override
  public final String toString() {
    return name;
  }
}
