package dev.netfs.share.sftp;

import dev.netfs.share.FileInfo;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The names of users and groups, which SFTP version 3 tells beside their numbers in two places: in
 * the "long name" of a listing's entries, made for people to read, and by OpenSSH's extension
 * users-groups-by-id. What was learnt is kept for the life of the connection, so that a {@code
 * stat} costs a second request only for a number that was never seen before. Safe for several
 * threads.
 */
final class OwnerNames {
  /** More than any server has seen users; a hostile one cannot fill the memory. */
  private static final int MAX = 10_000;

  private final SftpClient client;
  private final Map<Integer, String> users = new ConcurrentHashMap<>();
  private final Map<Integer, String> groups = new ConcurrentHashMap<>();

  OwnerNames(SftpClient client) {
    this.client = client;
  }

  /** Completes a result with attributes, and with the names that are known or can be found out. */
  void complete(SftpAttributes attributes, CompletableFuture<FileInfo> result) {
    if (!isWorthAsking(attributes)) {
      result.complete(info(attributes));
      return;
    }
    Steps.then(
        ask(attributes),
        result,
        done -> result.complete(info(attributes)),
        // The attributes are good without the names.
        failure -> result.complete(info(attributes)));
  }

  /**
   * Finds out the names of an object's owner and group, for whoever needs them later: nobody waits.
   * What is in a directory mostly belongs to whom the directory belongs to.
   */
  void learn(SftpAttributes attributes) {
    if (isWorthAsking(attributes)) {
      ask(attributes);
    }
  }

  /** Returns whether names are not known that the server may tell. */
  private boolean isWorthAsking(SftpAttributes attributes) {
    return !isKnown(attributes) && client.has(SftpProtocol.USERS_GROUPS);
  }

  private CompletableFuture<Void> ask(SftpAttributes attributes) {
    int uid = attributes.uid();
    int gid = attributes.gid();
    return client
        .usersAndGroups(new int[] {uid}, new int[] {gid})
        .thenAccept(
            names -> {
              keep(users, uid, names.get(0).isEmpty() ? "" : names.get(0).get(0));
              keep(groups, gid, names.get(1).isEmpty() ? "" : names.get(1).get(0));
            });
  }

  /** Returns attributes with the names that are known. */
  FileInfo info(SftpAttributes attributes) {
    FileInfo.Builder info = attributes.toInfo();
    if (attributes.has(SftpProtocol.ATTR_IDS)) {
      info.owner(name(users, attributes.uid())).group(name(groups, attributes.gid()));
    }
    return info.build();
  }

  /**
   * Returns the attributes of a listing's entry, with the names that its long name tells. How many
   * links the file has stands there too, but nowhere else; it is left out, so that a listing and a
   * {@code stat} say the same.
   */
  FileInfo info(SftpClient.Name entry) {
    SftpAttributes attributes = entry.attributes();
    LongName longName = LongName.parse(entry.longName(), attributes);
    if (longName == null) {
      return info(attributes);
    }
    if (attributes.has(SftpProtocol.ATTR_IDS)) {
      keep(users, attributes.uid(), longName.owner);
      keep(groups, attributes.gid(), longName.group);
    }
    return info(attributes);
  }

  /** Returns the number of a user whose name was seen or is a number itself, or -1. */
  int uid(String name) {
    return number(users, name);
  }

  /** Returns the number of a group whose name was seen or is a number itself, or -1. */
  int gid(String name) {
    return number(groups, name);
  }

  private boolean isKnown(SftpAttributes attributes) {
    return !attributes.has(SftpProtocol.ATTR_IDS)
        || (users.containsKey(attributes.uid()) && groups.containsKey(attributes.gid()));
  }

  private static @Nullable String name(Map<Integer, String> names, int id) {
    String name = names.get(id);
    return name == null || name.isEmpty() ? null : name;
  }

  /** Keeps a name; empty where the number has none. */
  private static void keep(Map<Integer, String> names, int id, String name) {
    boolean none = name.isEmpty() || name.equals(Integer.toUnsignedString(id));
    if (names.size() < MAX) {
      names.putIfAbsent(id, none ? "" : name);
    }
  }

  private static int number(Map<Integer, String> names, String name) {
    for (Map.Entry<Integer, String> entry : names.entrySet()) {
      if (entry.getValue().equals(name)) {
        return entry.getKey();
      }
    }
    try {
      return Integer.parseUnsignedInt(name);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** What {@code ls -l} shows. */
  private record LongName(String owner, String group) {

    /**
     * Returns what a long name tells, or null if it is not made as {@code ls -l} does: {@code
     * -rw-r--r-- 1 owner group 1234 ...}. The size has to be where it belongs, so that a name with
     * a space in it is not taken for two.
     */
    static @Nullable LongName parse(String text, SftpAttributes attributes) {
      String[] words = text.strip().split("\\s+", 6);
      if (words.length < 6 || !words[4].equals(Long.toString(attributes.size()))) {
        return null;
      }
      return new LongName(words[2], words[3]);
    }
  }
}
