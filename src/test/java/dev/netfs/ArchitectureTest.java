package dev.netfs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.netfs.share.ShareProvider;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The layers, and which may use which: the arrows point down only. The table is the rule; a package
 * that it does not name fails, so that nobody adds a layer without saying where it stands.
 */
class ArchitectureTest {

  private static final String API = "dev.netfs";
  private static final String NIO = "dev.netfs.nio";
  private static final String ENGINE = "dev.netfs.engine";
  private static final String LOCKS = "dev.netfs.engine.locks";
  private static final String FSCACHE = "dev.netfs.fscache";
  private static final String OFFLINE = "dev.netfs.offline";
  private static final String COMPRESS = "dev.netfs.compress";
  private static final String SHARE = "dev.netfs.share";
  private static final String CLI = "dev.netfs.cli";
  private static final String BENCH = "dev.netfs.cli.bench";

  // Client and helper libraries, by the prefix of their packages.
  private static final String JACKSON = "com.fasterxml.jackson.";
  private static final String COMPRESSORS = "org.apache.commons.compress.";
  private static final String SSHD = "org.apache.sshd.";

  /** What each package may use, beside itself, the JDK and JSpecify's annotations. */
  private static final Map<String, Uses> TABLE =
      Map.ofEntries(
          Map.entry(API, uses()),
          Map.entry(NIO, uses(API, ENGINE, SHARE).libraries(JACKSON)),
          Map.entry(
              ENGINE,
              uses(API, LOCKS, FSCACHE, OFFLINE, SHARE).libraries("com.github.benmanes.caffeine.")),
          Map.entry(LOCKS, uses(SHARE).libraries(JACKSON)),
          Map.entry(FSCACHE, uses(SHARE).libraries(JACKSON, COMPRESSORS)),
          Map.entry(OFFLINE, uses(SHARE, FSCACHE).libraries("org.h2.mvstore.")),
          Map.entry(COMPRESS, uses(SHARE).libraries(COMPRESSORS)),
          Map.entry(SHARE, uses()),
          Map.entry("dev.netfs.share.path", uses(SHARE)),
          Map.entry("dev.netfs.share.sftp", uses(SHARE).libraries(SSHD)),
          Map.entry(
              "dev.netfs.share.smb",
              uses(SHARE).libraries("org.ietf.jgss.", "com.sun.security.jgss.")),
          Map.entry("dev.netfs.share.s3", uses(SHARE).libraries("software.amazon.awssdk.")),
          Map.entry("dev.netfs.share.webdav", uses(SHARE)),
          Map.entry("dev.netfs.share.hdfs", uses(SHARE).libraries("org.apache.hadoop.")),
          // The provider of the SLF4J that the all jar bundles.
          Map.entry("dev.netfs.slf4j", uses().libraries("org.slf4j.")),
          // The demo brings an SFTP server of its own.
          Map.entry(
              CLI,
              uses(API, NIO, ENGINE, FSCACHE, SHARE, BENCH).libraries("picocli.", JACKSON, SSHD)),
          // Measures netfs as a program would use it, and MINA's own provider beside it.
          Map.entry(BENCH, uses(API, SHARE).libraries(JACKSON, SSHD)));

  /** What netfs and a transport say to one another: for the engine and the transports only. */
  private static final Set<String> HOOKS =
      Set.of(
          "dev.netfs.share.LeaseHolder",
          "dev.netfs.share.LeaseRequest",
          "dev.netfs.share.Share",
          "dev.netfs.share.ShareFile",
          "dev.netfs.share.ShareLock",
          "dev.netfs.share.ShareProvider");

  /** Of a package that may be used, the types that these users may not know. */
  private static final Map<String, Set<String>> FORBIDDEN =
      Map.of(
          // The engine knows the API's values and exceptions, not the faces built upon the engine.
          ENGINE, Set.of("dev.netfs.Netfs", "dev.netfs.NetfsFileSystem"),
          // The JSR-203 face talks to the engine; of the SPI it knows values only.
          NIO, HOOKS,
          // The command meets the exceptions that a mount throws, as any program does.
          CLI, HOOKS,
          BENCH, HOOKS);

