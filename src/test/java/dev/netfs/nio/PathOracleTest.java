package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our paths against the JDK's own: the same text has to behave in the same way. */
class PathOracleTest {
  private static final int PAIRS = 20_000;
  private static final String[] PIECES = {
    "a",
    "b",
    "a",
    "foo",
    "foo.bar",
    ".",
    "..",
    "..",
    "...",
    ".a",
    "/",
    "/",
    "/",
    "/",
    "//",
    "é",
    "\uD83D\uDE00",
    "\uFF5E",
    " ",
    "%",
    "",
    "~"
  };

  private static NetfsFileSystem fs;
  private static final FileSystem JDK = FileSystems.getDefault();

  @BeforeAll
  static void mount(@TempDir Path dir) throws Exception {
    fs = Netfs.mount(dir).open();
  }

  @AfterAll
  static void unmount() throws Exception {
    fs.close();
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(9); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  @Test
  void singlePathsBehaveAsTheJdks() {
    Random random = new Random(1);
    for (int i = 0; i < PAIRS; i++) {
      String text = text(random);
      same(text, Path::toString);
      same(text, Path::getFileName);
      same(text, Path::getParent);
      same(text, Path::getRoot);
      same(text, Path::isAbsolute);
      same(text, Path::normalize);
      same(text, Path::getNameCount);
      same(text, PathOracleTest::elements);
      same(text, path -> path.toAbsolutePath().isAbsolute());
      int begin = random.nextInt(5) - 1;
      int end = random.nextInt(5) - 1;
      same(text, path -> path.subpath(begin, end));
      same(text, path -> path.getName(begin));
    }
  }

  @Test
  void pairsOfPathsBehaveAsTheJdks() {
    Random random = new Random(2);
    for (int i = 0; i < PAIRS; i++) {
      String a = text(random);
      // Half of the time something that has to do with the first.
      String b =
          switch (random.nextInt(6)) {
            case 0 -> a + "/" + text(random);
            case 1 -> a.substring(random.nextInt(a.length() + 1));
            case 2 -> a.substring(0, random.nextInt(a.length() + 1));
            default -> text(random);
          };
      same(a, b, Path::resolve);
      same(a, b, Path::resolveSibling);
      same(a, b, Path::startsWith);
      same(a, b, Path::endsWith);
      same(a, b, Path::equals);
      same(a, b, (x, y) -> x.hashCode() == y.hashCode() || !x.equals(y));
      same(a, b, (x, y) -> Integer.signum(x.compareTo(y)));
      same(a, b, Path::relativize);
      same(a, b, (x, y) -> x.getFileSystem().getPath(a, b, a));
      same(a, b, (x, y) -> x.resolve(b));
      same(a, b, (x, y) -> x.startsWith(b) + " " + x.endsWith(b));
    }
  }

  @Test
  void relativizeAndResolveAreInverse() {
    Random random = new Random(3);
    for (int i = 0; i < PAIRS; i++) {
      Path a = fs.getPath("/" + text(random)).normalize();
      Path b = fs.getPath("/" + text(random)).normalize();
      assertThat(a.resolve(a.relativize(b)).normalize()).isEqualTo(b);
    }
  }

  @Test
  void aRelativePathIsSeenFromTheRoot() {
    assertThat(fs.getPath("a/b").toAbsolutePath()).isEqualTo(fs.getPath("/a/b"));
    assertThat(fs.getPath("").toAbsolutePath()).isEqualTo(fs.getPath("/"));
  }

  @Test
  void whatGoesToTheServerNeverLeavesTheRoot() {
    Random random = new Random(4);
    for (int i = 0; i < PAIRS; i++) {
      String text = text(random);
      String remote = NetfsPath.of(fs.getPath(text)).remote();
      assertThat(remote).as(text).startsWith("/").doesNotContain("//");
      for (Path element : fs.getPath(remote)) {
        assertThat(element.toString()).as(text).isNotIn("", ".", "..");
      }
      // Below a directory as deep as can be, ".." has somewhere to go; the JDK says where.
      Path deep = JDK.getPath("/").resolve(text).normalize();
      assertThat(remote).as(text).isEqualTo(deep.toString());
    }
  }

  @Test
  void namesThatNoServerCanHoldAreRefused() {
    assertThatThrownBy(() -> fs.getPath("a\0b"))
        .isInstanceOf(InvalidPathException.class)
        .hasMessageContaining("Nul character");
    assertThatThrownBy(() -> fs.getPath("a\uD83D")).isInstanceOf(InvalidPathException.class);
    assertThatThrownBy(() -> fs.getPath("\uDE00\uD83D")).isInstanceOf(InvalidPathException.class);
    assertThatThrownBy(() -> JDK.getPath("a\0b")).isInstanceOf(InvalidPathException.class);
  }

  @Test
  void pathsOfOthersAreRefused() {
    Path ours = fs.getPath("/a");
    Path theirs = JDK.getPath("/a");
    assertThatThrownBy(() -> ours.resolve(theirs)).isInstanceOf(ProviderMismatchException.class);
    assertThatThrownBy(() -> ours.relativize(theirs)).isInstanceOf(ProviderMismatchException.class);
    assertThatThrownBy(() -> ours.compareTo(theirs)).isInstanceOf(ClassCastException.class);
    assertThat(ours.startsWith(theirs)).isFalse();
    assertThat(ours.endsWith(theirs)).isFalse();
    assertThat(ours.equals(theirs)).isFalse();
    assertThatThrownBy(ours::toFile).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void nullsAreRefused() {
    Path ours = fs.getPath("/a");
    assertThatThrownBy(() -> ours.resolve((Path) null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.resolve((String) null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.resolveSibling((Path) null))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.relativize(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.startsWith((Path) null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.endsWith((Path) null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.compareTo(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> fs.getPath(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> fs.getPath("a", (String) null))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> ours.register(null)).isInstanceOf(NullPointerException.class);
  }

  private static List<String> elements(Path path) {
    List<String> elements = new ArrayList<>();
    for (Iterator<Path> i = path.iterator(); i.hasNext(); ) {
      elements.add(i.next().toString());
    }
    return elements;
  }

  private static void same(String text, Function<Path, Object> question) {
    assertThat(answer(() -> question.apply(fs.getPath(text))))
        .as("of '%s'", text)
        .isEqualTo(answer(() -> question.apply(JDK.getPath(text))));
  }

  private static void same(String a, String b, BiFunction<Path, Path, Object> question) {
    assertThat(answer(() -> question.apply(fs.getPath(a), fs.getPath(b))))
        .as("of '%s' and '%s'", a, b)
        .isEqualTo(answer(() -> question.apply(JDK.getPath(a), JDK.getPath(b))));
  }

  private static String answer(java.util.function.Supplier<Object> question) {
    try {
      return String.valueOf(question.get());
    } catch (RuntimeException e) {
      return e.getClass().getName();
    }
  }
}
