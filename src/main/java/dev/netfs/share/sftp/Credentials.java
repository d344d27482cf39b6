package dev.netfs.share.sftp;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.util.io.resource.PathResource;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.jspecify.annotations.Nullable;

/**
 * What the user can show the server: a password, keys, an SSH agent.
 *
 * <p>Where the mount's options name a password or a key, these and nothing else; otherwise the keys
 * of {@code ~/.ssh} that need no pass phrase (or whose pass phrase the option holds) and the agent.
 *
 * @param password the password, or null. MINA takes text only, so it cannot be overwritten after
 *     use.
 * @param keys the keys, in the order to be offered
 * @param agentSocket the agent's socket, or null
 * @param description what there is, for messages, without any secret
 */
record Credentials(
    @Nullable String password, List<KeyPair> keys, @Nullable Path agentSocket, String description) {

  /** The names of the default keys, best first. */
  private static final List<String> DEFAULT_KEYS = List.of("id_ed25519", "id_ecdsa", "id_rsa");

  /**
   * Collects credentials.
   *
   * @throws IllegalArgumentException if an option is malformed or names a file that is not there
   * @throws ShareConnectException if there is nothing to show, or a key cannot be used
   */
  static Credentials of(SftpTarget target, ShareOptions options, UserHome home)
      throws ShareConnectException {
    String password = text(options.secret("password", "passwordFile"));
    Path keyFile = options.path("privateKey");
    String passphrase = text(options.secret("privateKeyPassphrase"));
    List<KeyPair> keys = new ArrayList<>();
    if (keyFile != null) {
      keys.addAll(requiredKeys(keyFile, passphrase));
      return new Credentials(
          password,
          List.copyOf(keys),
          null,
          "the key " + keyFile + (password == null ? "" : " and the password"));
    }
    if (password != null) {
      return new Credentials(password, List.of(), null, "the password");
    }
    List<String> used = new ArrayList<>();
    List<String> unusable = new ArrayList<>();
    for (String name : DEFAULT_KEYS) {
      Path file = home.directory().resolve(name);
      if (!Files.isRegularFile(file)) {
        continue;
      }
      try {
        keys.addAll(load(file, passphrase));
        used.add(file.toString());
      } catch (IOException | GeneralSecurityException | RuntimeException e) {
        unusable.add(
            isEncrypted(file) && passphrase == null
                ? file + " needs a pass phrase (option privateKeyPassphrase)"
                : file + " cannot be read");
      }
    }
    Path agent = home.agentSocket();
    if (agent != null && Files.exists(agent)) {
      used.add("the SSH agent's keys");
    } else {
      agent = null;
    }
    if (used.isEmpty()) {
      throw new ShareConnectException(
          Reason.AUTHENTICATION,
          "nothing to sign on with at "
              + target.server()
              + ": set the option password, passwordFile or privateKey; there is no usable key in "
              + home.directory()
              + (unusable.isEmpty() ? "" : " (" + String.join("; ", unusable) + ")")
              + " and no SSH agent",
          null);
    }
    String skipped = unusable.isEmpty() ? "" : " (" + String.join("; ", unusable) + ")";
    return new Credentials(null, List.copyOf(keys), agent, String.join(", ", used) + skipped);
  }

  private static List<KeyPair> requiredKeys(Path file, @Nullable String passphrase)
      throws ShareConnectException {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          "option 'privateKey' names " + file + ", which is not a readable file");
    }
    String why;
    Throwable cause;
    try {
      List<KeyPair> keys = load(file, passphrase);
      if (!keys.isEmpty()) {
        return keys;
      }
      why = "holds no private key in OpenSSH's or PEM format";
      cause = null;
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      cause = e;
      if (!isEncrypted(file)) {
        why = "is not a private key in OpenSSH's or PEM format that can be used here";
      } else if (passphrase == null) {
        why = "needs a pass phrase; set the option privateKeyPassphrase";
      } else {
        why = "cannot be opened with the pass phrase of the option privateKeyPassphrase";
      }
    }
    throw new ShareConnectException(
        Reason.AUTHENTICATION, "the key file " + file + " " + why, cause);
  }

  private static List<KeyPair> load(Path file, @Nullable String passphrase)
      throws IOException, GeneralSecurityException {
    NamedResource resource = new PathResource(file);
    FilePasswordProvider provider =
        passphrase == null ? FilePasswordProvider.EMPTY : FilePasswordProvider.of(passphrase);
    try (InputStream in = Files.newInputStream(file)) {
      Iterable<KeyPair> found = SecurityUtils.loadKeyPairIdentities(null, resource, in, provider);
      List<KeyPair> keys = new ArrayList<>();
      if (found != null) {
        found.forEach(keys::add);
      }
      return keys;
    }
  }

  /**
   * Whether a key file says that it is encrypted; in PEM by a header, in OpenSSH's by its cipher.
   */
  private static boolean isEncrypted(Path file) {
    try {
      String text = Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
      if (text.contains("ENCRYPTED")) {
        return true;
      }
      String marker = "-----BEGIN OPENSSH PRIVATE KEY-----";
      int begin = text.indexOf(marker);
      if (begin < 0) {
        return false;
      }
      // "openssh-key-v1", NUL, then the cipher's name with its length.
      byte[] head =
          java.util.Base64.getMimeDecoder()
              .decode(text.substring(begin + marker.length()).strip().substring(0, 64));
      byte[] none = "none".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      return !Arrays.equals(head, 19, 19 + none.length, none, 0, none.length);
    } catch (IOException | RuntimeException e) {
      return false; // whatever it is, it is not a key that lacks its pass phrase
    }
  }

  private static @Nullable String text(char @Nullable [] secret) {
    if (secret == null) {
      return null;
    }
    String text = new String(secret);
    Arrays.fill(secret, '\0');
    return text;
  }

  @Override
  public String toString() {
    return "Credentials[" + description + "]";
  }
}
