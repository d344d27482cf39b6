package dev.netfs.share.sftp;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * What files in the format of OpenSSH's {@code known_hosts} say about one server (sshd(8), "SSH_KNOWN_HOSTS
 * FILE FORMAT"). Immutable.
 *
 * <p>Understands lists of names, wildcards, negation, {@code [host]:port}, hashed names and {@code
 * @revoked}. Host certificates ({@code @cert-authority}) are not used: such lines are left out. As
 * OpenSSH does, a server on a port of its own whose {@code [host]:port} is not listed may also show
 * a key that is listed for the host alone.
 */
final class KnownHosts {
  private static final System.Logger LOG = System.getLogger(KnownHosts.class.getName());
  private static final String HASHED = "|1|";

  /** What the files say about a key. */
  enum Verdict {
    /** It is the server's. */
    KNOWN,
    /** Nothing is known about this server. */
    UNKNOWN,
    /** The server is known, by other keys. */
    CHANGED,
    /** It is marked as revoked. */
    REVOKED
  }

  /** One line of a file that is about this server. */
  record Entry(Path file, int line, boolean revoked, String keyType, byte[] key) {
    boolean is(byte[] other) {
      return MessageDigest.isEqual(key, other);
    }

    String fingerprint() {
      return KnownHosts.fingerprint(key);
    }
  }

  private final String name;
  private final List<Entry> entries;
  private final List<Entry> withoutPort;

  private KnownHosts(String name, List<Entry> entries, List<Entry> withoutPort) {
    this.name = name;
    this.entries = entries;
    this.withoutPort = withoutPort;
  }

  /**
   * Reads files.
   *
   * @param files the files; those that do not exist count as empty
   * @throws IOException if one cannot be read
   */
  static KnownHosts read(List<Path> files, String host, int port) throws IOException {
    String name = name(host, port);
    String bare = name(host, 22);
    List<Entry> entries = new ArrayList<>();
    List<Entry> withoutPort = new ArrayList<>();
    for (Path file : files) {
      if (!Files.exists(file)) {
        continue;
      }
      int number = 0;
      // Latin-1 reads any bytes: comments may be in any encoding, and what matters is ASCII.
      for (String text : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        number++;
        Line line = Line.parse(file, number, text);
        if (line == null) {
          continue;
        }
        if (line.isFor(name)) {
          entries.add(line.entry);
        } else if (!name.equals(bare) && line.isFor(bare)) {
          withoutPort.add(line.entry);
        }
      }
    }
    return new KnownHosts(name, List.copyOf(entries), List.copyOf(withoutPort));
  }

  /** Returns how the files call a server. */
  static String name(String host, int port) {
    String lower = host.toLowerCase(Locale.ROOT);
    return port == 22 ? lower : "[" + lower + "]:" + port;
  }

  /** Returns a line for {@code known_hosts}, without a line break. */
  static String line(String host, int port, String keyType, byte[] key) {
    return name(host, port) + " " + keyType + " " + Base64.getEncoder().encodeToString(key);
  }

  /** Returns a key's fingerprint as OpenSSH writes it. */
  static String fingerprint(byte[] key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
      return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every Java runtime has SHA-256", e);
    }
  }

  /** Returns how these files call the server. */
  String name() {
    return name;
  }

  /** Returns the types of the keys that would be accepted, in the files' order. */
  Set<String> keyTypes() {
    Set<String> types = new LinkedHashSet<>();
    for (Entry entry : accepted(entries).isEmpty() ? accepted(withoutPort) : accepted(entries)) {
      types.add(entry.keyType);
    }
    return types;
  }

  /** Returns what the files say about a key that the server showed. */
  Verdict check(byte[] key) {
    if (find(key, true) != null) {
      return Verdict.REVOKED;
    }
    if (find(key, false) != null) {
      return Verdict.KNOWN;
    }
    // Only the name with the port says that another key is wrong: on the host's other ports there
    // may be other servers.
    return accepted(entries).isEmpty() ? Verdict.UNKNOWN : Verdict.CHANGED;
  }

  /** Returns the lines with the server's keys, those of a key type first. */
  List<Entry> others(String keyType) {
    List<Entry> found = new ArrayList<>(accepted(entries));
    found.sort((a, b) -> Boolean.compare(b.keyType.equals(keyType), a.keyType.equals(keyType)));
    return found;
  }

  /** Returns the line that revokes a key. */
  @Nullable Entry revocation(byte[] key) {
    return find(key, true);
  }

  private @Nullable Entry find(byte[] key, boolean revoked) {
    for (List<Entry> list : List.of(entries, withoutPort)) {
      for (Entry entry : list) {
        if (entry.revoked == revoked && entry.is(key)) {
          return entry;
        }
      }
    }
    return null;
  }

  private static List<Entry> accepted(List<Entry> entries) {
    return entries.stream().filter(entry -> !entry.revoked).toList();
  }

  /** One line: for whom it is, and what it says. */
  private static final class Line {
    final Entry entry;
    private final String names;

    private Line(String names, Entry entry) {
      this.names = names;
      this.entry = entry;
    }

    static @Nullable Line parse(Path file, int number, String text) {
      String stripped = text.strip();
      if (stripped.isEmpty() || stripped.startsWith("#")) {
        return null;
      }
      List<String> words = new ArrayList<>(Arrays.asList(stripped.split("\\s+")));
      boolean revoked = false;
      if (words.get(0).startsWith("@")) {
        String marker = words.remove(0);
        if (!marker.equals("@revoked")) {
          return null;
        }
        revoked = true;
      }
      if (words.size() < 3) {
        LOG.log(Level.DEBUG, "{0}, line {1}: not understood, left out", file, number);
        return null;
      }
      try {
        byte[] key = Base64.getDecoder().decode(words.get(2));
        return new Line(words.get(0), new Entry(file, number, revoked, words.get(1), key));
      } catch (IllegalArgumentException e) {
        LOG.log(Level.DEBUG, "{0}, line {1}: not a key, left out", file, number);
        return null;
      }
    }

    boolean isFor(String name) {
      if (names.startsWith(HASHED)) {
        return isHashOf(name);
      }
      boolean found = false;
      for (String pattern : names.split(",", -1)) {
        boolean not = pattern.startsWith("!");
        if (matches(not ? pattern.substring(1) : pattern, name)) {
          if (not) {
            return false;
          }
          found = true;
        }
      }
      return found;
    }

    private boolean isHashOf(String name) {
      String[] parts = names.substring(HASHED.length()).split("\\|", -1);
      if (parts.length != 2) {
        return false;
      }
      try {
        byte[] salt = Base64.getDecoder().decode(parts[0]);
        byte[] hash = Base64.getDecoder().decode(parts[1]);
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(salt, "HmacSHA1"));
        return MessageDigest.isEqual(hash, mac.doFinal(name.getBytes(StandardCharsets.UTF_8)));
      } catch (IllegalArgumentException e) {
        return false; // not a hash
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("Every Java runtime has HmacSHA1", e);
      }
    }

    private static boolean matches(String pattern, String name) {
      if (pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0) {
        return pattern.equalsIgnoreCase(name);
      }
      StringBuilder regex = new StringBuilder();
      for (char c : pattern.toLowerCase(Locale.ROOT).toCharArray()) {
        switch (c) {
          case '*' -> regex.append(".*");
          case '?' -> regex.append('.');
          default -> regex.append(Pattern.quote(String.valueOf(c)));
        }
      }
      return name.matches(regex.toString());
    }
  }
}
