package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.netfs.NetfsFileSystem;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareConnectException.Reason;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong with a Samba share, and what is said of it: the JDK's own exceptions. */
@Timeout(60)
class SambaErrorsIT {
  private static SambaServer server;

  @BeforeAll
  static void start() throws IOException {
    server =
        SambaServer.builder()
            .setting("map to guest = bad user")
            .disk("small", "4m")
            .share("public", "guest ok = yes")
            .share("shown", "read only = yes")
            .start();
    Files.setPosixFilePermissions(
        server.data("public"), PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static NetfsFileSystem mount(String share) throws IOException {
    return (NetfsFileSystem)
        FileSystems.newFileSystem(server.uri(server.port(), share, ""), server.options());
  }

  private static AbstractStringAssert<?> assertRefused(
      Reason reason, URI uri, Map<String, Object> env) {
    Throwable thrown = catchThrowable(() -> FileSystems.newFileSystem(uri, env).close());
    assertThat(thrown).isInstanceOf(ShareConnectException.class);
    assertThat(((ShareConnectException) thrown).reason()).isEqualTo(reason);
    return assertThat(thrown.getMessage())
        .contains("127.0.0.1:" + server.port())
        .doesNotContain("\n", "Secret-");
  }

  // ---------------------------------------------------------------- mounts

  @Test
  void aWrongPassword() {
    assertRefused(Reason.AUTHENTICATION, server.uri(""), Map.of("password", "Secret-wrong"))
        .contains("refuses the user '" + server.user() + "'", "Check", "option password");
  }

  @Test
  void noPassword() {
    assertRefused(Reason.AUTHENTICATION, server.uri(""), Map.of())
        .contains("nothing to sign on with", "option password");
  }

  @Test
  void aUserWhomTheServerTakesForAGuest() {
    URI uri = URI.create("netfs+smb://nobody-knows@127.0.0.1:" + server.port() + "/public");
    assertRefused(Reason.AUTHENTICATION, uri, Map.of("password", "Secret-x"))
        .contains("as a guest only", "guest=true");
  }

  @Test
  void aGuestWhoSaysSo() throws IOException {
    URI uri = URI.create("netfs+smb://127.0.0.1:" + server.port() + "/public");
    try (NetfsFileSystem fs =
        (NetfsFileSystem) FileSystems.newFileSystem(uri, Map.of("guest", "true"))) {
      Files.writeString(fs.getPath("/f"), "by nobody");
      assertThat(Files.readString(fs.getPath("/f"))).isEqualTo("by nobody");
    }
    assertThat(server.data("public").resolve("f")).hasContent("by nobody");
    URI other = URI.create("netfs+smb://127.0.0.1:" + server.port() + "/data");
    assertRefused(Reason.AUTHENTICATION, other, Map.of("guest", "true"))
        .contains("does not let a guest use the share 'data'");
  }

  @Test
  void aMissingShare() {
    assertRefused(Reason.NO_SUCH_SHARE, server.uri(server.port(), "missing", ""), server.options())
        .contains("no share 'missing'", "check the URI");
  }

  @Test
  void aMissingDirectoryOfAShare() throws IOException {
    assertRefused(Reason.NO_SUCH_SHARE, server.uri("/not/there"), server.options())
        .contains("'not\\there' is no directory of the share 'data'");
    Files.writeString(server.data().resolve("file"), "x");
    assertRefused(Reason.NO_SUCH_SHARE, server.uri("/file"), server.options())
        .contains("'file' is no directory of the share 'data'");
  }

  @Test
  void aShareThatIsNoDisk() {
    assertRefused(Reason.NO_SUCH_SHARE, server.uri(server.port(), "IPC$", ""), server.options())
        .contains("'IPC$' has no files");
  }

  @Test
  void aUriWithoutAShare() {
    assertThatThrownBy(
            () ->
                FileSystems.newFileSystem(
                    URI.create("netfs+smb://127.0.0.1:" + server.port() + "/"), server.options()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("netfs+smb://user@host:port/share/directory");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sec=basic", "seal=never", "guest=perhaps"})
  void aMalformedOption(String option) {
    Map<String, Object> env = new HashMap<>(server.options());
    env.put(option.replaceAll("=.*", ""), option.replaceAll(".*=", ""));
    assertThatThrownBy(() -> FileSystems.newFileSystem(server.uri(""), env))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("option '" + option.replaceAll("=.*", "") + "'");
  }

  // ---------------------------------------------------------------- files

  private static void assertSays(
      Throwable thrown, Class<? extends FileSystemException> type, String path) {
    assertThat(thrown).isExactlyInstanceOf(type);
    assertThat(((FileSystemException) thrown).getFile()).isEqualTo(path);
  }

  @Test
  void aFullDisk() throws IOException {
    try (NetfsFileSystem fs = mount("small")) {
      Path other = fs.getPath("/other");
      Files.write(other, new byte[2 << 20]);
      byte[] data = new byte[3 << 20];
      new java.util.Random(1).nextBytes(data);
      try (FileChannel channel =
          FileChannel.open(
              fs.getPath("/f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        Throwable thrown =
            catchThrowable(
                () -> {
                  channel.write(ByteBuffer.wrap(data));
                  channel.force(true);
                });
        assertThat(thrown)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("/f")
            .hasMessageContaining("No space left on the server: delete something there");
        Files.delete(other);
        channel.force(true); // nothing was lost
      }
      assertThat(server.data("small").resolve("f")).hasBinaryContent(data);
      Files.delete(fs.getPath("/f"));
    }
  }

  @Test
  void whatTheUserMayNotDo() throws IOException {
    Path secret = Files.writeString(server.data().resolve("secret"), "x");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    Path shown = Files.writeString(server.data().resolve("shown"), "x");
    Files.setPosixFilePermissions(shown, PosixFilePermissions.fromString("rw-r--r--"));
    Path closed = Files.createDirectory(server.data().resolve("closed"));
    Files.writeString(closed.resolve("in"), "x");
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    try (NetfsFileSystem fs = mount(SambaServer.SHARE)) {
      assertSays(
          catchThrowable(() -> Files.readString(fs.getPath("/secret"))),
          AccessDeniedException.class,
          "/secret");
      assertSays(
          catchThrowable(() -> Files.writeString(fs.getPath("/shown"), "y")),
          AccessDeniedException.class,
          "/shown");
      assertThat(Files.readString(fs.getPath("/shown"))).isEqualTo("x");
      assertSays(
          catchThrowable(() -> Files.list(fs.getPath("/closed")).close()),
          AccessDeniedException.class,
          "/closed");
      assertSays(
          catchThrowable(() -> Files.readString(fs.getPath("/closed/in"))),
          AccessDeniedException.class,
          "/closed/in");
      assertSays(
          catchThrowable(() -> Files.createFile(fs.getPath("/closed/new"))),
          AccessDeniedException.class,
          "/closed/new");
    }
  }

  @Test
  void aShareThatIsReadOnly() throws IOException {
    Files.writeString(server.data("shown").resolve("f"), "x");
    try (NetfsFileSystem fs = mount("shown")) {
      assertThat(Files.readString(fs.getPath("/f"))).isEqualTo("x");
      assertThat(fs.isReadOnly()).isTrue();
      for (Throwable thrown :
          new Throwable[] {
            catchThrowable(() -> Files.writeString(fs.getPath("/g"), "x")),
            catchThrowable(() -> Files.delete(fs.getPath("/f"))),
            catchThrowable(() -> Files.createDirectory(fs.getPath("/d")))
          }) {
        assertThat(thrown)
            .isInstanceOfAny(
                AccessDeniedException.class, java.nio.file.ReadOnlyFileSystemException.class);
      }
    }
  }

  @Test
  void whatIsNotThere() throws IOException {
    try (NetfsFileSystem fs = mount(SambaServer.SHARE)) {
      Files.createDirectories(fs.getPath("/there/deep"));
      Files.writeString(fs.getPath("/there/file"), "x");
      for (String path : new String[] {"/missing", "/missing/deeper", "/there/file/below"}) {
        assertSays(
            catchThrowable(() -> Files.readString(fs.getPath(path))),
            NoSuchFileException.class,
            path);
        assertSays(
            catchThrowable(() -> Files.delete(fs.getPath(path))), NoSuchFileException.class, path);
      }
      assertSays(
          catchThrowable(() -> Files.createFile(fs.getPath("/missing/new"))),
          NoSuchFileException.class,
          "/missing/new");
      assertSays(
          catchThrowable(() -> Files.list(fs.getPath("/there/file")).close()),
          NotDirectoryException.class,
          "/there/file");
      assertSays(
          catchThrowable(() -> Files.createDirectory(fs.getPath("/there/file"))),
          FileAlreadyExistsException.class,
          "/there/file");
      assertSays(
          catchThrowable(() -> Files.delete(fs.getPath("/there"))),
          DirectoryNotEmptyException.class,
          "/there");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a:b|':'",
        "what?|'?'",
        "a*|'*'",
        "a|'|'",
        "con|'con' is a device",
        "aux.txt|'aux' is a device",
        "LPT1|'LPT1' is a device",
        "end.|end with a dot or a space",
        "end |end with a dot or a space"
      })
  void aForbiddenName(String text) throws IOException {
    int bar = text.equals("a|'|'") ? -1 : text.indexOf('|');
    String name = bar < 0 ? "a|b" : text.substring(0, bar);
    String reason = bar < 0 ? "'|'" : text.substring(bar + 1);
    try (NetfsFileSystem fs = mount(SambaServer.SHARE)) {
      Path path = fs.getPath("/" + name);
      for (Throwable thrown :
          new Throwable[] {
            catchThrowable(() -> Files.createFile(path)),
            catchThrowable(() -> Files.createDirectory(path))
          }) {
        assertThat(thrown).isInstanceOf(FileSystemException.class).hasMessageContaining(reason);
        assertThat(((FileSystemException) thrown).getFile()).isEqualTo("/" + name);
      }
      assertThat(Files.exists(path)).isFalse();
    }
  }
}
