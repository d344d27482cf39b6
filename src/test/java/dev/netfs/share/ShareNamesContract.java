package dev.netfs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The part of {@link ShareContract} about names: directories, deleting, renaming, links. */
public abstract class ShareNamesContract extends ShareIoContract {

  // Listing.

  @Test
  void emptyDirectoriesListNothing() throws Exception {
    assertThat(list("/")).isEmpty();
    await(share.makeDirectory("/d", -1));
    assertThat(list("/d")).isEmpty();
    assertThat(list("/")).containsOnlyKeys("d");
  }

  @Test
  void listingsAreCompleteAndCarryWhatStatSays() throws Exception {
    Set<String> names = new TreeSet<>();
    await(share.makeDirectory("/many", -1));
    List<CompletionStage<ShareFile>> opens = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      String name = "file-with-a-name-of-some-length-" + i;
      names.add(name);
      opens.add(share.open("/many/" + name, create()));
    }
    for (CompletionStage<ShareFile> open : opens) {
      await(await(open).close());
    }
    await(share.makeDirectory("/many/directory", -1));
    create("/many/sized", bytes(12_345, 1));
    names.addAll(Set.of("directory", "sized"));
    if (has(Feature.SYMBOLIC_LINKS)) {
      await(share.symbolicLink("/many/link", "sized"));
      await(share.symbolicLink("/many/dangling", "nowhere"));
      names.addAll(Set.of("link", "dangling"));
    }
    Map<String, FileInfo> entries = list("/many");
    assertThat(entries.keySet()).isEqualTo(names);
    assertThat(entries.get("sized").size()).isEqualTo(12_345);
    for (String name : List.of("sized", "directory", "file-with-a-name-of-some-length-77")) {
      assertThat(entries.get(name)).isEqualTo(stat("/many/" + name));
    }
    if (has(Feature.SYMBOLIC_LINKS)) {
      // A link's access time moves when somebody reads where it leads, as some of us do.
      assertThat(entries.get("link").type()).isEqualTo(FileType.SYMBOLIC_LINK);
      assertThat(entries.get("link").modified()).isEqualTo(stat("/many/link").modified());
      assertThat(entries.get("dangling").type()).isEqualTo(FileType.SYMBOLIC_LINK);
    }
  }

  @Test
  void namesAreTakenAsTheyAre() throws Exception {
    Set<String> names = new TreeSet<>(List.of("with space", "100%", "%41", "a+b", "#x?y=z&", ".h"));
    names.addAll(List.of("...", "~", "-rf", "a'b", "[a]{b}", "x".repeat(200), "CON.txt "));
    if (namesAreUnicode()) {
      names.addAll(List.of("\u00fcber", "\u65e5\u672c\u8a9e", "\ud83d\ude00", "e\u0301"));
    }
    if (has(Feature.ANY_NAME)) {
      names.addAll(List.of("a\nb", "a\"b", "a\\b", "a*b", "a:b", "<|>", "\u0001"));
    } else {
      names.remove("#x?y=z&");
      names.remove("CON.txt ");
      names.remove("...");
    }
    for (String name : names) {
      create("/" + name, name.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(list("/").keySet()).isEqualTo(names);
    for (String name : names) {
      assertContent("/" + name, name.getBytes(StandardCharsets.UTF_8));
      await(share.rename("/" + name, "/tmp", false));
      await(share.rename("/tmp", "/" + name, false));
      await(share.deleteFile("/" + name));
      await(share.makeDirectory("/" + name, -1));
      create("/" + name + "/" + name, new byte[1]);
      assertThat(list("/" + name)).containsOnlyKeys(name);
      await(share.deleteFile("/" + name + "/" + name));
      await(share.deleteDirectory("/" + name));
    }
    assertThat(list("/")).isEmpty();
  }

  /** Whether this JVM can name such files itself, where the server's files are looked at. */
  private boolean namesAreUnicode() {
    if (serverRoot() == null) {
      return true;
    }
    return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"))
        .equals(StandardCharsets.UTF_8);
  }

  @Test
  void onlyDirectoriesList() throws Exception {
    create("/f");
    assertFails(share.list("/f", entry -> {}), NotDirectoryException.class, "/f");
    assertFails(share.list("/no", entry -> {}), NoSuchFileException.class, "/no");
    assertThat(outcome(share.list("/f/x", entry -> {}))).isInstanceOf(FileSystemException.class);
    if (has(Feature.SYMBOLIC_LINKS)) {
      await(share.makeDirectory("/d", -1));
      create("/d/x");
      await(share.symbolicLink("/l", "d"));
      assertThat(list("/l")).containsOnlyKeys("x");
    }
  }

  @Test
  void aConsumerEndsAListingByThrowing() throws Exception {
    create("/a");
    create("/b");
    UnsupportedOperationException failure = new UnsupportedOperationException("enough");
    List<String> seen = new ArrayList<>();
    assertThat(
            outcome(
                share.list(
                    "/",
                    entry -> {
                      seen.add(entry.name());
                      throw failure;
                    })))
        .isSameAs(failure);
    assertThat(seen).hasSize(1);
    assertThat(list("/")).hasSize(2);
  }

  // Making and deleting.

  @Test
  void makesDirectories() throws Exception {
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/d/e", -1));
    assertThat(stat("/d/e").type()).isEqualTo(FileType.DIRECTORY);
    create("/f", bytes(3, 1));
    assertFails(share.makeDirectory("/d", -1), FileAlreadyExistsException.class, "/d");
    assertFails(share.makeDirectory("/f", -1), FileAlreadyExistsException.class, "/f");
    assertFails(share.makeDirectory("/no/d", -1), NoSuchFileException.class, "/no/d");
    assertContent("/f", bytes(3, 1));
    if (has(Feature.POSIX)) {
      await(share.makeDirectory("/private", 0700));
      assertThat(stat("/private").mode()).isEqualTo(0700);
    }
  }

  @Test
  void deletesFilesOnly() throws Exception {
    create("/f", bytes(3, 1));
    await(share.makeDirectory("/d", -1));
    assertFails(share.deleteFile("/d"), IsDirectoryException.class, "/d");
    assertFails(share.deleteFile("/no"), NoSuchFileException.class, "/no");
    assertFails(share.deleteFile("/no/f"), NoSuchFileException.class, "/no/f");
    assertThat(stat("/d").isDirectory()).isTrue();
    await(share.deleteFile("/f"));
    assertThat(exists("/f")).isFalse();
  }

  @Test
  void deletesEmptyDirectoriesOnly() throws Exception {
    create("/f", bytes(3, 1));
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/d/e", -1));
    assertFails(share.deleteDirectory("/f"), NotDirectoryException.class, "/f");
    assertFails(share.deleteDirectory("/no"), NoSuchFileException.class, "/no");
    assertFails(share.deleteDirectory("/d"), DirectoryNotEmptyException.class, "/d");
    assertThat(list("/d")).containsOnlyKeys("e");
    assertContent("/f", bytes(3, 1));
    await(share.deleteDirectory("/d/e"));
    await(share.deleteDirectory("/d"));
    assertThat(exists("/d")).isFalse();
  }

  @Test
  void deletesLinksThemselves() throws Exception {
    if (lacks(Feature.SYMBOLIC_LINKS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    create("/d/f", bytes(3, 1));
    await(share.symbolicLink("/to-d", "d"));
    await(share.symbolicLink("/to-f", "d/f"));
    await(share.symbolicLink("/dangling", "nowhere"));
    assertFails(share.deleteDirectory("/to-d"), NotDirectoryException.class, "/to-d");
    for (String link : List.of("/to-d", "/to-f", "/dangling")) {
      await(share.deleteFile(link));
      assertThat(exists(link)).isFalse();
    }
    assertContent("/d/f", bytes(3, 1));
  }

  @Test
  void namesBelowFilesAreNotThere() throws Exception {
    create("/f");
    Set<Class<?>> types = Set.of(NoSuchFileException.class, NotDirectoryException.class);
    assertFails(share.stat("/f/x", true), types, Set.of("/f/x"));
    assertFails(share.open("/f/x", OpenIntent.READ), types, Set.of("/f/x"));
    assertFails(share.open("/f/x", create()), types, Set.of("/f/x"));
    assertFails(share.makeDirectory("/f/x", -1), types, Set.of("/f/x"));
    assertFails(share.deleteFile("/f/x"), types, Set.of("/f/x"));
    assertFails(share.deleteDirectory("/f/x"), types, Set.of("/f/x"));
  }

  @Test
  void whatMayNotBeLookedAtIsDenied() throws Exception {
    if (lacks(Feature.POSIX)) {
      return;
    }
    create("/f", bytes(3, 1));
    await(share.makeDirectory("/d", -1));
    create("/d/x");
    await(share.setAttributes("/f", AttributeChange.ofMode(0), true));
    await(share.setAttributes("/d", AttributeChange.ofMode(0), true));
    try {
      Throwable failure = outcome(share.open("/f", OpenIntent.READ));
      if (failure == null) {
        // A server that lets this user read everything, as it lets root: then really everything.
        assertThat(await(share.stat("/d/x", true)).isRegularFile()).isTrue();
        return;
      }
      assertThat(failure).isExactlyInstanceOf(AccessDeniedException.class);
      assertThat(((FileSystemException) failure).getFile()).isEqualTo("/f");
      assertFails(share.stat("/d/x", true), AccessDeniedException.class, "/d/x");
      assertFails(share.list("/d", entry -> {}), AccessDeniedException.class, "/d");
    } finally {
      await(share.setAttributes("/d", AttributeChange.ofMode(0700), true));
    }
  }

  // Renaming.

  @Test
  void renamesFilesAndDirectories() throws Exception {
    create("/f", bytes(10, 1));
    await(share.rename("/f", "/g", false));
    assertThat(exists("/f")).isFalse();
    assertContent("/g", bytes(10, 1));

    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/d/e", -1));
    create("/d/e/x", bytes(20, 2));
    await(share.rename("/d", "/moved", false));
    assertThat(exists("/d")).isFalse();
    assertContent("/moved/e/x", bytes(20, 2));
    await(share.rename("/moved/e/x", "/x", false));
    await(share.rename("/g", "/moved/e/g", true));
    assertThat(list("/")).containsOnlyKeys("moved", "x");
    assertThat(list("/moved/e")).containsOnlyKeys("g");
  }

  @Test
  void renameDoesNotReplaceUnasked() throws Exception {
    create("/a", bytes(10, 1));
    create("/b", bytes(20, 2));
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/e", -1));
    for (String target : List.of("/b", "/d")) {
      assertRefusedAsExisting("/a", target);
      assertRefusedAsExisting("/e", target);
    }
    assertContent("/a", bytes(10, 1));
    assertContent("/b", bytes(20, 2));
    if (has(Feature.SYMBOLIC_LINKS)) {
      await(share.symbolicLink("/dangling", "nowhere"));
      await(share.symbolicLink("/link", "a"));
      for (String source : List.of("/a", "/link", "/e")) {
        assertRefusedAsExisting(source, "/dangling");
        assertThat(await(share.readLink("/dangling"))).isEqualTo("nowhere");
      }
      assertThat(await(share.readLink("/link"))).isEqualTo("a");
      await(share.rename("/link", "/moved", false));
      assertThat(await(share.readLink("/moved"))).isEqualTo("a");
    }
  }

  private void assertRefusedAsExisting(String source, String target) {
    assertFails(share.rename(source, target, false), FileAlreadyExistsException.class, target);
  }

  @Test
  void renameReplacesWhereItIsOneStep() throws Exception {
    create("/a", bytes(10, 1));
    create("/b", bytes(20, 2));
    await(share.makeDirectory("/d", -1));
    create("/d/x");
    await(share.makeDirectory("/empty", -1));
    if (!has(Feature.ATOMIC_REPLACE)) {
      assertFails(share.rename("/a", "/b", true), FileAlreadyExistsException.class, "/b");
      assertContent("/a", bytes(10, 1));
      assertContent("/b", bytes(20, 2));
      return;
    }
    await(share.rename("/a", "/b", true));
    assertThat(exists("/a")).isFalse();
    assertContent("/b", bytes(10, 1));
    await(share.rename("/d", "/empty", true));
    assertThat(list("/")).containsOnlyKeys("b", "empty");
    assertThat(list("/empty")).containsOnlyKeys("x");
    await(share.rename("/b", "/b", true));
    assertContent("/b", bytes(10, 1));
  }

  @Test
  void renameNeverReplacesAFullDirectory() throws Exception {
    create("/f", bytes(10, 1));
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/full", -1));
    create("/full/x", bytes(20, 2));
    Set<Class<?>> types =
        has(Feature.ATOMIC_REPLACE)
            ? Set.of(DirectoryNotEmptyException.class)
            : Set.of(DirectoryNotEmptyException.class, FileAlreadyExistsException.class);
    assertFails(share.rename("/d", "/full", true), types, Set.of("/full"));
    assertFails(share.rename("/f", "/full", true), types, Set.of("/full"));
    assertContent("/full/x", bytes(20, 2));
    assertContent("/f", bytes(10, 1));
    assertThat(stat("/d").isDirectory()).isTrue();
  }

  @Test
  void renameOfOneKindOverAnotherDoesItOrLeavesBoth() throws Exception {
    create("/f", bytes(10, 1));
    await(share.makeDirectory("/d", -1));
    await(share.makeDirectory("/e", -1));
    create("/g", bytes(20, 2));
    if (!renamed("/f", "/d")) {
      assertContent("/f", bytes(10, 1));
      assertThat(stat("/d").isDirectory()).isTrue();
    } else {
      assertContent("/d", bytes(10, 1));
    }
    if (!renamed("/e", "/g")) {
      assertContent("/g", bytes(20, 2));
      assertThat(stat("/e").isDirectory()).isTrue();
    } else {
      assertThat(stat("/g").isDirectory()).isTrue();
    }
  }

  private boolean renamed(String source, String target) {
    Throwable failure = outcome(share.rename(source, target, true));
    if (failure != null) {
      assertThat(failure)
          .isInstanceOfAny(
              IsDirectoryException.class,
              NotDirectoryException.class,
              FileAlreadyExistsException.class);
      assertThat(((FileSystemException) failure).getFile()).isEqualTo(target);
    }
    return failure == null;
  }

  @Test
  void renameNeedsASourceAndAPlace() throws Exception {
    create("/f", bytes(10, 1));
    assertFails(share.rename("/no", "/g", false), NoSuchFileException.class, "/no");
    assertFails(share.rename("/no", "/f", true), NoSuchFileException.class, "/no");
    assertFails(share.rename("/f", "/no/g", false), NoSuchFileException.class, "/no/g");
    assertContent("/f", bytes(10, 1));
    await(share.makeDirectory("/d", -1));
    assertThat(outcome(share.rename("/d", "/d/inside", false)))
        .isInstanceOf(FileSystemException.class);
    assertThat(stat("/d").isDirectory()).isTrue();
    assertThat(list("/d")).isEmpty();
  }

  // Links.

  @Test
  void symbolicLinks() throws Exception {
    if (lacks(Feature.SYMBOLIC_LINKS)) {
      return;
    }
    await(share.makeDirectory("/d", -1));
    create("/d/f", bytes(10, 1));
    await(share.symbolicLink("/d/relative", "f"));
    await(share.symbolicLink("/d/up", "../d/f"));
    await(share.symbolicLink("/absolute", "/d/f"));
    await(share.symbolicLink("/dangling", "no such file"));
    await(share.symbolicLink("/directory", "/d"));
    await(share.symbolicLink("/root", "/"));
    assertThat(await(share.readLink("/d/relative"))).isEqualTo("f");
    assertThat(await(share.readLink("/d/up"))).isEqualTo("../d/f");
    assertThat(await(share.readLink("/absolute"))).isEqualTo("/d/f");
    assertThat(await(share.readLink("/dangling"))).isEqualTo("no such file");
    assertThat(await(share.readLink("/root"))).isEqualTo("/");
    for (String path : List.of("/d/relative", "/d/up", "/absolute", "/directory/f", "/root/d/f")) {
      assertThat(contentOf(path)).as(path).isEqualTo(bytes(10, 1));
      assertThat(await(share.stat(path, true)).size()).as(path).isEqualTo(10);
      assertThat(await(share.stat(path, true)).type()).isEqualTo(FileType.REGULAR);
    }
    assertThat(stat("/absolute").type()).isEqualTo(FileType.SYMBOLIC_LINK);
    assertThat(stat("/dangling").type()).isEqualTo(FileType.SYMBOLIC_LINK);
    assertFails(share.stat("/dangling", true), NoSuchFileException.class, "/dangling");
    assertFails(share.readLink("/d/f"), NotLinkException.class, "/d/f");
    assertFails(share.readLink("/d"), NotLinkException.class, "/d");
    assertFails(share.readLink("/no"), NoSuchFileException.class, "/no");
    assertFails(share.symbolicLink("/d/f", "x"), FileAlreadyExistsException.class, "/d/f");
    assertFails(
        share.symbolicLink("/dangling", "x"), FileAlreadyExistsException.class, "/dangling");
    assertFails(share.symbolicLink("/no/l", "x"), NoSuchFileException.class, "/no/l");

    await(share.rename("/absolute", "/d/moved", false));
    assertThat(await(share.readLink("/d/moved"))).isEqualTo("/d/f");
    assertThat(contentOf("/d/moved")).isEqualTo(bytes(10, 1));
  }

  @Test
  void linksThatLoop() throws Exception {
    if (lacks(Feature.SYMBOLIC_LINKS)) {
      return;
    }
    await(share.symbolicLink("/self", "self"));
    await(share.symbolicLink("/a", "/b"));
    await(share.symbolicLink("/b", "a"));
    for (String path : List.of("/self", "/a", "/b", "/a/below")) {
      assertFails(share.stat(path, true), FileSystemLoopException.class, path);
    }
    assertFails(share.open("/a", OpenIntent.READ), FileSystemLoopException.class, "/a");
    assertFails(share.list("/self", entry -> {}), FileSystemLoopException.class, "/self");
    assertThat(stat("/self").type()).isEqualTo(FileType.SYMBOLIC_LINK);
    await(share.deleteFile("/self"));
  }

  @Test
  void hardLinks() throws Exception {
    if (lacks(Feature.HARD_LINKS)) {
      return;
    }
    create("/f", bytes(10, 1));
    create("/g", bytes(20, 2));
    await(share.makeDirectory("/d", -1));
    await(share.link("/d/l", "/f"));
    ShareFile file = open("/d/l", update());
    writeFully(file, bytes(5, 3), 10);
    await(file.close());
    assertThat(stat("/f").size()).isEqualTo(15);
    if (has(Feature.FILE_KEYS)) {
      assertThat(stat("/f").fileKey()).isNotNull().isEqualTo(stat("/d/l").fileKey());
      assertThat(stat("/f").fileKey()).isNotEqualTo(stat("/g").fileKey());
    }
    assertThat(stat("/f").links()).isEqualTo(has(Feature.LINK_COUNTS) ? 2 : -1);
    assertFails(share.link("/g", "/f"), FileAlreadyExistsException.class, "/g");
    assertFails(share.link("/g", "/d"), FileAlreadyExistsException.class, "/g");
    assertFails(share.link("/x", "/no"), NoSuchFileException.class, "/no");
    assertFails(share.link("/no/x", "/f"), NoSuchFileException.class, "/no/x");
    assertThat(outcome(share.link("/x", "/d"))).isInstanceOf(FileSystemException.class);
    assertThat(exists("/x")).isFalse();
    await(share.deleteFile("/f"));
    assertThat(stat("/d/l").size()).isEqualTo(15);
    assertContent("/g", bytes(20, 2));
  }

  // Copying.

  @Test
  void copiesOnTheServer() throws Exception {
    if (lacks(Feature.SERVER_COPY)) {
      return;
    }
    byte[] content = bytes(3_000_001, 4);
    create("/f", content);
    create("/empty");
    create("/present", bytes(7, 5));
    await(share.makeDirectory("/d", -1));
    await(share.copy("/f", "/d/copy"));
    assertContent("/d/copy", content);
    assertContent("/f", content);
    await(share.copy("/empty", "/empty2"));
    assertContent("/empty2", new byte[0]);
    assertFails(share.copy("/f", "/present"), FileAlreadyExistsException.class, "/present");
    assertContent("/present", bytes(7, 5));
    assertFails(share.copy("/no", "/x"), NoSuchFileException.class, "/no");
    assertFails(share.copy("/f", "/no/x"), NoSuchFileException.class, "/no/x");
    assertThat(outcome(share.copy("/d", "/x"))).isInstanceOf(IOException.class);
    assertThat(exists("/x")).isFalse();
    if (has(Feature.SYMBOLIC_LINKS)) {
      await(share.symbolicLink("/l", "f"));
      await(share.copy("/l", "/through"));
      assertThat(stat("/through").type()).isEqualTo(FileType.REGULAR);
      assertContent("/through", content);
    }
  }
}