  /** The classes that are built together with the SPI, wherever that is: no tests. */
  /** Of a package that may be used, the only types that a user may know. */
  private static final Map<String, Map<String, Set<String>>> ALLOWED =
      Map.of(
          // The command opens mounts as any program does. Beside that it looks after cache
          // directories, for which there need not be a mount.
          CLI,
          Map.of(
              FSCACHE,
              Set.of(
                  "dev.netfs.fscache.CacheDirectory",
                  "dev.netfs.fscache.CachedVolume",
                  "dev.netfs.fscache.CacheKey",
                  "dev.netfs.fscache.Codec",
                  "dev.netfs.fscache.CoherencyData",
                  "dev.netfs.fscache.Cookie",
                  "dev.netfs.fscache.DirectoryRecord",
                  "dev.netfs.fscache.KnownObject",
                  "dev.netfs.fscache.WrongKeyException"),
              ENGINE,
              Set.of("dev.netfs.engine.UserDirectories")));

  private static final JavaClasses MAIN =
      new ClassFileImporter().withImportOption(besideTheSpi()).importPackages(API);

  private static ImportOption besideTheSpi() {
    String main = ShareProvider.class.getProtectionDomain().getCodeSource().getLocation().getPath();
    return location -> location.contains(main);
  }

  @Test
  void everyPackageUsesOnlyWhatItMay() {
    classes().should(useOnlyWhatTheirPackageMay()).check(MAIN);
  }

  @Test
  void ofTheJsr203FaceOnlyTheReaderOfNetfsJsonKnowsJackson() {
    noClasses()
        .that()
        .resideInAPackage(NIO)
        .and()
        .haveNameNotMatching("dev\\.netfs\\.nio\\.NamedMounts(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(JACKSON + ".")
        .because("a mount by URI needs no JSON, and none of its errors should name a parser")
        .check(MAIN);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.(**)").should().beFreeOfCycles().check(MAIN);
  }

  @Test
  void aTransportShowsItsProviderOnly() {
    classes()
        .that()
        .resideInAPackage("dev.netfs.share.*")
        .and()
        .haveModifier(JavaModifier.PUBLIC)
        .and()
        .areTopLevelClasses()
        .should()
        .beAssignableTo(ShareProvider.class)
        .because("whatever else is in a transport belongs to it alone")
        // Until the first transport is there.
        .allowEmptyShould(true)
        .check(MAIN);
  }

  @Test
  void theRuleFindsWhatItForbids() {
    JavaClasses bad =
        new ClassFileImporter().importClasses(ArchitectureTest.class, ShareProvider.class);
    // This test is in the API's package and uses ArchUnit, which no package of netfs may.
    assertThatThrownBy(() -> classes().should(useOnlyWhatTheirPackageMay()).check(bad))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("com.tngtech.archunit");
  }

  @Test
  void theTableHasNoCycles() {
    // A cycle in the table would be a cycle that the rules allow.
    assertThat(TABLE.keySet()).allSatisfy(name -> assertThat(reachable(name)).doesNotContain(name));
  }

  private static Set<String> reachable(String name) {
    Set<String> all = new TreeSet<>();
    List<String> next = TABLE.get(name).packages();
    while (!next.isEmpty()) {
      next = next.stream().filter(all::add).flatMap(n -> TABLE.get(n).packages().stream()).toList();
    }
    return all;
  }

  private static ArchCondition<JavaClass> useOnlyWhatTheirPackageMay() {
    return new ArchCondition<>("use only what the table allows their package") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        Uses uses = TABLE.get(type.getPackageName());
        if (uses == null) {
          events.add(
              SimpleConditionEvent.violated(
                  type,
                  "The package of %s is not in the table of ArchitectureTest"
                      .formatted(type.getName())));
          return;
        }
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          if (!allowed(type.getPackageName(), uses, target)) {
            events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static boolean allowed(String from, Uses uses, JavaClass target) {
    String to = target.getPackageName();
    if (target.isPrimitive() || to.equals(from)) {
      return true;
    }
    if (uses.packages().contains(to)) {
      String outermost = target.getName().split("\\$", 2)[0];
      Set<String> only = ALLOWED.getOrDefault(from, Map.of()).get(to);
      return !FORBIDDEN.getOrDefault(from, Set.of()).contains(outermost)
          && (only == null || only.contains(outermost));
    }
    return Stream.concat(
            Stream.of("java.", "javax.", "jdk.", "com.sun.management.", "org.jspecify."),
            uses.libraries().stream())
        .anyMatch((to + ".")::startsWith);
  }

  private static Uses uses(String... packages) {
    return new Uses(List.of(packages), List.of());
  }

  private record Uses(List<String> packages, List<String> libraries) {
    Uses libraries(String... prefixes) {
      return new Uses(packages, List.of(prefixes));
    }
  }
}
