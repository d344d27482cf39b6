package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.ShareConnectException;
import dev.netfs.testing.KerberosRealm;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Signing on to Samba with Kerberos, whose tickets MIT's key distribution centre gives. */
@Timeout(120)
class KerberosIT {
  private static final String CONFIGURATION = "java.security.krb5.conf";

  private KerberosRealm realm;
  private SambaServer server;
  private String before;

  @BeforeEach
  void start() throws IOException {
    realm = KerberosRealm.start();
    before = System.getProperty(CONFIGURATION);
    server =
        SambaServer.builder()
            .setting("realm = " + KerberosRealm.NAME)
            .setting("kerberos method = dedicated keytab")
            .setting("dedicated keytab file = FILE:" + realm.service("cifs/localhost"))
            // Nobody gets in by a password, so a ticket it must have been.
            .setting("ntlm auth = disabled")
            .start();
    realm.user(server.user(), "of-the-realm");
    System.setProperty(CONFIGURATION, realm.configuration().toString());
  }

  @AfterEach
  void stop() {
    if (before != null) {
      System.setProperty(CONFIGURATION, before);
    } else {
      System.clearProperty(CONFIGURATION);
    }
    if (server != null) {
      server.close();
    }
    if (realm != null) {
      realm.close();
    }
  }

  private URI uri() {
    return URI.create(
        "netfs+smb://" + server.user() + "@localhost:" + server.port() + "/" + SambaServer.SHARE);
  }

  @Test
  void thePasswordGetsATicket() throws IOException {
    Map<String, Object> options =
        Map.of("sec", "krb5", "password", "of-the-realm".toCharArray(), "seal", "required");
    try (FileSystem fs = FileSystems.newFileSystem(uri(), options)) {
      Files.writeString(fs.getPath("/greeting"), "Jello");
    }
    assertThat(server.data().resolve("greeting")).hasContent("Jello");
  }

  @Test
  void aWrongPasswordIsToldAndNotShown() {
    Map<String, Object> options =
        Map.of("sec", "krb5", "password", "of-another-realm".toCharArray());
    assertThatThrownBy(() -> FileSystems.newFileSystem(uri(), options))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("Kerberos")
        .hasMessageNotContaining("of-another-realm")
        .satisfies(
            e ->
                assertThat(((ShareConnectException) e).reason())
                    .isEqualTo(ShareConnectException.Reason.AUTHENTICATION));
  }

  @Test
  void aServerThatTheRealmDoesNotKnowIsTold() {
    URI other = URI.create(uri().toString().replace("localhost", "127.0.0.1"));
    Map<String, Object> options = Map.of("sec", "krb5", "password", "of-the-realm".toCharArray());
    assertThatThrownBy(() -> FileSystems.newFileSystem(other, options))
        .isInstanceOf(ShareConnectException.class)
        .hasMessageContaining("cifs/127.0.0.1")
        .hasMessageContaining("krb5.conf");
  }

  /** In a JVM of its own: where the tickets are, the environment says. */
  @Test
  void aTicketOfTheUsersIsEnough(@TempDir Path directory) throws Exception {
    Files.writeString(server.data().resolve("there"), "before\n");
    Path out = directory.resolve("out");
    ProcessBuilder netfs =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-D" + CONFIGURATION + "=" + realm.configuration(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "dev.netfs.cli.Main",
                    "cat",
                    "-o",
                    "sec=krb5",
                    uri() + "/there"))
            .redirectErrorStream(true)
            .redirectOutput(out.toFile());
    netfs.environment().putAll(realm.signOn(server.user(), "of-the-realm"));
    Process process = netfs.start();
    try {
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(out).hasContent("before\n");
  }
}
