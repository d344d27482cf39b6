package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.ShareConnectException;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, listings and attributes on disk: what answers after a restart, and what must not. */
@Timeout(120)
class NamesDiskTest {
  private static final long HOUR = 3_600_000;

  private static final AttributeChange TIME =
      AttributeChange.ofTimes(FileTime.fromMillis(7000), null, null);

  @TempDir Path temp;
  private final ShiftedTime time = new ShiftedTime();
  private final SimServer server = new SimServer(1, time);
  private Path cache;
  private int copies;

  @BeforeEach
  void makeTree() throws IOException {
    cache = temp.resolve("cache");
    byte[] key = new byte[32];
    key[5] = 9;
    Files.write(temp.resolve("key"), key);
    synchronized (server) {
      for (String path : List.of("/a", "/a/b", "/a/c", "/d")) {
        server.tree.makeDirectory(path, -1);
      }
      server.tree.symbolicLink("/a/link", "b/f1");
      server.tree.symbolicLink("/into", "a");
    }
    for (String path : List.of("/a/f", "/a/b/f1", "/a/b/f2", "/a/c/g", "/top")) {
      server.put(path, new byte[path.length()]);
    }
  }

  private Map<String, Object> options(Object... more) {
    Map<String, Object> options = new HashMap<>();
    options.put("disk", cache);
    options.put("encryptionKeyFile", temp.resolve("key"));
    for (int i = 0; i < more.length; i += 2) {
      options.put((String) more[i], more[i + 1]);
    }
    return options;
  }

  private Mount mount(Object... more) throws IOException {
    return server.mount(options(more));
  }

  private Mount loose(String attrTtl) throws IOException {
    return mount("cache", "loose", "attrTtl", attrTtl);
  }

  /** Walks a tree as a program does; returns what it sees. */
  private static Map<String, String> walk(Mount mount, String path) throws IOException {
    Map<String, String> seen = new TreeMap<>();
    walk(mount, path, seen);
    return seen;
  }

  private static void walk(Mount mount, String path, Map<String, String> seen) throws IOException {
    FileInfo info = mount.stat(path, false);
    seen.put(
        path,
        info.type()
            + " "
            + info.modified()
            + (info.isDirectory() ? "" : " " + info.size())
            + (info.isSymbolicLink() ? " -> " + mount.readLink(path) : ""));
    if (info.isDirectory()) {
      for (String name : mount.names(path)) {
        walk(mount, Directories.child(path, name), seen);
      }
    }
  }

  /** Returns what there is, as {@link #walk} sees it. */
  private Map<String, String> truth() throws IOException {
    return truth("/");
  }

  private Map<String, String> truth(String path) throws IOException {
    try (Mount mount = server.mount(Map.of("cache", "none"))) {
      return walk(mount, path);
    }
  }

  private Map<String, Integer> requests() {
    Map<String, Integer> requests = new TreeMap<>(server.requests);
    requests.remove("connect");
    return requests;
  }

  /** Copies the cache as it is at the moment: what a JVM leaves that is killed now. */
  private void kill() throws IOException {
    Path copy = temp.resolve("copy-" + copies++);
    CacheCopy.copy(cache, copy);
    cache = copy;
  }

