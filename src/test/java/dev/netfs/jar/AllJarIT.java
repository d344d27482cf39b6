package dev.netfs.jar;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** That netfs-all.jar can be dropped beside anything: what is in it, and under which names. */
class AllJarIT {

  private static final Pattern VERSIONED = Pattern.compile("META-INF/versions/\\d+/(.*)");
  private static final String SERVICES = "META-INF/services/";

  /** Names, as class files write them, of libraries that are in the jar under other names. */
  private static final List<String> RELOCATED =
      List.of(
          "com/fasterxml/jackson/",
          "com/github/benmanes/",
          "org/apache/commons/",
          "org/apache/sshd/",
          "org/slf4j/",
          "Lpicocli/");

  private static JarFile jar;

  @BeforeAll
  static void open() throws IOException {
    jar = new JarFile(Jars.all().toFile());
  }

  @AfterAll
  static void close() throws IOException {
    jar.close();
  }

  @Test
  void everyClassIsUnderOurNameAndWhereItsNameSays() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String entry : entries(".class")) {
      var versioned = VERSIONED.matcher(entry);
      String path = versioned.matches() ? versioned.group(1) : entry;
      String expected = nameIn(bytes(entry)) + ".class";
      if (!path.startsWith("dev/netfs/") || !path.equals(expected)) {
        wrong.add(entry);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void noClassLooksForABundledLibraryUnderItsOldName() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String entry : entries(".class")) {
      String text = new String(bytes(entry), StandardCharsets.ISO_8859_1);
      RELOCATED.stream().filter(text::contains).forEach(old -> wrong.add(entry + " has " + old));
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void servicesNameWhatIsThere() throws IOException {
    assertThat(entries("")).anyMatch(entry -> entry.startsWith(SERVICES));
    for (String entry : entries("")) {
      if (!entry.startsWith(SERVICES) || entry.equals(SERVICES)) {
        continue;
      }
      assertThat(lines(entry))
          .as(entry)
          .isNotEmpty()
          .allSatisfy(
              name -> assertThat(jar.getEntry(name.replace('.', '/') + ".class")).isNotNull());
      String service = entry.substring(SERVICES.length());
      assertThat(service.startsWith("java.") || service.startsWith("dev.netfs."))
          .as("%s must not offer itself to somebody else's library", entry)
          .isTrue();
    }
  }

  @Test
  void noLibrarysFileSystemProviderComesAlong() throws IOException {
    String entry = SERVICES + "java.nio.file.spi.FileSystemProvider";
    if (jar.getEntry(entry) != null) {
      assertThat(lines(entry)).allMatch(name -> name.startsWith("dev.netfs.nio."));
    }
  }

  @Test
  void theManifestSaysWhatItIs() throws IOException {
    Attributes manifest = jar.getManifest().getMainAttributes();
    assertThat(manifest.getValue("Main-Class")).isEqualTo("dev.netfs.cli.Main");
    assertThat(manifest.getValue("Automatic-Module-Name")).isEqualTo("dev.netfs");
    assertThat(manifest.getValue("Multi-Release")).isEqualTo("true");
    assertThat(entries("module-info.class")).isEmpty();
    assertThat(entries(".SF")).isEmpty();
    assertThat(entries(".RSA")).isEmpty();
  }

  @Test
  void bothJarsHoldTheClassesForNewerJdksWhicheverJdkBuiltThem() throws IOException {
    String mappable = "META-INF/versions/22/dev/netfs/nio/MappableChannel.class";
    for (Path built : List.of(Jars.all(), Jars.thin())) {
      try (JarFile opened = new JarFile(built.toFile())) {
        assertThat(opened.isMultiRelease()).as("%s", built).isTrue();
        assertThat(opened.getEntry(mappable)).as("%s", built).isNotNull();
      }
    }
  }

  @Test
  void licencesAreKeptAndEveryLibraryIsNamed() throws IOException {
    assertThat(entries("")).contains("META-INF/LICENSE", "META-INF/NOTICE");
    String thirdParty = new String(bytes("META-INF/THIRD-PARTY.txt"), StandardCharsets.UTF_8);
    for (String entry : entries("/pom.properties")) {
      var properties = new Properties();
      properties.load(new ByteArrayInputStream(bytes(entry)));
      if (!properties.getProperty("groupId").equals("dev.netfs")) {
        assertThat(thirdParty)
            .contains(
                properties.getProperty("groupId") + ":" + properties.getProperty("artifactId"));
      }
    }
    assertThat(new String(bytes("META-INF/NOTICE"), StandardCharsets.UTF_8))
        .contains("Apache MINA SSHD", "Jackson");
    assertThat(new String(bytes("META-INF/NOTICE.txt"), StandardCharsets.UTF_8))
        .contains("Apache Commons Compress", "Apache Commons IO");
  }

  @Test
  void runsAsAProgram() throws Exception {
    Jvm.Result result = Jvm.java(List.of("-jar", Jars.all().toString(), "--version"));
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).startsWith("netfs ");
    assertThat(result.status()).isZero();
  }

  private static List<String> entries(String suffix) {
    return jar.stream()
        .filter(entry -> !entry.isDirectory())
        .map(JarEntry::getName)
        .filter(name -> name.endsWith(suffix))
        .toList();
  }

  private static byte[] bytes(String entry) throws IOException {
    // A JarFile opened without a version shows each entry as it is stored.
    try (InputStream in = jar.getInputStream(jar.getJarEntry(entry))) {
      return in.readAllBytes();
    }
  }

  private static List<String> lines(String entry) throws IOException {
    return new String(bytes(entry), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.replaceFirst("#.*", "").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }

  /** The name of the class that a class file defines (JVMS 4.1, 4.4). */
  private static String nameIn(byte[] classFile) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(classFile));
    in.skipNBytes(8);
    int count = in.readUnsignedShort();
    String[] texts = new String[count];
    int[] classes = new int[count];
    for (int i = 1; i < count; i++) {
      int tag = in.readUnsignedByte();
      switch (tag) {
        case 1 -> texts[i] = in.readUTF();
        case 7 -> classes[i] = in.readUnsignedShort();
        case 8, 16, 19, 20 -> in.skipNBytes(2);
        case 15 -> in.skipNBytes(3);
        case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
        case 5, 6 -> {
          in.skipNBytes(8);
          // Longs and doubles take two places.
          i++;
        }
        default -> throw new IOException("Unknown constant " + tag);
      }
    }
    in.skipNBytes(2);
    return texts[classes[in.readUnsignedShort()]];
  }
}
