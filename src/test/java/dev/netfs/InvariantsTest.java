package dev.netfs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;

/**
 * That every invariant of the design has a test that names it, and that {@code docs/invariants.md}
 * says which. What no code exists for yet says so there, and what will bring it.
 */
class InvariantsTest {
  /** How many invariants each letter has. */
  private static final Map<String, Integer> INVARIANTS =
      Map.of("S", 5, "R", 6, "C", 8, "W", 4, "L", 3, "O", 4, "J", 12);

  private static final Pattern TAG = Pattern.compile("[A-Z][0-9]+");
  private static final Pattern ROW =
      Pattern.compile("\\| ([A-Z][0-9]+) \\| ([^|]+) \\| ([^|]+) \\|");
  private static final Pattern TEST = Pattern.compile("`(\\w+)(?:\\.(\\w+))?`");
  private static final String NONE = "none yet: ";

  private record Row(String meaning, String tests) {
    boolean isPending() {
      return tests.startsWith(NONE);
    }
  }

  private static TreeSet<String> invariants() {
    TreeSet<String> names = new TreeSet<>();
    INVARIANTS.forEach(
        (letter, count) -> {
          for (int i = 1; i <= count; i++) {
            names.add(letter + i);
          }
        });
    return names;
  }

  /** The table of the page, by invariant. */
  private static Map<String, Row> rows() throws IOException {
    Map<String, Row> rows = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("docs/invariants.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        assertThat(rows.put(row.group(1), new Row(row.group(2), row.group(3))))
            .as("a second row for %s", row.group(1))
            .isNull();
      }
    }
    return rows;
  }

  /** The tests that run, as {@code Class.method} of where they are written, by what they name. */
  private static Map<String, TreeSet<String>> tests() {
    Map<String, TreeSet<String>> tests = new TreeMap<>();
    for (Class<?> type :
        ReflectionSupport.findAllClassesInPackage("dev.netfs", c -> true, n -> true)) {
      if (Modifier.isAbstract(type.getModifiers()) || isDisabled(type)) {
        continue;
      }
      List<Method> methods =
          ReflectionSupport.findMethods(
              type, InvariantsTest::isTest, HierarchyTraversalMode.TOP_DOWN);
      for (Method method : methods) {
        List<Tag> tags = new ArrayList<>(tags(type));
        tags.addAll(AnnotationSupport.findRepeatableAnnotations(method, Tag.class));
        for (Tag tag : tags) {
          tests
              .computeIfAbsent(tag.value(), key -> new TreeSet<>())
              .add(method.getDeclaringClass().getSimpleName() + "." + method.getName());
        }
      }
    }
    return tests;
  }

  private static List<Tag> tags(Class<?> type) {
    return AnnotationSupport.findRepeatableAnnotations(type, Tag.class);
  }

  private static boolean isTest(Method method) {
    return AnnotationSupport.isAnnotated(method, Testable.class)
        && !AnnotationSupport.isAnnotated(method, Disabled.class);
  }

  private static boolean isDisabled(Class<?> type) {
    return AnnotationSupport.isAnnotated(type, Disabled.class);
  }

  @Test
  void everyInvariantIsInTheTable() throws IOException {
    assertThat(rows().keySet()).isEqualTo(invariants());
  }

  @Test
  void everyInvariantHasATestThatNamesIt() throws IOException {
    Map<String, Row> rows = rows();
    Map<String, TreeSet<String>> tests = tests();
    for (String invariant : invariants()) {
      TreeSet<String> naming = tests.getOrDefault(invariant, new TreeSet<>());
      Row row = rows.get(invariant);
      if (row != null && row.isPending()) {
        assertThat(naming).as("%s waits for nothing: it has tests", invariant).isEmpty();
      } else {
        assertThat(naming).as("tests with @Tag(\"%s\")", invariant).isNotEmpty();
      }
    }
  }

  @Test
  void theTestsInTheTableNameTheInvariant() throws IOException {
    Map<String, TreeSet<String>> tests = tests();
    rows()
        .forEach(
            (invariant, row) -> {
              if (row.isPending()) {
                assertThat(row.tests).as("what brings %s", invariant).hasSizeGreaterThan(20);
                return;
              }
              TreeSet<String> naming = tests.getOrDefault(invariant, new TreeSet<>());
              Matcher named = TEST.matcher(row.tests);
              int count = 0;
              for (; named.find(); count++) {
                String type = named.group(1) + ".";
                String method = named.group(2);
                assertThat(naming)
                    .as("tests of %s", invariant)
                    .anyMatch(
                        test ->
                            method == null ? test.startsWith(type) : test.equals(type + method));
              }
              assertThat(count).as("tests in the row of %s", invariant).isPositive();
            });
  }

  @Test
  void noTestNamesWhatIsNoInvariant() {
    assertThat(tests().keySet().stream().filter(tag -> TAG.matcher(tag).matches()))
        .isSubsetOf(invariants());
  }
}