  private void killNow() {
    try {
      kill();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void immutableWalksAgainWithoutAnyRequestAfterARestart() throws IOException {
    Map<String, String> first;
    try (Mount mount = mount("cache", "immutable")) {
      first = walk(mount, "/");
    }
    assertThat(first).hasSize(12).isEqualTo(truth());
    time.pass(1000 * HOUR);
    Map<String, Integer> before = requests();
    try (Mount mount = mount("cache", "immutable")) {
      assertThat(walk(mount, "/")).isEqualTo(first);
      assertThat(walk(mount, "/")).isEqualTo(first);
      assertThat(mount.stats().diskFailures()).isZero();
    }
    assertThat(requests()).isEqualTo(before);
  }

  private static byte[] read(Mount mount, String path, int count) throws IOException {
    try (OpenFile file = mount.open(path, OpenMode.READ)) {
      ByteBuffer all = ByteBuffer.allocate((int) Math.min(count, file.size()));
      while (all.hasRemaining()) {
        file.read(all, all.position());
      }
      return all.array();
    }
  }

  @Test
  void immutableReadsAgainWithoutAnyRequestWhatIsOnDisk() throws IOException {
    byte[] large = new byte[1 << 20];
    new Random(3).nextBytes(large);
    server.put("/d/large", large);
    server.put("/d/never-read", large);
    try (Mount mount = mount("cache", "immutable", "readahead", 0)) {
      walk(mount, "/");
      read(mount, "/a/f", 4);
      read(mount, "/a/b/f1", 7);
      read(mount, "/d/large", 10_000);
    }
    synchronized (server) {
      server.tree.deleteFile("/d/never-read");
    }
    Map<String, Integer> before = requests();
    try (Mount mount = mount("cache", "immutable", "readahead", 0)) {
      for (int i = 0; i < 2; i++) {
        assertThat(read(mount, "/a/f", 4)).isEqualTo(server.get("/a/f"));
        assertThat(read(mount, "/a/b/f1", 7)).isEqualTo(server.get("/a/b/f1"));
        assertThat(read(mount, "/d/large", 10_000)).isEqualTo(Arrays.copyOf(large, 10_000));
      }
      assertThat(requests()).isEqualTo(before);
      assertThat(read(mount, "/d/large", large.length)).isEqualTo(large);
      assertThat(requests().get("open")).isEqualTo(before.get("open") + 1);
      assertThatThrownBy(() -> mount.open("/d/never-read", OpenMode.READ))
          .isInstanceOf(NoSuchFileException.class);
    }
    before = requests();
    try (Mount mount = mount("cache", "loose", "attrTtl", "1000h")) {
      read(mount, "/a/f", 4);
      assertThat(requests().get("open")).isEqualTo(before.get("open") + 1);
    }
  }

  @Test
  void looseAnswersUntilAttrTtlIsOver() throws IOException {
    Map<String, String> first;
    try (Mount mount = loose("1h")) {
      first = walk(mount, "/");
    }
    server.put("/a/f", new byte[100]); // another client
    server.put("/a/new", new byte[100]);
    time.pass(HOUR - 600_000);
    int lists = server.count("list");
    int stats = server.count("stat");
    try (Mount mount = loose("1h")) {
      assertThat(walk(mount, "/")).isEqualTo(first);
      assertThat(server.count("list")).isEqualTo(lists);
      assertThat(server.count("stat")).isEqualTo(stats);
      time.pass(600_000);
      assertThat(walk(mount, "/")).as("though the mount is younger").isEqualTo(truth());
    }
    time.pass(2 * HOUR);
    lists = server.count("list");
    try (Mount mount = loose("1h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
      assertThat(server.count("list")).isGreaterThanOrEqualTo(lists + 5);
    }
  }

  @Test
  void aTimeToComeProvesNothing() throws IOException {
    try (Mount mount = loose("1h")) {
      walk(mount, "/");
    }
    server.put("/a/new", new byte[100]);
    time.set(-600_000);
    try (Mount mount = loose("1h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
  }

  @Test
  void closeToOpenTakesAttributesButNoListings() throws IOException {
    try (Mount mount = mount("attrTtl", "1h")) {
      walk(mount, "/");
    }
    int stats = server.count("stat");
    int lists = server.count("list");
    try (Mount mount = mount("attrTtl", "1h")) {
      assertThat(mount.stat("/a/f", false).size()).isEqualTo(4);
      assertThat(server.count("stat")).isEqualTo(stats);
      server.put("/a/new", new byte[100]);
      assertThat(mount.names("/a")).contains("new");
      assertThat(server.count("list")).isEqualTo(lists + 1);
    }
    time.pass(HOUR);
    try (Mount mount = mount("attrTtl", "1h")) {
      server.put("/a/f", new byte[100]);
      assertThat(mount.stat("/a/f", false).size()).isEqualTo(100);
    }
  }

  /** Something that a mount changes. */
  private interface Change {
    void by(Mount mount) throws IOException;
  }

  private static void write(Mount mount, String path, int size) throws IOException {
    try (OpenFile file = mount.open(path, OpenModes.CREATE)) {
      file.write(ByteBuffer.allocate(size), 0);
    }
  }

  private enum Own implements Change {
    CREATE(mount -> write(mount, "/a/new", 3)),
    WRITE_MORE(mount -> write(mount, "/a/f", 1000)),
    DELETE(mount -> mount.delete("/a/b/f1")),
    DELETE_DIRECTORY(
        mount -> {
          mount.delete("/a/c/g");
          mount.delete("/a/c");
        }),
    MAKE_DIRECTORY(mount -> mount.makeDirectory("/a/made", -1)),
    MAKE_DIRECTORY_AGAIN(
        mount -> {
          mount.delete("/a/c/g");
          mount.delete("/a/c");
          mount.makeDirectory("/a/c", -1);
        }),
    RENAME(mount -> mount.rename("/a/f", "/a/h", false, false)),
    REPLACE(mount -> mount.rename("/a/f", "/a/b/f1", true, false)),
    RENAME_DIRECTORY(mount -> mount.rename("/a/b", "/d/b", false, false)),
    SWAP_DIRECTORIES(
        mount -> {
          mount.rename("/a/b", "/x", false, false);
          mount.rename("/a/c", "/a/b", false, false);
          mount.rename("/x", "/a/c", false, false);
        }),
    SET_TIME(mount -> mount.setAttributes("/a/f", TIME, false)),
    SET_TIME_THROUGH_LINK(mount -> mount.setAttributes("/a/link", TIME, true)),
    WRITE_THROUGH_LINK(mount -> write(mount, "/into/f", 1000)),
    LINK(mount -> mount.link("/d/f", "/a/f")),
    SYMBOLIC_LINK(mount -> mount.symbolicLink("/d/l", "../a/f"));

    final Change change;

    Own(Change change) {
      this.change = change;
    }

    @Override
    public void by(Mount mount) throws IOException {
      change.by(mount);
    }
  }

  @ParameterizedTest
  @EnumSource(Own.class)
  @Tag("C8")
  void whatWasChangedHereIsSeenAfterTheJvmIsKilled(Own change) throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).hasSize(12);
      change.by(mount);
      kill();
    }
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
  }

  @ParameterizedTest
  @EnumSource(Own.class)
  void whatWasChangedHereIsSeenAfterARestart(Own change) throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
      change.by(mount);
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
    time.pass(NameMarks.AHEAD_MILLIS);
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    Map<String, String> truth = truth();
    int lists = server.count("list");
    try (Mount mount = loose("1000h")) { // and all is known again
      assertThat(walk(mount, "/")).isEqualTo(truth);
      assertThat(server.count("list")).isEqualTo(lists);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"close", "force", "direct", "truncate"})
  void whatAnotherMountWasToldSinceTheOpenDoesNotAnswerAfterAWrite(String how) throws IOException {
    try (Mount mount = loose("1000h");
        OpenFile file =
            mount.open("/a/f", how.equals("direct") ? OpenModes.DIRECT : OpenModes.CREATE)) {
      time.pass(60_000);
      try (Mount other = loose("1000h")) {
        walk(other, "/");
      }
      if (how.equals("direct")) { // is marked before the server hears of it
        server.onWrite = (path, offset, bytes) -> killNow();
      }
      if (how.equals("truncate")) {
        file.truncate(1);
      } else {
        file.write(ByteBuffer.allocate(1000), 0);
      }
      if (how.equals("close")) {
        file.close();
      } else if (how.equals("force")) {
        file.force(false);
      }
      if (!how.equals("direct")) {
        kill();
      }
    }
    server.onWrite = null;
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
  }

  @Test
  void aDirectoryThatIsMadeWhereSomebodyElseDeletedOneIsEmpty() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    synchronized (server) {
      server.tree.deleteFile("/a/c/g");
      server.tree.deleteDirectory("/a/c");
    }
    try (Mount mount = loose("1000h")) {
      mount.makeDirectory("/a/c", -1);
      assertThat(mount.names("/a/c")).isEmpty();
      kill();
    }
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/a/c")).isEqualTo(truth("/a/c"));
      assertThat(mount.services().disk().names().lastKnown("/a/c/g")).isNull();
    }
  }

  @Test
  void whatWasAskedBeforeAChangeAndIsWrittenAfterItDoesNotAnswer() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
      write(mount, "/a/new", 3);
      mount.services().disk().drain(); // writes what was listed before
      kill();
    }
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
    }
  }

  @Test
  void whatHasSeveralNamesIsAskedForAgain() throws IOException {
    synchronized (server) {
      server.tree.link("/d/other", "/a/f");
    }
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
      mount.stat("/into/b/f1", false);
    }
    server.put("/a/f", new byte[100]);
    server.put("/a/b/f1", new byte[100]);
    try (Mount mount = loose("1000h")) {
      assertThat(mount.stat("/a/f", false).size()).isEqualTo(100);
      assertThat(mount.stat("/d/other", false).size()).isEqualTo(100);
      assertThat(mount.stat("/into/b/f1", false).size()).isEqualTo(100);
      assertThat(mount.stat("/a/b/f1", false).size()).as("known by its name").isEqualTo(7);
    }
  }

  @Test
  void aLinkThatWasListedBeforeTheRestartIsKnownAsOne() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    try (Mount mount = loose("1000h")) {
      int lists = server.count("list");
      assertThat(mount.names("/")).contains("into");
      assertThat(server.count("list")).isEqualTo(lists);
      assertThat(mount.stat("/into/f", false).size()).isEqualTo(4);
      write(mount, "/a/f", 1000);
      assertThat(mount.stat("/into/f", false).size()).isEqualTo(1000);
    }
  }

  @Test
  void aDirectoryThatWasRenamedManyTimesIsKnownByItsLastNameOnly() throws IOException {
    try (Mount mount = mount()) {
      walk(mount, "/");
      mount.services().disk().drain();
      NamesDisk names = mount.services().disk().names();
      for (int i = 0; i < 20; i++) {
        mount.rename(i == 0 ? "/a" : "/a" + i, "/a" + (i + 1), false, false);
        walk(mount, "/a" + (i + 1));
        assertThat(names.lastKnownNames(i == 0 ? "/a/b" : "/a" + i + "/b")).isNull();
      }
      mount.services().disk().drain();
      assertThat(names.lastKnown("/a20/b/f1")).isNotNull();
      assertThat(names.lastKnownNames("/a20/b")).isNotNull();
    }
    assertThat(records()).as("of /, /a20, what is in it, and /d").hasSizeBetween(4, 6);
  }

  @Test
  void dropCachesHasTheServerAskedAgain() throws IOException {
    for (String mode : List.of("loose", "immutable")) {
      try (Mount mount = mount("cache", mode, "attrTtl", "1000h")) {
        walk(mount, "/");
      }
      server.put("/a/new-" + mode, new byte[100]);
      try (Mount mount = mount("cache", mode, "attrTtl", "1000h")) {
        assertThat(mount.names("/a")).doesNotContain("new-" + mode);
        mount.dropCaches();
        assertThat(walk(mount, "/")).isEqualTo(truth());
      }
    }
  }

  @Test
  void whatSomebodyElseIsSeenToChangeIsAskedForAgain() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    try (Mount mount = loose("1000h")) {
      server.put("/a/f", new byte[100]);
      assertThat(mount.stat("/a/f", false).size()).isEqualTo(4);
      mount.services().attributes().changedElsewhere("/a/f");
      assertThat(mount.stat("/a/f", false).size()).isEqualTo(100);
    }
  }

  private List<Path> records() throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/meta/") && !file.endsWith("changed"))
          .sorted()
          .toList();
    }
  }

  @Test
  @Tag("C7")
  void whatIsDamagedIsAskedForAgainAndReplaced() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
    }
    assertThat(records()).hasSize(5);
    for (Path record : records()) {
      byte[] bytes = Files.readAllBytes(record);
      bytes[bytes.length / 2] ^= 1;
      Files.write(record, bytes);
    }
    server.put("/a/new", new byte[100]);
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth());
      mount.services().disk().drain();
      assertThat(mount.stats().diskFailures()).isEqualTo(5);
    }
    Map<String, String> truth = truth();
    int lists = server.count("list");
    try (Mount mount = loose("1000h")) {
      assertThat(walk(mount, "/")).isEqualTo(truth);
      assertThat(server.count("list")).isEqualTo(lists);
    }
  }

  @Test
  @Tag("C4")
  void aFullDiskIsNoTrouble() throws Exception {
    Path small = Files.createDirectory(temp.resolve("small"));
    assumeTrue(
        runs("mount", "-t", "tmpfs", "-o", "size=200k", "none", small.toString()),
        "a small tmpfs can be mounted here, which needs root");
    try {
      cache = small.resolve("cache");
      try (Mount mount = loose("1000h")) {
        walk(mount, "/");
        mount.services().disk().drain();
        for (int i = 0; i < 3000; i++) {
          server.put("/d/file-with-a-long-name-" + i, new byte[1]);
        }
        time.pass(2000 * HOUR);
        assertThat(mount.names("/d")).hasSize(3000);
        mount.services().disk().drain();
        assertThat(mount.stats().diskFailures()).isPositive();
        fill(small);
        write(mount, "/a/new", 5); // is marked all the same
        mount.delete("/a/f");
      }
      try (Mount mount = loose("1000000h")) {
        assertThat(walk(mount, "/a")).isEqualTo(truth("/a"));
      }
    } finally {
      SimServer.eventually("the tmpfs is let go of", () -> unmounted(small));
    }
  }

  private static void fill(Path directory) throws IOException {
    try {
      Files.write(directory.resolve("filler"), new byte[1 << 20]);
    } catch (IOException e) {
      // That is the purpose.
    }
  }

  private static boolean unmounted(Path place) {
    try {
      return runs("umount", place.toString());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean runs(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  // ---- what was last known

  @Test
  @Tag("O1")
  void whatIsKnownStaysKnownWhileNobodyAnswers() throws IOException {
    Map<String, String> first;
    try (Mount mount = mount("timeout", "200ms", "retries", 0)) {
      first = walk(mount, "/");
      time.pass(10 * HOUR);
      server.unreachable = true;
      server.breakConnection();
      NamesDisk names = mount.services().disk().names();
      for (int i = 0; i < 2; i++) { // not written yet, and on disk
        for (String path : first.keySet()) {
          assertThatThrownBy(() -> mount.stat(path, false))
              .isInstanceOf(IOException.class)
              .isNotInstanceOf(NoSuchFileException.class);
          NamesDisk.LastKnown known = Objects.requireNonNull(names.lastKnown(path), path);
          assertThat(known.ageMillis()).isBetween(10 * HOUR, 11 * HOUR);
          assertThat(known.outdated()).isFalse();
        }
        assertThatThrownBy(() -> mount.names("/a")).isInstanceOf(IOException.class);
        assertThat(Objects.requireNonNull(names.lastKnownNames("/a")).objects())
            .containsOnlyKeys("b", "c", "f", "link");
        mount.services().disk().drain();
      }
    }
    // After a restart, without any server.
    assertThatThrownBy(() -> mount("timeout", "200ms", "retries", 0))
        .isInstanceOf(ShareConnectException.class);
    ShareOptions options = ShareOptions.of(options());
    String root = URI.create("netfs+sim://server/").toString();
    try (DiskCache disk =
        Objects.requireNonNull(
            DiskCache.open(MountOptions.of(options), options, root, time, new Stats()))) {
      assertThat(Objects.requireNonNull(disk.names().lastKnown("/a/link")).object().target())
          .isEqualTo("b/f1");
      assertThat(Objects.requireNonNull(disk.names().lastKnownNames("/")).isListed()).isTrue();
      for (String path : first.keySet()) {
        assertThat(disk.names().lastKnown(path)).as(path).isNotNull();
      }
      assertThat(disk.names().lastKnown("/nothing")).isNull();
      assertThat(disk.names().lastKnownNames("/nothing")).isNull();
    }
    server.behave();
  }

  @Test
  void whatHasGoneIsNotKnown() throws IOException {
    try (Mount mount = mount()) {
      walk(mount, "/");
      NamesDisk names = mount.services().disk().names();
      mount.delete("/a/f");
      mount.rename("/top", "/a/top", false, false);
      mount.rename("/a/c", "/d/c", false, false);
      time.pass(HOUR);
      synchronized (server) {
        server.tree.deleteFile("/a/b/f1");
      }
      assertThatThrownBy(() -> mount.stat("/a/b/f1", false))
          .isInstanceOf(NoSuchFileException.class);
      for (int i = 0; i < 2; i++) { // not written yet, and on disk
        for (String path : List.of("/a/f", "/top", "/a/c", "/a/c/g", "/a/b/f1")) {
          assertThat(names.lastKnown(path)).as(path).isNull();
        }
        for (String path : List.of("/a/top", "/d/c", "/a/b/f2")) {
          assertThat(names.lastKnown(path)).as(path).isNotNull();
        }
        assertThat(Objects.requireNonNull(names.lastKnown("/a/link")).outdated()).isTrue();
        assertThat(Objects.requireNonNull(names.lastKnownNames("/a")).isListed()).isTrue();
        mount.services().disk().drain();
      }
    }
  }

  @Test
  void moreThanThereIsRoomForIsNotKeptAndWhatHasGoneIsForgotten() throws IOException {
    try (Mount mount = loose("1000h")) {
      walk(mount, "/");
      mount.services().disk().drain();
      NamesDisk names = mount.services().disk().names();
      FileInfo info = mount.stat("/top", false);
      List<DirectoryEntry> many = new ArrayList<>();
      for (int i = 0; i < 150_000; i++) {
        many.add(new DirectoryEntry("n" + i, info));
      }
      time.hold();
      for (int i = 0; i < 2; i++) {
        String path = "/many" + i;
        AttributeCache.Ticket asked = mount.services().attributes().listTicket(path);
        names.listed(path, many, asked, Set.of(), () -> true);
      }
      assertThat(Objects.requireNonNull(names.lastKnownNames("/many0")).objects()).hasSize(150_000);
      assertThat(names.lastKnownNames("/many1")).isNull();
      AttributeCache.Ticket asked = mount.services().attributes().listTicket("/more");
      names.listed("/more", many.subList(0, 49_999), asked, Set.of(), () -> true);
      assertThat(names.lastKnown("/a/f")).isNotNull();
      names.gone("/a/f", () -> true);
      assertThat(names.lastKnown("/a/f")).isNull();
      assertThat(names.lastKnownNames("/a")).isNull();
      mount.services().disk().drain();
      assertThat(names.lastKnownNames("/a")).isNull();
      names.listed("/many1", many, asked, Set.of(), () -> true);
      assertThat(names.lastKnown("/many1/n7")).as("there is room again").isNotNull();
    }
  }
}
