package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import dev.netfs.share.OpenIntent.Disposition;
import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * J12: what OpenSSH says with one vague code for many errors is told apart. Each case shows the
 * code too, which is the cause of the exact exception; with another OpenSSH it may be another.
 */
@Tag("J6")
@Tag("J12")
@Timeout(60)
class SftpVagueStatusIT {
  private static final String FAILURE = "SSH_FX_FAILURE";
  private static final String MISSING = "SSH_FX_NO_SUCH_FILE";
  private static final String BAD = "SSH_FX_BAD_MESSAGE";
  private static final OpenIntent NEW =
      new OpenIntent(false, true, Disposition.CREATE_NEW, false, -1);
  private static final OpenIntent WRITE =
      new OpenIntent(false, true, Disposition.OPEN_EXISTING, false, -1);

  private static OpenSshServer server;
  private static Share share;

  @BeforeAll
  static void prepare() throws IOException {
    server = OpenSshServer.start();
    Path data = server.data();
    Files.createFile(data.resolve("file"));
    Files.createDirectories(data.resolve("full/sub"));
    Files.createDirectory(data.resolve("empty"));
    Files.createSymbolicLink(data.resolve("loop"), Path.of("loop"));
    Files.createSymbolicLink(data.resolve("dangling"), Path.of("nowhere"));
    Files.createSymbolicLink(data.resolve("to-full"), Path.of("full"));
    try (var tree = Files.walk(data)) {
      for (Path path : tree.toList()) {
        server.own(path);
      }
    }
    share =
        new SftpShareProvider()
            .connect(new ShareConfig(server.uri(""), ShareOptions.of(server.options())));
  }

  @AfterAll
  static void close() {
    if (share != null) {
      share.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @Test
  void namesThatAreTaken() throws Exception {
    for (String name : new String[] {"/file", "/full", "/loop", "/dangling"}) {
      check(share.makeDirectory(name, -1), FileAlreadyExistsException.class, name, FAILURE);
      check(share.open(name, NEW), FileAlreadyExistsException.class, name, FAILURE);
      check(share.symbolicLink(name, "x"), FileAlreadyExistsException.class, name, FAILURE);
      check(share.link(name, "/file"), FileAlreadyExistsException.class, name, FAILURE);
      check(share.copy("/file", name), FileAlreadyExistsException.class, name, FAILURE);
    }
    check(
        share.rename("/file", "/dangling", false),
        FileAlreadyExistsException.class,
        "/dangling",
        FAILURE);
    check(
        share.rename("/empty", "/full", false), FileAlreadyExistsException.class, "/full", FAILURE);
  }

  @Test
  void directoriesAndFiles() throws Exception {
    check(share.deleteDirectory("/full"), DirectoryNotEmptyException.class, "/full", FAILURE);
    check(share.deleteDirectory("/file"), NotDirectoryException.class, "/file", MISSING);
    check(share.deleteDirectory("/to-full"), NotDirectoryException.class, "/to-full", MISSING);
    check(share.deleteFile("/empty"), IsDirectoryException.class, "/empty", FAILURE);
    check(share.open("/full", WRITE), IsDirectoryException.class, "/full", FAILURE);
    check(share.open("/full", OpenIntent.READ), IsDirectoryException.class, "/full", null);
    check(share.list("/file", entry -> {}), NotDirectoryException.class, "/file", MISSING);
    check(share.rename("/file", "/full", true), DirectoryNotEmptyException.class, "/full", FAILURE);
    check(
        share.rename("/empty", "/full", true), DirectoryNotEmptyException.class, "/full", FAILURE);
    check(share.rename("/file", "/empty", true), IsDirectoryException.class, "/empty", FAILURE);
    check(share.rename("/empty", "/file", true), NotDirectoryException.class, "/file", MISSING);
    check(share.rename("/full", "/full/sub/x", true), FileSystemException.class, "/full", BAD);
  }

  @Test
  void links() throws Exception {
    check(share.readLink("/file"), NotLinkException.class, "/file", BAD);
    check(share.stat("/loop", true), FileSystemLoopException.class, "/loop", MISSING);
    check(share.stat("/loop/x", true), FileSystemLoopException.class, "/loop/x", MISSING);
    check(share.list("/loop", entry -> {}), FileSystemLoopException.class, "/loop", MISSING);
    check(share.open("/loop", OpenIntent.READ), FileSystemLoopException.class, "/loop", MISSING);
    check(share.stat("/dangling", true), NoSuchFileException.class, "/dangling", MISSING);
    check(share.open("/dangling", WRITE), NoSuchFileException.class, "/dangling", MISSING);
  }

  @Test
  void whichOfTwoNamesIsMissing() throws Exception {
    check(share.rename("/no", "/x", true), NoSuchFileException.class, "/no", MISSING);
    check(share.rename("/file", "/no/x", true), NoSuchFileException.class, "/no/x", MISSING);
    check(share.link("/x", "/no"), NoSuchFileException.class, "/no", MISSING);
    check(share.link("/no/x", "/file"), NoSuchFileException.class, "/no/x", MISSING);
  }

  private static void check(
      CompletionStage<?> stage,
      Class<? extends FileSystemException> type,
      String path,
      String status)
      throws Exception {
    Throwable failure =
        stage.handle((value, e) -> e).toCompletableFuture().get(30, TimeUnit.SECONDS);
    assertThat(failure).isExactlyInstanceOf(type);
    assertThat(((FileSystemException) failure).getFile()).isEqualTo(path);
    if (status != null) {
      assertThat(failure.getCause()).isInstanceOf(SftpStatus.class).hasMessageStartingWith(status);
    }
  }
}
