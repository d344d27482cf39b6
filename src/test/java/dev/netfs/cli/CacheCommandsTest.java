package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code netfs cache}, on what mounts of a local directory have left. */
@Timeout(120)
class CacheCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int GRANULE = 16 << 10;
  private static final int LARGE = 10 * GRANULE + 100;

  @TempDir private Path temp;
  private Path share;
  private Path cache;
  private Path key;

  @BeforeEach
  void makeShare() throws IOException {
    share = Files.createDirectories(temp.resolve("share"));
    cache = temp.resolve("cache");
    key = Files.write(temp.resolve("key"), bytes(1, 32));
    put("small", bytes(2, 5_000));
    put("large", bytes(3, LARGE));
    put("logs/a [1].gz", bytes(4, 100));
    put("logs/b.gz", bytes(5, 200));
  }

  private void put(String name, byte[] content) throws IOException {
    Path file = share.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_600_000_000_000L));
  }

  private static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private String root() {
    return "netfs+" + share.toUri().toString().replaceFirst("/$", "");
  }

  private NetfsFileSystem mount(String... options) throws IOException {
    Netfs.Builder mount =
        Netfs.mount(java.net.URI.create(root()))
            .option("disk", cache)
            .option("granule", GRANULE)
            .option("readahead", 0);
    boolean keyed = false;
    for (int i = 0; i < options.length; i += 2) {
      mount.option(options[i], options[i + 1]);
      keyed |= options[i].startsWith("encrypt");
    }
    return (keyed ? mount : mount.option("encryptionKeyFile", key)).open();
  }

  private static void read(NetfsFileSystem fs, String... names) throws IOException {
    for (String name : names) {
      Files.readAllBytes(fs.getPath("/" + name));
    }
  }

  /** Reads 10 bytes from the middle of the third granule on: a block of 4 KiB is kept. */
  private static void readSome(NetfsFileSystem fs) throws IOException {
    try (FileChannel channel = FileChannel.open(fs.getPath("/large"))) {
      channel.read(ByteBuffer.allocate(10), 2 * GRANULE + 5_000);
    }
  }

  private Cli cli() {
    return new Cli().env("XDG_CONFIG_HOME", temp.resolve("config").toString());
  }

  private Cli.Result run(String command, String... more) {
    return run(cli(), command, more);
  }

  private Cli.Result run(Cli cli, String command, String... more) {
    List<String> all = new ArrayList<>(List.of("cache", command, cache.toString()));
    all.addAll(List.of("--encryption-key-file", key.toString()));
    all.addAll(List.of(more));
    return cli.run(all.toArray(String[]::new));
  }

  private static List<JsonNode> json(Cli.Result result) throws IOException {
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : result.out().lines().toList()) {
      nodes.add(JSON.readTree(line));
    }
    return nodes;
  }

  /** Returns the paths of the files that are listed. */
  private static List<String> paths(Cli.Result result) throws IOException {
    return paths(result, "size");
  }

  /** Returns the paths of the directories that are listed. */
  private static List<String> directories(Cli.Result result) throws IOException {
    return paths(result, "names");
  }

  private static List<String> paths(Cli.Result result, String having) throws IOException {
    return json(result).stream()
        .filter(node -> node.has(having))
        .map(node -> node.get("path").asText())
        .toList();
  }

  /** Has names asked for, which are known once the mount is closed. */
  private void list(String... directories) throws IOException {
    try (NetfsFileSystem fs = mount()) {
      for (String directory : directories) {
        try (Stream<Path> names = Files.list(fs.getPath(directory))) {
          assertThat(names).isNotEmpty();
        }
      }
    }
  }

  @Test
  void listsTheSharesThatItHolds() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "large");
    }
    try (NetfsFileSystem fs = mount("encrypt", "off")) {
      read(fs, "small");
    }
    Cli.Result text = run("ls");
    assertThat(text.err()).isEmpty();
    assertThat(text.out().lines().toList())
        .hasSize(3)
        .anySatisfy(
            line ->
                assertThat(line).matches(" +objects +stored +names of +stored +unsent .* share"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches(" +2 +173\\.\\d KiB +0 +0 B +0  yes .* \\Q" + root() + "\\E"))
        .anySatisfy(
            line ->
                assertThat(line)
                    .matches(" +1 +8\\.\\d KiB +0 +0 B +0  no .* \\Q" + root() + "\\E"));
    assertThat(json(run("ls", "--json")))
        .anySatisfy(
            node -> {
              assertThat(node.get("share").asText()).isEqualTo(root());
              assertThat(node.get("encrypted").asBoolean()).isTrue();
              assertThat(node.get("objects").asInt()).isEqualTo(2);
              assertThat(node.get("storedBytes").asLong()).isBetween(169_000L, 180_000L);
              assertThat(node.get("unsentLogs").asInt()).isZero();
              assertThat(node.get("lastUsed").asText()).startsWith("20");
            })
        .hasSize(2);
  }

  @Test
  void withoutTheKeyItStillListsWhatCanBeSaid() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "large");
    }
    Path other = Files.write(temp.resolve("other"), bytes(9, 32));
    for (Cli.Result result :
        List.of(
            cli().run("cache", "ls", cache.toString()),
            cli().run("cache", "ls", cache.toString(), "--encryption-key-file", other.toString()),
            cli()
                .answering("a pass phrase")
                .run("cache", "ls", cache.toString(), "--pass-phrase"))) {
      assertThat(result.status()).isZero();
      assertThat(result.out()).matches("(?s).*\n +2 +173\\.\\d KiB .* \\(another key\\)\n");
      assertThat(result.out()).doesNotContain(root());
    }
    Cli.Result named = cli().run("cache", "ls", cache.toString(), root() + "/small");
    assertThat(named.status()).isEqualTo(2);
    assertThat(named.err()).contains("nothing of it is here", "another key").hasLineCount(1);
  }

  @Test
  void listsWhatItHoldsOfAShare() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "logs/a [1].gz", "logs/b.gz");
      readSome(fs);
    }
    assertThat(paths(run("ls", "--json", root())))
        .containsExactly("/large", "/logs/a [1].gz", "/logs/b.gz", "/small");
    assertThat(paths(run("ls", "--json", root() + "/logs/")))
        .containsExactly("/logs/a [1].gz", "/logs/b.gz");
    assertThat(paths(run("ls", "--json", root() + "/logs/*.gz", root() + "/sm*")))
        .containsExactly("/logs/a [1].gz", "/logs/b.gz", "/small");
    assertThat(paths(run("ls", "--json", root() + "/logs/a%20%5B1%5D.*")))
        .containsExactly("/logs/a [1].gz");
    List<String> lines = run("ls", root()).out().lines().toList();
    assertThat(lines.get(1)).matches(" +163940 +4096 +2% +0 .* /large");
    assertThat(lines.get(4)).matches(" +5000 +5000 100% +0 .* /small");
    Cli.Result none = run("ls", root() + "/nothing");
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.err()).contains("/nothing: nothing of it is cached");
  }

  @Test
  void drawsTheGranulesOfAFile() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      try (FileChannel channel = FileChannel.open(fs.getPath("/large"))) {
        channel.read(ByteBuffer.allocate(2 * GRANULE), 0);
      }
      readSome(fs);
    }
    Cli terminal = cli().onTerminal().env("COLUMNS", "8");
    String out = run(terminal, "stat", root() + "/large").out();
    assertThat(out)
        .contains("Size:      163940 bytes\n", "Modified:  2020-09-13T12:26:40Z\n")
        .contains("Cached:    36864 bytes (22 %)\n")
        .contains("Granules:  11 of 16.0 KiB: 2 cached, 1 in part, 8 absent\n")
        .endsWith(
            """

            ██▒░░░░░
            ░░░
            █ cached  ▒ in part  ◆ not sent yet  ░ absent
            Each character is a granule of 16.0 KiB.
            """);
    Cli ascii = cli().onTerminal().env("COLUMNS", "8").charset(StandardCharsets.US_ASCII);
    assertThat(run(ascii, "stat", root() + "/large").out())
        .contains("\n##+.....\n...\n# cached  + in part  * not sent yet  . absent\n");
    JsonNode json = json(run("stat", "--json", root() + "/large")).get(0);
    assertThat(json.get("size").asLong()).isEqualTo(LARGE);
    assertThat(json.get("modified").asText()).isEqualTo("2020-09-13T12:26:40Z");
    assertThat(json.get("granule").asInt()).isEqualTo(GRANULE);
    assertThat(json.get("granules").toString())
        .isEqualTo("{\"cached\":2,\"partial\":1,\"dirty\":0,\"absent\":8}");
    assertThat(json.get("cached").toString()).isEqualTo("[[0,32768],[36864,40960]]");
    assertThat(json.get("unsent").toString()).isEqualTo("[]");
  }

  @Test
  void wherePicturesWouldBeLongACharacterIsSeveralGranules() throws IOException {
    put("long", bytes(6, 1000 * 4096));
    try (NetfsFileSystem fs = mount("granule", "4096", "memory", "64MiB")) {
      read(fs, "long");
    }
    String out = run(cli().onTerminal().env("COLUMNS", "10"), "stat", root() + "/long").out();
    assertThat(out)
        .contains("Granules:  1000 of 4.0 KiB: 1000 cached\n")
        .contains("\n" + "██████████\n".repeat(14) + "███\n█ cached")
        .endsWith("Each character is 7 granules of 4.0 KiB.\n");
  }

  @Test
  void showsWhatIsNotSentYet() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "large");
    }
    try (NetfsFileSystem fs = mount("write", "deferred", "writebackAge", "1h")) {
      read(fs, "large");
      try (FileChannel channel = FileChannel.open(fs.getPath("/large"), StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap(new byte[10]), 3 * GRANULE - 5);
      }
      assertThat(run("ls").out()).matches("(?s).*\n +1 +164\\.\\d KiB +0 +0 B +1  yes .*");
      Cli terminal = cli().onTerminal().env("COLUMNS", "20");
      assertThat(run(terminal, "stat", root() + "/large").out())
          .contains("Not sent:  10 bytes\n", ": 9 cached, 2 not sent yet\n", "\n██◆◆███████\n");
      JsonNode json = json(run("stat", "--json", root() + "/large")).get(0);
      assertThat(json.get("unsent").toString()).isEqualTo("[[49147,49157]]");
      assertThat(json.get("granules").get("dirty").asInt()).isEqualTo(2);
    }
    assertThat(run("ls").out()).matches("(?s).* 0  yes .*");
  }

  @Test
  void keysAreTakenAsMountsTakeThem() throws IOException {
    try (NetfsFileSystem fs = mount("encryptionKey", "correct horse")) {
      read(fs, "small");
    }
    Path file = Files.writeString(temp.resolve("phrase"), "correct horse\n");
    String directory = cache.toString();
    for (Cli.Result result :
        List.of(
            cli().answering("correct horse").run("cache", "ls", directory, "--pass-phrase"),
            cli().run("cache", "ls", directory, "--pass-phrase-file", file.toString()),
            cli().env("NETFS_ENCRYPTION_KEY", "correct horse").run("cache", "ls", directory))) {
      assertThat(result.out()).contains(root());
      assertThat(result.out() + result.err()).doesNotContain("horse");
    }
    // What is made where the user gives none.
    Path made = Files.createDirectories(temp.resolve("config/netfs")).resolve("cache.key");
    Files.copy(key, made);
    try (NetfsFileSystem fs = mount("encrypt", "off")) {
      read(fs, "small");
    }
    assertThat(cli().run("cache", "ls", directory).out()).contains(" no ", "another key");
  }

  @Test
  void whatIsNoCacheAndNoKeyIsSaidSo() throws IOException {
    Map<String, List<String>> wrong =
        Map.of(
            "no such file or directory", List.of(temp.resolve("none").toString()),
            "not the directory of a cache", List.of(share.toString()),
            "has only 3 bytes",
                List.of(
                    cache.toString(),
                    "--encryption-key-file",
                    Files.writeString(temp.resolve("short"), "abc").toString()),
            "nobody is there to answer", List.of(cache.toString(), "--pass-phrase"));
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    wrong.forEach(
        (message, arguments) -> {
          List<String> all = new ArrayList<>(List.of("cache", "ls"));
          all.addAll(arguments);
          Cli.Result result = cli().run(all.toArray(String[]::new));
          assertThat(result.err()).contains(message).hasLineCount(1);
          assertThat(result.status()).isIn(1, 2);
          assertThat(result.out()).isEmpty();
        });
  }

  private List<Path> files(String below) throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().contains("/" + below + "/"))
          .sorted()
          .toList();
    }
  }

  private static void flip(Path file, long at) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, at);
      one.put(0, (byte) ~one.get(0));
      channel.write(one.flip(), at);
    }
  }

  /** Where a slot begins: after 16 KiB, and each has a head of 64 bytes and a tag of 16. */
  private static long slot(int number) {
    return (16 << 10) + number * (64L + GRANULE + 16);
  }

  @Test
  void verifyFindsEverySlotThatIsDamaged() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "large");
    }
    Path large = files("objects").get(0);
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "logs/b.gz");
    }
    assertThat(run("verify"))
        .satisfies(
            sound -> {
              assertThat(sound.out())
                  .isEqualTo("3 objects, 13 granules, names of 0 directories: all sound\n");
              assertThat(sound.status()).isZero();
            });
    flip(large, slot(0)); // a head that is none
    flip(large, slot(3) + 1_000);
    flip(large, slot(4) + 1_000);
    Cli.Result text = run("verify");
    assertThat(text.status()).isEqualTo(1);
    assertThat(text.err()).isEmpty();
    assertThat(text.out())
        .isEqualTo(
            "damaged: %s /large: granules 0, 3-4 of 11\n3 objects, 10 granules, names of 0 directories: 1 damaged\n"
                .formatted(root()));
    List<String> json = run("verify", "--json").out().lines().toList();
    assertThat(JSON.readTree(json.get(0)).get("granules").toString()).isEqualTo("[0,3,4]");
    assertThat(JSON.readTree(json.get(1)).get("damagedObjects").asInt()).isEqualTo(1);
    assertThat(run("verify", root() + "/small", root() + "/logs/*").out())
        .isEqualTo("2 objects, 2 granules, names of 0 directories: all sound\n");
    flip(large, 100); // its header: nobody knows whose it is
    assertThat(run("verify").out())
        .startsWith("damaged: " + root() + ": its header in " + large)
        .endsWith("3 objects, 2 granules, names of 0 directories: 1 damaged\n");
  }

  @Test
  void whatCannotBeOpenedIsNotSound() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    Path other = Files.write(temp.resolve("other"), bytes(9, 32));
    for (String command : List.of("verify", "evict")) {
      List<String> arguments = new ArrayList<>(List.of("cache", command, cache.toString()));
      arguments.addAll(List.of("--encryption-key-file", other.toString()));
      arguments.addAll(command.equals("evict") ? List.of("--all") : List.of());
      Cli.Result result = cli().run(arguments.toArray(String[]::new));
      assertThat(result.status()).isEqualTo(1);
      assertThat(result.err()).contains("is encrypted with another key").hasLineCount(1);
    }
    assertThat(paths(run("ls", "--json", root()))).containsExactly("/small");
  }

  @Test
  void evictRemovesWhatIsNamed() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "large", "logs/a [1].gz", "logs/b.gz");
    }
    assertThat(run("evict", root() + "/logs/a*").out()).startsWith("1 objects evicted, ");
    assertThat(paths(run("ls", "--json", root())))
        .containsExactly("/large", "/logs/b.gz", "/small");
    JsonNode evicted = json(run("evict", "--json", root() + "/logs", root() + "/small")).get(0);
    assertThat(evicted.get("evictedObjects").asInt()).isEqualTo(2);
    assertThat(paths(run("ls", "--json", root()))).containsExactly("/large");
    Cli.Result none = run("evict", root() + "/small");
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.err()).contains("/small: nothing of it is cached").hasLineCount(1);
    assertThat(run("evict").status()).isEqualTo(2);
    assertThat(run("evict", "--all", root()).status()).isEqualTo(2);
    flip(files("objects").get(0), 100);
    assertThat(run("evict", "--all").out()).startsWith("1 objects evicted, ");
    assertThat(files("objects")).isEmpty();
    try (NetfsFileSystem fs = mount()) {
      assertThat(Files.readAllBytes(fs.getPath("/small"))).isEqualTo(bytes(2, 5_000));
    }
  }

  @Test
  void whatIsOpenAndWhatIsNotSentStays() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small", "large", "logs/b.gz");
    }
    try (NetfsFileSystem fs = mount("write", "deferred", "writebackAge", "1h");
        FileChannel open = FileChannel.open(fs.getPath("/large"))) {
      open.read(ByteBuffer.allocate(10), 0); // from the disk, which has it open then
      Files.write(fs.getPath("/small"), new byte[10], StandardOpenOption.WRITE);
      Cli.Result result = run("evict", "--all");
      assertThat(result.status()).isEqualTo(1);
      assertThat(result.err())
          .contains("/large: stays, since a JVM has it open")
          .contains("/small: stays, since what was written to it is not sent yet")
          .hasLineCount(2);
      assertThat(result.out()).startsWith("1 objects evicted, ");
    }
    assertThat(Files.readAllBytes(share.resolve("small"))).startsWith(new byte[10]);
  }

  @Test
  void listsTheDirectoriesWhoseNamesItKnows() throws IOException {
    list("/", "/logs");
    List<Path> records = records();
    assertThat(records).hasSize(2);
    long bytes = Files.size(records.get(0)) + Files.size(records.get(1));
    assertThat(run("ls").out())
        .matches("(?s).*\n +0 +0 B +2 +\\Q" + Sizes.of(bytes) + "\\E +0  yes +20.*");
    JsonNode volume = json(run("ls", "--json")).get(0);
    assertThat(volume.get("records").asInt()).isEqualTo(2);
    assertThat(volume.get("recordBytes").asLong()).isEqualTo(bytes);
    assertThat(run("ls", root()).out().lines().skip(1))
        .satisfiesExactly(
            line -> assertThat(line).matches(" +- +- +- +20.* /  \\(3 names\\)"),
            line -> assertThat(line).matches(" +- +- +- +20.* /logs  \\(2 names\\)"));
    JsonNode logs = json(run("ls", "--json", root() + "/logs")).get(0);
    assertThat(logs.get("names").asInt()).isEqualTo(2);
    assertThat(logs.get("recordBytes").asLong()).isBetween(100L, bytes - 100);
    String stat = run("stat", root() + "/logs").out();
    assertThat(stat)
        .contains("Path:      /logs\nNames:     2\nListed:    20", " bytes, encrypted\nLast use:");
    JsonNode shown = json(run("stat", "--json", root() + "/logs")).get(0);
    assertThat(shown.get("listed").asText()).startsWith("20");
    assertThat(shown.get("recordBytes")).isEqualTo(logs.get("recordBytes"));
  }

  private List<Path> records() throws IOException {
    return files("meta").stream().filter(file -> !file.endsWith("changed")).toList();
  }

  @Test
  void verifyFindsRecordsOfNamesThatAreDamaged() throws IOException {
    list("/", "/logs");
    String sound = "0 objects, 0 granules, names of %d directories: all sound\n";
    assertThat(run("verify").out()).isEqualTo(sound.formatted(2));
    assertThat(run("verify", root() + "/logs/b.gz").out()).isEqualTo(sound.formatted(1));
    for (Path record : records()) {
      byte[] before = Files.readAllBytes(record);
      // In the magic, in what says who wrote it, in the sealed part and in its tag.
      for (long at : List.of(0L, 20L, 60L, (long) before.length - 1)) {
        flip(record, at);
        Cli.Result result = run("verify");
        assertThat(result.status()).as("byte %d", at).isEqualTo(1);
        assertThat(result.out())
            .startsWith(
                "damaged: " + root() + ": what is known of a directory's names in " + record)
            .endsWith("\n0 objects, 0 granules, names of 2 directories: 1 damaged\n");
        flip(record, at);
      }
      Files.write(record, Arrays.copyOf(before, before.length - 1));
      assertThat(run("verify").status()).as("cut off").isEqualTo(1);
      Files.write(record, before);
    }
    Files.copy(records().get(0), records().get(1), StandardCopyOption.REPLACE_EXISTING);
    List<String> json = run("verify", "--json").out().lines().toList();
    assertThat(JSON.readTree(json.get(0)).get("damaged").asText())
        .endsWith(records().get(1).toString());
    assertThat(JSON.readTree(json.get(1)).get("records").asInt()).isEqualTo(2);
    assertThat(JSON.readTree(json.get(1)).get("damagedRecords").asInt()).isEqualTo(1);
    assertThat(records()).as("nothing is changed").hasSize(2);
  }

  @Test
  void verifyFindsTimesOfChangesThatAreDamaged() throws IOException {
    list("/");
    Path marks =
        files("meta").stream().filter(file -> file.endsWith("changed")).findAny().orElseThrow();
    flip(marks, 3);
    Cli.Result result = run("verify");
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out())
        .startsWith("damaged: " + root() + ": 1 times of changes in directories\n");
    flip(marks, 3);
    try (FileChannel channel = FileChannel.open(marks, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 32);
    }
    assertThat(run("verify").out()).contains(": 2 times of changes in directories\n");
  }

  @Test
  void evictForgetsNamesWithTheFiles() throws IOException {
    list("/", "/logs");
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    assertThat(run("evict", root() + "/small").out())
        .matches("1 objects evicted, .* KiB; names forgotten in 1 directories\n");
    JsonNode rest = json(run("stat", "--json", root())).get(0);
    assertThat(rest.get("names").asInt()).isEqualTo(2);
    assertThat(rest.get("listed").isNull()).as("a listing without a name is none").isTrue();
    // What is known may be of names alone.
    JsonNode evicted = json(run("evict", "--json", root() + "/logs/*.gz")).get(0);
    assertThat(evicted.get("evictedObjects").asInt()).isZero();
    assertThat(evicted.get("directoriesForgotten").asInt()).isEqualTo(1);
    assertThat(directories(run("ls", "--json", root()))).containsExactly("/");
    list("/", "/logs");
    assertThat(run("evict", root() + "/logs").out()).endsWith("names forgotten in 2 directories\n");
    assertThat(directories(run("ls", "--json", root()))).containsExactly("/");
    flip(records().get(0), 60);
    assertThat(run("evict", "--all").out()).endsWith("names forgotten in 1 directories\n");
    assertThat(records()).isEmpty();
  }

  @Test
  void rekeyLocksTheOldKeyOutAndKeepsWhatIsCached() throws IOException {
    list("/logs");
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    Files.delete(share.resolve("logs/b.gz"));
    Path phrase = Files.writeString(temp.resolve("phrase"), "correct horse\n");
    Cli.Result done = run("rekey", "--new-pass-phrase-file", phrase.toString());
    assertThat(done.err()).isEmpty();
    assertThat(done.out()).isEqualTo(root() + ": has the new key\n");
    assertThatThrownBy(this::mount).hasMessageContaining("another key");
    try (NetfsFileSystem fs = mount("encryptionKey", "correct horse")) {
      read(fs, "small");
      assertThat(fs.stats().bytesFromServer()).isZero();
    }
    try (NetfsFileSystem fs = mount("encryptionKey", "correct horse", "cache", "immutable");
        Stream<Path> names = Files.list(fs.getPath("/logs"))) {
      assertThat(names).as("as they were").hasSize(2);
    }
    // Once more: it has it already.
    Cli.Result again = run("rekey", "--json", "--new-pass-phrase-file", phrase.toString());
    assertThat(json(again).get(0).get("changed").asBoolean()).isFalse();
    // The other way round, with both asked for.
    Cli asked = cli().answering("correct horse");
    String key2 = Files.write(temp.resolve("key2"), bytes(8, 32)).toString();
    assertThat(
            asked
                .run(
                    "cache",
                    "rekey",
                    cache.toString(),
                    "--pass-phrase",
                    "--new-encryption-key-file",
                    key2)
                .out())
        .contains("has the new key");
    assertThat(cli().run("cache", "ls", cache.toString(), "--encryption-key-file", key2).out())
        .contains(root());
  }

  @Test
  void aRekeyWithAWrongKeyOrWithoutOneChangesNothing() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    byte[] before = Files.readAllBytes(header());
    String other = Files.write(temp.resolve("other"), bytes(9, 32)).toString();
    String directory = cache.toString();
    assertThat(run("rekey", "--new-pass-phrase-file", temp.resolve("none").toString()).status())
        .isEqualTo(1);
    assertThat(run("rekey").status()).isEqualTo(2);
    Cli.Result none = cli().run("cache", "rekey", directory, "--new-encryption-key-file", other);
    assertThat(none.err()).contains("there is no key to change").hasLineCount(1);
    Cli.Result wrong =
        cli()
            .answering("next")
            .run("cache", "rekey", directory, "--encryption-key-file", other, "--new-pass-phrase");
    assertThat(wrong.status()).isEqualTo(1);
    assertThat(wrong.err()).contains("is encrypted with another key").hasLineCount(1);
    assertThat(Files.readAllBytes(header())).isEqualTo(before);
    assertThat(run("ls").out()).contains(root());
  }

  private Path header() throws IOException {
    try (Stream<Path> all = Files.walk(cache)) {
      return all.filter(file -> file.endsWith("volume")).findAny().orElseThrow();
    }
  }

  @Test
  void aRekeyThatWasInterruptedIsDoneAgain() throws IOException {
    try (NetfsFileSystem fs = mount()) {
      read(fs, "small");
    }
    Path second = header().resolveSibling("volume.bak");
    byte[] before = Files.readAllBytes(second);
    String next = Files.write(temp.resolve("next"), bytes(9, 32)).toString();
    assertThat(run("rekey", "--new-encryption-key-file", next).status()).isZero();
    Files.write(second, before); // as if it had ended between the two
    assertThat(run("rekey", "--new-encryption-key-file", next).out()).contains("has the new key");
    assertThat(run("ls").out()).contains("another key");
    assertThat(cli().run("cache", "ls", cache.toString(), "--encryption-key-file", next).out())
        .contains(root());
  }
}
