package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.interfaces.EdECPublicKey;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyEncryptionContext;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSAUtils;
import org.apache.sshd.server.SshServer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ed25519 with nothing but the JDK and MINA: neither Bouncy Castle nor eddsa is on this path. */
class JdkEd25519Test {

  @BeforeAll
  static void install() {
    JdkEd25519Registrar.install();
  }

  @Test
  void minaHasItFromTheJdk() {
    assertThat(SecurityUtils.getEdDSASupport())
        .get()
        .satisfies(support -> assertThat(support).isInstanceOf(JdkEd25519.class));
  }

  @Test
  void derivesThePublicKeyOfTheRfcsFirstTestVector() throws Exception {
    // RFC 8032, section 7.1, test 1
    byte[] seed =
        HexFormat.of().parseHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    String point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    var support = new JdkEd25519();

    EdECPublicKey key = support.recoverEDDSAPublicKey(support.generateEDDSAPrivateKey(seed));

    assertThat(EdDSAUtils.getBytes(key)).isEqualTo(HexFormat.of().parseHex(point));
    assertThat(support.generateEDDSAPublicKey(HexFormat.of().parseHex(point))).isEqualTo(key);
  }

  @Test
  void readsAndWritesPublicKeyLines() throws Exception {
    KeyPair pair = newPair();

    String line = PublicKeyEntry.toString(pair.getPublic());
    PublicKey read =
        AuthorizedKeyEntry.parseAuthorizedKeyEntry(line).resolvePublicKey(null, null, null);

    assertThat(line).startsWith("ssh-ed25519 AAAA");
    assertThat(KeyUtils.compareKeys(read, pair.getPublic())).isTrue();
    assertThat(KeyUtils.compareKeys(read, newPair().getPublic())).isFalse();
  }

  @Test
  void readsOpenSshKeyFiles(@TempDir Path dir) throws Exception {
    KeyPair pair = newPair();
    Path file = Files.write(dir.resolve("id_ed25519"), openSsh(pair, null));

    assertThat(load(file, FilePasswordProvider.EMPTY))
        .usingElementComparator(JdkEd25519Test::compare)
        .containsExactly(pair);
  }

  @Test
  void readsOpenSshKeyFilesWithAPassPhrase(@TempDir Path dir) throws Exception {
    KeyPair pair = newPair();
    Path file = Files.write(dir.resolve("id_ed25519"), openSsh(pair, "open sesame"));

    assertThat(load(file, FilePasswordProvider.of("open sesame")))
        .usingElementComparator(JdkEd25519Test::compare)
        .containsExactly(pair);
    assertThatThrownBy(() -> load(file, FilePasswordProvider.of("wrong")))
        .isInstanceOf(Exception.class);
  }

  @Test
  void readsPkcs8KeyFilesWhichLackThePublicHalf(@TempDir Path dir) throws Exception {
    KeyPair pair = newPair();
    String pem =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(pair.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    Path file = Files.writeString(dir.resolve("key.pem"), pem);

    assertThat(load(file, FilePasswordProvider.EMPTY))
        .usingElementComparator(JdkEd25519Test::compare)
        .containsExactly(pair);
  }

  @Test
  void aServersKeyAndAUsersKeyAuthenticate() throws Exception {
    KeyPair host = newPair();
    KeyPair user = newPair();
    List<PublicKey> offered = new CopyOnWriteArrayList<>();
    try (SshServer server = SshServer.setUpDefaultServer();
        SshClient client = SshClient.setUpDefaultClient()) {
      server.setHost("127.0.0.1");
      server.setKeyPairProvider(KeyPairProvider.wrap(host));
      server.setPublickeyAuthenticator(
          (name, key, session) -> KeyUtils.compareKeys(key, user.getPublic()));
      server.start();
      client.setServerKeyVerifier((session, address, key) -> offered.add(key));
      client.start();

      try (ClientSession session = connect(client, server.getPort())) {
        session.addPublicKeyIdentity(user);
        session.auth().verify(Duration.ofSeconds(20));
        assertThat(session.isAuthenticated()).isTrue();
      }
      try (ClientSession session = connect(client, server.getPort())) {
        session.addPublicKeyIdentity(newPair());
        assertThatThrownBy(() -> session.auth().verify(Duration.ofSeconds(20)))
            .hasMessageContaining("No more authentication methods");
      }
    }
    assertThat(offered).isNotEmpty();
    assertThat(offered).allMatch(key -> KeyUtils.compareKeys(key, host.getPublic()));
  }

  private static ClientSession connect(SshClient client, int port) throws Exception {
    return client.connect("someone", "127.0.0.1", port).verify(Duration.ofSeconds(20)).getSession();
  }

  private static KeyPair newPair() throws Exception {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  private static byte[] openSsh(KeyPair pair, String passPhrase) throws Exception {
    OpenSSHKeyEncryptionContext encryption = null;
    if (passPhrase != null) {
      encryption = new OpenSSHKeyEncryptionContext();
      encryption.setCipherName("AES");
      encryption.setCipherMode("CTR");
      encryption.setCipherType("256");
      encryption.setPassword(passPhrase);
    }
    var out = new ByteArrayOutputStream();
    OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(pair, "a comment", encryption, out);
    return out.toByteArray();
  }

  private static Iterable<KeyPair> load(Path file, FilePasswordProvider passPhrase)
      throws Exception {
    try (var in = Files.newInputStream(file)) {
      return SecurityUtils.loadKeyPairIdentities(
          null, NamedResource.ofName(file.toString()), in, passPhrase);
    }
  }

  private static int compare(KeyPair a, KeyPair b) {
    return KeyUtils.compareKeyPairs(a, b) ? 0 : 1;
  }
}
