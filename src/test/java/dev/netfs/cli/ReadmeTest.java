package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That the documentation says what is: its options, the tests that it names, its links. */
class ReadmeTest {
  private static final Path README = Path.of("README.md");
  private static final Pattern NAME = Pattern.compile("`([A-Za-z]+)`");
  private static final Pattern TEST_CLASS =
      Pattern.compile("`([A-Z]\\w*(?:Test|IT|Contract))(?:\\.(\\w+))?`");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)\\)");

  @Test
  void theOptionTableIsComplete() throws IOException {
    TreeSet<String> documented = new TreeSet<>();
    boolean inTable = false;
    for (String line : Files.readAllLines(README)) {
      inTable = line.startsWith("| option |") || (inTable && line.startsWith("|"));
      if (inTable && line.startsWith("| `")) {
        Matcher names = NAME.matcher(line.substring(0, line.indexOf('|', 1)));
        while (names.find()) {
          documented.add(names.group(1));
        }
      }
    }
    TreeSet<String> known = known("netfs+file:///");
    known.addAll(known("netfs+sftp://nobody@127.0.0.1/"));
    known.addAll(known("netfs+smb://nobody@127.0.0.1/share"));
    assertThat(documented).isEqualTo(known);
  }

  /** An unknown option's error names those there are. */
  private static TreeSet<String> known(String uri) {
    String error = new Cli().run("ls", "-o", "noSuchOption=1", uri).err().strip();
    assertThat(error).contains("; there are ");
    String names = error.substring(error.lastIndexOf("; there are ") + "; there are ".length());
    return new TreeSet<>(List.of(names.split(", ")));
  }

  @Test
  void theTestsThatTheDocumentationNamesExist() throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.walk(Path.of("src/test"))) {
      for (Path file :
          (Iterable<Path>) files.filter(f -> f.toString().endsWith(".java"))::iterator) {
        String name = file.getFileName().toString().replace(".java", "");
        sources.put(name, Files.readString(file));
      }
    }
    List<String> missing = new ArrayList<>();
    int found = 0;
    for (Path document : documents()) {
      Matcher tests = TEST_CLASS.matcher(Files.readString(document));
      while (tests.find()) {
        String source = sources.get(tests.group(1));
        String method = tests.group(2);
        if (source == null || (method != null && !source.contains("void " + method + "("))) {
          missing.add(document + ": " + tests.group());
        }
        found++;
      }
    }
    assertThat(missing).isEmpty();
    assertThat(found).isGreaterThan(30);
  }

  @Test
  void itsLinksLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path document : documents()) {
      Matcher links = LINK.matcher(Files.readString(document));
      while (links.find()) {
        if (!Files.exists(document.resolveSibling(links.group(1)))) {
          broken.add(document + ": " + links.group(1));
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(README, Path.of("ARCHITECTURE.md")));
    try (Stream<Path> files = Files.list(Path.of("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
    }
    return documents;
  }
}
