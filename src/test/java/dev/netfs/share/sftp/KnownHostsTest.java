package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.share.ShareOptions;
import dev.netfs.share.sftp.KnownHosts.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownHostsTest {
  private static final byte[] A = "key a".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] B = "key b".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] C = "key c".getBytes(StandardCharsets.US_ASCII);

  @TempDir Path directory;

  @Test
  void findsNamesListsWildcardsAndNegations() throws IOException {
    Path file =
        write(
            "# a comment",
            "",
            "host,other ssh-ed25519 " + base64(A) + " comment of several words",
            "*.example.org,!bad.example.org ssh-rsa " + base64(B),
            "10.0.0.? ecdsa-sha2-nistp256 " + base64(C),
            "not a line");
    assertThat(known(file, "host", 22).check(A)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "HOST", 22).check(A)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "other", 22).check(A)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "host", 22).check(B)).isEqualTo(Verdict.CHANGED);
    assertThat(known(file, "third", 22).check(A)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "a.example.org", 22).check(B)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "bad.example.org", 22).check(B)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "10.0.0.7", 22).check(C)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "10.0.0.77", 22).check(C)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "aXexample.org", 22).check(B)).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void aPortIsPartOfTheName() throws IOException {
    Path file = write("[host]:2222 ssh-ed25519 " + base64(A), "host ssh-ed25519 " + base64(B));
    assertThat(known(file, "host", 2222).check(A)).isEqualTo(Verdict.KNOWN);
    // A key that is listed for the host alone counts, as with OpenSSH; another does not.
    assertThat(known(file, "host", 2222).check(B)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "host", 2222).check(C)).isEqualTo(Verdict.CHANGED);
    assertThat(known(file, "host", 22).check(A)).isEqualTo(Verdict.CHANGED);
    // On another port there may be another server: nothing is known about that one.
    assertThat(known(file, "host", 3333).check(C)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "host", 3333).keyTypes()).containsExactly("ssh-ed25519");
  }

  @Test
  void findsHashedNames() throws Exception {
    Path file =
        write(
            hashed("host") + " ssh-ed25519 " + base64(A),
            hashed("[host]:22022") + " x " + base64(B));
    assertThat(known(file, "host", 22).check(A)).isEqualTo(Verdict.KNOWN);
    assertThat(known(file, "other", 22).check(A)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "host", 22022).check(B)).isEqualTo(Verdict.KNOWN);
  }

  @Test
  void severalKeysOfOneHost() throws IOException {
    Path file = write("host ssh-rsa " + base64(A), "host ssh-ed25519 " + base64(B));
    KnownHosts known = known(file, "host", 22);
    assertThat(known.check(A)).isEqualTo(Verdict.KNOWN);
    assertThat(known.check(B)).isEqualTo(Verdict.KNOWN);
    assertThat(known.keyTypes()).containsExactly("ssh-rsa", "ssh-ed25519");
    assertThat(known.others("ssh-ed25519").get(0).line()).isEqualTo(2);
  }

  @Test
  void revokedCountsMoreThanKnown() throws IOException {
    Path file = write("host ssh-rsa " + base64(A), "@revoked * ssh-rsa " + base64(A));
    assertThat(known(file, "host", 22).check(A)).isEqualTo(Verdict.REVOKED);
    assertThat(known(file, "host", 22).check(B)).isEqualTo(Verdict.CHANGED);
    assertThat(known(file, "new", 22).check(B)).isEqualTo(Verdict.UNKNOWN);
    assertThat(known(file, "new", 22).keyTypes()).isEmpty();
  }

  @Test
  void certificateAuthoritiesAreLeftOut() throws IOException {
    Path file = write("@cert-authority * ssh-rsa " + base64(A));
    assertThat(known(file, "host", 22).check(A)).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void strictNamesTheFileTheFingerprintAndTheOption() throws Exception {
    Path file = directory.resolve("missing");
    ShareConnectException e = policy(file, "strict").check("ssh-ed25519", A);
    assertThat(e.reason()).isEqualTo(Reason.UNTRUSTED_SERVER);
    assertThat(e)
        .hasMessageContaining("host.example:2022")
        .hasMessageContaining(KnownHosts.fingerprint(A))
        .hasMessageContaining(file + ", which does not exist")
        .hasMessageContaining("hostKey=accept-new");
    assertThat(file).doesNotExist();
  }

  @Test
  void acceptNewAppendsALineAndTrustsItFromThenOn() throws Exception {
    Path file = directory.resolve("new/known_hosts");
    assertThat(policy(file, "accept-new").check("ssh-ed25519", A)).isNull();
    assertThat(file).hasContent("[host.example]:2022 ssh-ed25519 " + base64(A) + "\n");
    assertThat(Files.getPosixFilePermissions(file))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(policy(file, "strict").check("ssh-ed25519", A)).isNull();
    // Neither mode takes another key, not even one of another type.
    for (String mode : List.of("strict", "accept-new")) {
      for (String type : List.of("ssh-ed25519", "ssh-rsa")) {
        ShareConnectException e = policy(file, mode).check(type, B);
        assertThat(e.reason()).isEqualTo(Reason.UNTRUSTED_SERVER);
        assertThat(e)
            .hasMessageContaining("has changed")
            .hasMessageContaining(KnownHosts.fingerprint(A))
            .hasMessageContaining(KnownHosts.fingerprint(B))
            .hasMessageContaining(file + ", line 1")
            .hasMessageContaining("ssh-keygen -R '[host.example]:2022' -f " + file);
      }
    }
    assertThat(Files.readAllLines(file)).hasSize(1);
  }

  @Test
  void acceptNewEndsAnUnfinishedLineFirst() throws Exception {
    Path file = directory.resolve("known_hosts");
    Files.writeString(file, "other ssh-rsa " + base64(B)); // no line break
    assertThat(policy(file, "accept-new").check("ssh-ed25519", A)).isNull();
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "other ssh-rsa " + base64(B), "[host.example]:2022 ssh-ed25519 " + base64(A));
  }

  @Test
  void acceptNewThatCannotWriteTrustsNobody() throws Exception {
    Path file = Files.createFile(directory.resolve("file")).resolve("known_hosts");
    ShareConnectException e = policy(file, "accept-new").check("ssh-ed25519", A);
    assertThat(e).hasMessageContaining("cannot be added to " + file);
  }

  private HostKeyPolicy policy(Path file, String mode) throws Exception {
    return HostKeyPolicy.of(
        new SftpTarget("host.example", 2022, "me", "/", false),
        ShareOptions.of(Map.of("knownHosts", file, "hostKey", mode)),
        new UserHome(directory, directory, null));
  }

  private Path write(String... lines) throws IOException {
    return Files.write(directory.resolve("known_hosts"), List.of(lines));
  }

  private static KnownHosts known(Path file, String host, int port) throws IOException {
    return KnownHosts.read(List.of(file), host, port);
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String hashed(String name) throws GeneralSecurityException {
    byte[] salt = "a salt of 20 bytes..".getBytes(StandardCharsets.US_ASCII);
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(salt, "HmacSHA1"));
    return "|1|" + base64(salt) + "|" + base64(mac.doFinal(name.getBytes(StandardCharsets.UTF_8)));
  }
}
