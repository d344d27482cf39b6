package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.share.AttributeChange;
import dev.netfs.share.FileInfo;
import dev.netfs.share.SharePrincipal;
import java.io.IOException;
import java.nio.file.ProviderMismatchException;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Owners and groups: a number, a name or both, whatever the server tells. Where it tells no name,
 * the number in decimal is the name. Two are equal if their names are.
 */
final class Principals {
  private Principals() {}

  /**
   * A user.
   *
   * @param name the name
   * @param id the number, or -1 if it is not known
   */
  record User(String name, int id) implements UserPrincipal {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof User that && that.name.equals(name);
    }

    @Override
    public int hashCode() {
      return name.hashCode();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * A group.
   *
   * @param name the name
   * @param id the number, or -1 if it is not known
   */
  record Group(String name, int id) implements GroupPrincipal {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Group that && that.name.equals(name);
    }

    @Override
    public int hashCode() {
      return ~name.hashCode();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Returns an object's owner. */
  static User owner(FileInfo info) {
    return new User(name(info.owner(), info.uid()), info.uid());
  }

  /** Returns an object's group. */
  static Group group(FileInfo info) {
    return new Group(name(info.group(), info.gid()), info.gid());
  }

  private static String name(@Nullable String name, int id) {
    // As the JDK writes numbers of users: unsigned.
    return name != null ? name : id == -1 ? "unknown" : Integer.toUnsignedString(id);
  }

  /** Returns a user as one of ours. */
  static User user(@Nullable Object principal) {
    if (Objects.requireNonNull(principal, "owner") instanceof User ours) {
      return ours;
    }
    throw mismatch(principal);
  }

  /** Returns a group as one of ours. */
  static Group group(@Nullable Object principal) {
    if (Objects.requireNonNull(principal, "group") instanceof Group ours) {
      return ours;
    }
    throw mismatch(principal);
  }

  /** Returns the change of an object's owner to somebody of a file system like the object's. */
  static AttributeChange ownerChange(NetfsPath path, @Nullable Object owner) {
    if (AttributeViews.supports(path.getFileSystem().mount(), "acl")) {
      return AttributeChange.ofOwner(known(owner).id(), null);
    }
    User user = user(owner);
    return user.id() != -1
        ? AttributeChange.ofOwner(user.id(), -1)
        : AttributeChange.ofOwner(user.name(), null);
  }

  /**
   * Returns an access control list whose principals are all of a share's.
   *
   * @param list a list of {@link AclEntry}
   * @throws ClassCastException if it is something else
   */
  static List<AclEntry> acl(@Nullable Object list) {
    List<AclEntry> entries = new ArrayList<>();
    for (Object each : (List<?>) Objects.requireNonNull(list, "acl")) {
      AclEntry entry = (AclEntry) Objects.requireNonNull(each, "entry");
      known(entry.principal());
      entries.add(entry);
    }
    return entries;
  }

  private static SharePrincipal known(@Nullable Object principal) {
    if (Objects.requireNonNull(principal, "owner") instanceof SharePrincipal ours) {
      return ours;
    }
    throw mismatch(principal);
  }

  private static RuntimeException mismatch(Object principal) {
    if (principal instanceof UserPrincipal) {
      return new ProviderMismatchException(
          "the principal is of another provider; look it up by its name in this file system");
    }
    return new ClassCastException(
        "a UserPrincipal is needed, not a " + principal.getClass().getName());
  }

  /**
   * Looks principals up. A server with access control lists is asked. There is no protocol to ask
   * others for their users: a number is taken at its word, and a name too where the server tells
   * names of owners at all, to fail when it is used.
   */
  static final class Lookup extends UserPrincipalLookupService {
    private final Mount mount;

    Lookup(Mount mount) {
      this.mount = mount;
    }

    @Override
    public UserPrincipal lookupPrincipalByName(String name) throws IOException {
      if (AttributeViews.supports(mount, "acl")) {
        return mount.principal(Objects.requireNonNull(name, "name"), false);
      }
      int id = number(name);
      if (id != -1) {
        return new User(name, id);
      }
      FileInfo root = mount.stat("/", true);
      if (name.equals(root.owner())) {
        return owner(root);
      }
      if (root.owner() == null) {
        throw new UserPrincipalNotFoundException(name);
      }
      return new User(name, -1);
    }

    @Override
    public GroupPrincipal lookupPrincipalByGroupName(String group) throws IOException {
      if (AttributeViews.supports(mount, "acl")) {
        if (mount.principal(Objects.requireNonNull(group, "group"), true)
            instanceof GroupPrincipal found) {
          return found;
        }
        throw new UserPrincipalNotFoundException(group);
      }
      int id = number(group);
      if (id != -1) {
        return new Group(group, id);
      }
      FileInfo root = mount.stat("/", true);
      if (group.equals(root.group())) {
        return group(root);
      }
      if (root.group() == null) {
        throw new UserPrincipalNotFoundException(group);
      }
      return new Group(group, -1);
    }

    private static int number(String name) {
      try {
        return Integer.parseUnsignedInt(Objects.requireNonNull(name, "name"));
      } catch (NumberFormatException e) {
        return -1; // a name; and -1 is nobody's number
      }
    }
  }
}
