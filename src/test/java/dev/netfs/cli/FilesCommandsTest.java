package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ls}, {@code cat}, {@code cp} and {@code stat}, on shares that are local directories. */
class FilesCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;
  private Path tree;

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(directory.resolve("tree"));
    Files.createDirectories(tree.resolve("a/empty"));
    Files.writeString(tree.resolve("a/one"), "one\n");
    Files.writeString(tree.resolve("two words"), "two\n");
    byte[] large = new byte[3 << 20];
    new Random(1).nextBytes(large);
    Files.write(tree.resolve("large"), large);
  }

  private static String uri(Path path) {
    return "netfs+" + path.toUri().toString();
  }

  @Test
  void listsNamesInOrder() {
    assertThat(new Cli().run("ls", uri(tree)))
        .satisfies(
            result -> {
              assertThat(result.err()).isEmpty();
              assertThat(result.out()).isEqualTo("a\nlarge\ntwo words\n");
              assertThat(result.status()).isZero();
            });
  }

  @Test
  void listsDetails() throws IOException {
    Files.setLastModifiedTime(tree.resolve("large"), FileTime.from(Instant.EPOCH));
    String out = new Cli().run("ls", "-l", uri(tree)).out();
    assertThat(out.lines().toList())
        .hasSize(3)
        .anySatisfy(line -> assertThat(line).startsWith("d").endsWith(" a"))
        .anySatisfy(line -> assertThat(line).startsWith("-").contains(" 3145728 19", " large"));
  }

  @Test
  void listsRecursivelyWithTitles() {
    assertThat(new Cli().run("ls", "-R", uri(tree)).out())
        .isEqualTo(
            "%1$s:\na\nlarge\ntwo words\n\n%1$s/a:\nempty\none\n\n%1$s/a/empty:\n"
                .formatted(uri(tree).replaceFirst("/$", "").replace("file:/", "file:/")));
  }

  @Test
  void listsAsJson() throws IOException {
    String out = new Cli().run("ls", "-R", "--json", uri(tree)).out();
    TreeMap<String, JsonNode> byName = new TreeMap<>();
    for (String line : out.lines().toList()) {
      JsonNode node = JSON.readTree(line);
      byName.put(node.get("name").asText(), node);
    }
    assertThat(byName.keySet()).containsExactly("a", "empty", "large", "one", "two words");
    assertThat(byName.get("large").get("size").asLong()).isEqualTo(3 << 20);
    assertThat(byName.get("two words").get("uri").asText()).endsWith("/tree/two%20words");
    assertThat(byName.get("a").get("type").asText()).isEqualTo("directory");
  }

  @Test
  void controlCharactersInNamesDoNotReachATerminal() throws IOException {
    Files.writeString(tree.resolve("a/x\u001b[31mred"), "");
    assertThat(new Cli().onTerminal().run("ls", uri(tree.resolve("a"))).out())
        .contains("x?[31mred\n");
    assertThat(new Cli().run("ls", uri(tree.resolve("a"))).out()).contains("x\u001b[31mred\n");
  }

  @Test
  void catsBytesAsTheyAre() throws IOException {
    Cli.Result result =
        new Cli().run("cat", uri(tree.resolve("large")), uri(tree.resolve("a/one")));
    assertThat(result.status()).isZero();
    assertThat(result.bytes()).startsWith(Files.readAllBytes(tree.resolve("large")));
    assertThat(result.bytes()).hasSize((3 << 20) + 4);
  }

  @Test
  void whatFailsIsNamedAndTheRestIsDone() {
    Cli.Result result =
        new Cli().run("cat", uri(tree.resolve("missing")), uri(tree), uri(tree.resolve("a/one")));
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("one\n");
    assertThat(result.err())
        .isEqualTo(
            "netfs: %s: no such file or directory%nnetfs: %s: is a directory%n"
                .formatted(uri(tree.resolve("missing")), uri(tree).replaceFirst("/$", "")));
  }

  @Test
  void showsAFile() throws IOException {
    Path file = tree.resolve("a/one");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2020-02-03T04:05:06Z")));
    assertThat(new Cli().run("stat", uri(file)).out())
        .contains("File:        " + uri(file), "Size:        4 bytes", "2020-02-03T04:05:06Z");
    JsonNode json = JSON.readTree(new Cli().run("stat", "--json", uri(file)).out());
    assertThat(json.get("modified").asText()).isEqualTo("2020-02-03T04:05:06Z");
    assertThat(json.get("type").asText()).isEqualTo("file");
  }

  @Test
  void showsALinkOrWhatItLeadsTo() throws IOException {
    Path link = symbolicLink(tree.resolve("link"), "a/one");
    assertThat(new Cli().run("stat", uri(link)).out())
        .contains("Type:        symbolic link", "Target:      a/one");
    assertThat(new Cli().run("stat", "-L", uri(link)).out()).contains("Size:        4 bytes");
  }

  @Test
  void copiesATreeThereAndBack() throws IOException {
    symbolicLink(tree.resolve("link"), "a/one");
    Path there = directory.resolve("there");
    Path back = directory.resolve("back");
    Cli.Result out = new Cli().run("cp", "-r", tree.toString(), uri(there));
    assertThat(out.err()).isEmpty(); // no bar without a terminal
    assertThat(out.status()).isZero();
    assertThat(new Cli().run("cp", "-r", uri(there), back.toString()).status()).isZero();
    assertSameTrees(tree, there);
    assertSameTrees(tree, back);
  }

  @Test
  void copiesWithinAMount() throws IOException {
    Path copy = directory.resolve("copy");
    assertThat(new Cli().run("cp", "-r", uri(tree), uri(copy)).status()).isZero();
    assertSameTrees(tree, copy);
  }

  @Test
  void copiesIntoADirectoryAndOverwrites() throws IOException {
    Path into = Files.createDirectories(directory.resolve("into"));
    Files.writeString(into.resolve("one"), "something longer that was there");
    Cli.Result result =
        new Cli()
            .run("cp", uri(tree.resolve("a/one")), uri(tree.resolve("large")), into.toString());
    assertThat(result.err()).isEmpty();
    assertThat(into.resolve("one")).hasContent("one\n");
    assertThat(into.resolve("large")).hasSameBinaryContentAs(tree.resolve("large"));
  }

  @Test
  void preservesTimesAndPermissions() throws IOException {
    FileTime time = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));
    Files.setPosixFilePermissions(
        tree.resolve("a/one"), PosixFilePermissions.fromString("rwxr-x--x"));
    Files.setLastModifiedTime(tree.resolve("a/one"), time);
    Files.setLastModifiedTime(tree.resolve("a"), time);
    Path copy = directory.resolve("copy");
    assertThat(new Cli().run("cp", "-rp", tree.toString(), uri(copy)).err()).isEmpty();
    assertThat(Files.getLastModifiedTime(copy.resolve("a/one"))).isEqualTo(time);
    assertThat(Files.getLastModifiedTime(copy.resolve("a"))).isEqualTo(time);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("a/one"))))
        .isEqualTo("rwxr-x--x");
  }

  @Test
  void refusesADirectoryWithoutR() {
    Cli.Result result = new Cli().run("cp", uri(tree), directory.resolve("x").toString());
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("is a directory; use -r");
    assertThat(directory.resolve("x")).doesNotExist();
  }

  @Test
  void refusesToCopyADirectoryIntoItself() {
    Cli.Result result = new Cli().run("cp", "-r", uri(tree), uri(tree.resolve("a")));
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("cannot be copied into itself");
    assertThat(tree.resolve("a/tree")).doesNotExist();
  }

  @Test
  void aFileIsNotCopiedOntoItselfWhicheverWayItIsNamed() throws IOException {
    Path file = tree.resolve("a/one");
    for (String target : List.of(uri(file), file.toString())) {
      for (String source : List.of(uri(file), file.toString())) {
        Cli.Result result = new Cli().run("cp", source, target);
        assertThat(result.err()).contains("is the same file as");
        assertThat(result.status()).isEqualTo(1);
        assertThat(file).hasContent("one\n");
      }
    }
  }

  @Test
  void aLinkInTheTargetsPlaceIsNotFollowedOutOfIt() throws IOException {
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Path target = Files.createDirectories(directory.resolve("target/tree"));
    symbolicLink(target.resolve("a"), outside.toString());
    Cli.Result result =
        new Cli().run("cp", "-r", uri(tree), directory.resolve("target").toString());
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("exists already");
  }

  @Test
  void aTerminalGetsABarAndASummary() {
    Cli.Result result =
        new Cli().onTerminal().run("cp", "-r", uri(tree), directory.resolve("copy").toString());
    assertThat(result.err()).endsWith("\n").contains("3 files, 3.0 MiB in ");
  }

  private static Path symbolicLink(Path link, String target) throws IOException {
    assumeThat(link.getFileSystem().supportedFileAttributeViews()).contains("posix");
    return Files.createSymbolicLink(link, Path.of(target));
  }

  private static void assertSameTrees(Path expected, Path actual) throws IOException {
    assertThat(describe(actual)).isEqualTo(describe(expected));
  }

  private static List<String> describe(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      List<String> lines = new java.util.ArrayList<>();
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        String content =
            Files.isSymbolicLink(file)
                ? " -> " + Files.readSymbolicLink(file)
                : Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
                    ? "/"
                    : " " + java.util.Arrays.hashCode(Files.readAllBytes(file));
        lines.add(root.relativize(file) + content);
      }
      return lines;
    }
  }
}
