package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our globs against the JDK's own. */
class GlobOracleTest {
  private static final FileSystem JDK = FileSystems.getDefault();
  private static final String[] PATHS = {
    "",
    "a",
    "b",
    "ab",
    "abc",
    "a/b",
    "a/b/c",
    "/a",
    "/a/b",
    "a.b",
    ".a",
    "a.java",
    "A.JAVA",
    "a,b",
    "{a}",
    "[a]",
    "a-b",
    "-",
    "!",
    "^",
    "a^b",
    "\\",
    "a\\b",
    "*",
    "?",
    "a b",
    "é",
    "\uD83D\uDE00",
    "&",
    "a&&b",
    "$",
    "a+b",
    "(a)",
    "a|b",
    "]",
    "}",
    "foo.tar.gz",
    "dir/foo.java",
    "x",
    "xx"
  };
  private static final String[] PIECES = {
    "a", "b", "*", "**", "?", "[", "]", "{", "}", ",", "-", "!", "^", "\\", ".", "/", "&", "&&",
    "a-c", "[a-c]", "[!a]", "{a,b}", "é", "$", "(", ")", "|", "+", "x", "[^a]", "[-a]", "[!-a]",
    "[a-]", "[[]"
  };

  private static final Pattern RANGE_TO_SPECIAL = Pattern.compile("-[\\[\\\\&^]");

  private static NetfsFileSystem fs;

  @BeforeAll
  static void mount(@TempDir Path dir) throws Exception {
    fs = Netfs.mount(dir).open();
  }

  @AfterAll
  static void unmount() throws Exception {
    fs.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*.java",
        "*.*",
        "*.{java,class}",
        "foo.?",
        "/home/*/*",
        "/home/**",
        "**",
        "**/*.java",
        "a/**/b",
        "[abc]",
        "[a-c]",
        "[!a-c]",
        "[]",
        "[!]",
        "[a",
        "{a",
        "{a,{b}}",
        "a}",
        "a,b",
        "\\*",
        "\\",
        "a\\",
        "{}",
        "{,a}",
        "{a,}",
        "[a-]",
        "[-a]",
        "[--a]",
        "[z-a]",
        "[/]",
        "[a/b]",
        "[!-z]",
        "[^a]",
        "[&&a]",
        "[a&&b]",
        "[\\]",
        "[\\]]",
        "[[]",
        "[*?]",
        "{*,?}",
        "{[a,b],c}",
        "",
        "/",
        "//",
        "***",
        "a**b",
        ".*",
        "(a)",
        "a|b",
        "^a$",
        "é",
        "[é-ê]",
        "[a-b-c]",
        "[+--]",
        "[a-\\]"
      })
  void aGlobMatchesWhatTheJdksMatches(String glob) {
    same("glob:" + glob);
  }

  @Test
  void generatedGlobsMatchWhatTheJdksMatch() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder glob = new StringBuilder();
      for (int n = random.nextInt(7); n >= 0; n--) {
        glob.append(PIECES[random.nextInt(PIECES.length)]);
      }
      // The JDK forgets to escape the end of a range, and fails over "[,-[]".
      if (!RANGE_TO_SPECIAL.matcher(glob).find()) {
        same("glob:" + glob);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "regex:a.*",
        "regex:[",
        "REGEX:a",
        "Glob:a*",
        "foo:a",
        ":a",
        "a",
        "",
        "glob",
        "regex:"
      })
  void syntaxesAreTheJdks(String syntaxAndPattern) {
    same(syntaxAndPattern);
  }

  @Test
  void lineBreaksAreCharactersToo() {
    // The JDK's "**" stops at a line break in a name, its "*" does not; here both go on.
    Path path = fs.getPath("a\nb");
    assertThat(fs.getPathMatcher("glob:a**b").matches(path)).isTrue();
    assertThat(fs.getPathMatcher("glob:a*b").matches(path)).isTrue();
    assertThat(fs.getPathMatcher("glob:a?b").matches(path)).isTrue();
  }

  @Test
  void nullIsRefused() {
    assertThatThrownBy(() -> fs.getPathMatcher(null)).isInstanceOf(NullPointerException.class);
  }

  private static void same(String pattern) {
    assertThat(matches(fs, pattern)).as(pattern).isEqualTo(matches(JDK, pattern));
  }

  private static String matches(FileSystem fs, String pattern) {
    PathMatcher matcher;
    try {
      matcher = fs.getPathMatcher(pattern);
    } catch (RuntimeException e) {
      return e.getClass().getName();
    }
    StringBuilder matches = new StringBuilder();
    for (String path : PATHS) {
      if (matcher.matches(fs.getPath(path))) {
        matches.append(path).append('|');
      }
    }
    return matches.toString();
  }
}
