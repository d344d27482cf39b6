package dev.netfs.jar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.netfs.share.sftp.Ed25519ForTests;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The ways in which applications have netfs: each a JVM of its own that works on files in a local
 * directory and on an SFTP server, whose root is looked at afterwards from outside.
 */
class DeploymentIT {

  private static final String PROBE = "dev.netfs.jar.probe.Probe";
  private static final String PASSWORD = "correct horse";

  /** What an application mounts. */
  enum Kind {
    FILE,
    SFTP,
    /** By a name of netfs.json, which takes the JSON parser, bundled or not. */
    NAMED
  }

  /** The class files of the probe and nothing else. */
  private static Path probe;

  /** The same as a module that requires dev.netfs. */
  private static Path probeModule;

  private static KeyPair hostKey;

  @TempDir private Path root;
  @TempDir private Path scratch;

  private SshServer server;

  @BeforeAll
  static void compileProbe(@TempDir Path dir) throws Exception {
    Path sources = Path.of(System.getProperty("basedir"), "src/test/java/dev/netfs/jar/probe");
    probe = dir.resolve("classes");
    compile("-d", probe, sources.resolve("Probe.java"), sources.resolve("InChildLoader.java"));

    Path moduleInfo = dir.resolve("module-info.java");
    Files.writeString(moduleInfo, "module netfs.probe {\n  requires dev.netfs;\n}\n");
    probeModule = dir.resolve("module");
    compile("-p", modulePath(), "-d", probeModule, sources.resolve("Probe.java"), moduleInfo);

    Ed25519ForTests.install();
    hostKey = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  @BeforeEach
  void startServer() throws Exception {
    server = SshServer.setUpDefaultServer();
    server.setHost("127.0.0.1");
    server.setKeyPairProvider(KeyPairProvider.wrap(hostKey));
    server.setPasswordAuthenticator(
        (user, password, session) -> user.equals("me") && password.equals(PASSWORD));
    server.setSubsystemFactories(List.of(new SftpSubsystemFactory()));
    server.setFileSystemFactory(new VirtualFileSystemFactory(root));
    server.start();
  }

  @AfterEach
  void stopServer() throws Exception {
    server.stop(true);
  }

  @ParameterizedTest
  @EnumSource
  void theAllJarAloneOnTheClassPath(Kind kind) throws Exception {
    List<String> lines = run(kind, List.of("-cp", classPath(Jars.all(), probe), PROBE));

    assertThat(lines).contains("installed true", "module null", from(Jars.all()));
  }

  @ParameterizedTest
  @EnumSource
  void theAllJarInAChildClassLoader(Kind kind) throws Exception {
    List<String> lines = run(kind, inChildLoader("hidden"));

    assertThat(lines).contains("installed false", "module null", from(Jars.all()));
  }

  @ParameterizedTest
  @EnumSource
  void theAllJarInAChildClassLoaderThatIsTheContextClassLoader(Kind kind) throws Exception {
    List<String> lines = run(kind, inChildLoader("context"));

    assertThat(lines).contains("installed false", "module null", from(Jars.all()));
  }

  @ParameterizedTest
  @EnumSource
  void theAllJarInAChildClassLoaderAndOnceMoreOnTheClassPath(Kind kind) throws Exception {
    List<String> deployment = new ArrayList<>(inChildLoader("context"));
    deployment.set(1, classPath(probe, Jars.all()));

    List<String> lines = run(kind, deployment);

    // The JDK asks installed providers first; the copy in the child loader must not get in the way.
    assertThat(lines).contains("installed true", from(Jars.all()));
  }

  @ParameterizedTest
  @EnumSource
  void theThinJarAndItsDependenciesOnTheClassPath(Kind kind) throws Exception {
    List<String> lines =
        run(kind, List.of("-cp", modulePath() + File.pathSeparator + probe, PROBE));

    assertThat(lines).contains("installed true", "module null", from(Jars.thin()));
  }

  @ParameterizedTest
  @EnumSource
  void theThinJarAndItsDependenciesOnTheModulePath(Kind kind) throws Exception {
    List<String> lines =
        run(
            kind,
            List.of(
                "-p",
                modulePath() + File.pathSeparator + probeModule,
                "-m",
                "netfs.probe/" + PROBE));

    assertThat(lines).contains("installed true", "module dev.netfs", from(Jars.thin()));
  }

  @ParameterizedTest
  @EnumSource
  void theAllJarAsAnAutomaticModule(Kind kind) throws Exception {
    List<String> lines =
        run(kind, List.of("-p", classPath(Jars.all(), probeModule), "-m", "netfs.probe/" + PROBE));

    assertThat(lines).contains("installed true", "module dev.netfs", from(Jars.all()));
  }

  /** Runs the probe so, and looks at what it left. */
  private List<String> run(Kind kind, List<String> deployment) throws Exception {
    List<String> arguments = new ArrayList<>(deployment);
    switch (kind) {
      case FILE -> arguments.add("netfs+" + root.toUri());
      case NAMED -> {
        Path config = scratch.resolve("netfs.json");
        Files.writeString(
            config, "{\"mounts\": {\"data\": {\"uri\": \"netfs+%s\"}}}".formatted(root.toUri()));
        arguments.add(0, "-Dnetfs.config=" + config);
        arguments.add("netfs://data/");
      }
      case SFTP -> {
        String address = "127.0.0.1:" + server.getPort();
        Path knownHosts = scratch.resolve("known_hosts");
        Files.writeString(
            knownHosts,
            "[127.0.0.1]:%d %s%n"
                .formatted(server.getPort(), PublicKeyEntry.toString(hostKey.getPublic())));
        arguments.add(URI.create("netfs+sftp://me@" + address + "/").toString());
        arguments.add("password=" + PASSWORD);
        arguments.add("knownHosts=" + knownHosts);
      }
    }

    Jvm.Result result = Jvm.java(arguments);

    Stream<String> complaints = result.err().lines();
    if (String.join(" ", deployment).contains(Jars.thin().toString())) {
      // MINA's logging is the application's then; this one has no provider for it.
      complaints = complaints.filter(line -> !line.startsWith("SLF4J(W)"));
    }
    assertThat(complaints).isEmpty();
    assertThat(result.status()).isZero();
    List<String> lines = result.out().lines().toList();
    assertThat(lines).endsWith("done");
    assertThat(root.resolve("dir/copy")).hasSize(300_000);
    assertThat(Arrays.copyOfRange(Files.readAllBytes(root.resolve("dir/copy")), 100_000, 100_006))
        .isEqualTo("edited".getBytes(StandardCharsets.UTF_8));
    assertThat(root.resolve("dir")).isDirectoryNotContaining("glob:**/{file,moved}");
    return lines;
  }

  private static List<String> inChildLoader(String context) {
    return List.of(
        "-cp",
        probe.toString(),
        "dev.netfs.jar.probe.InChildLoader",
        context,
        "2",
        Jars.all().toString(),
        probe.toString());
  }

  private static String from(Path jar) throws IOException {
    return "from " + jar.toUri().toURL();
  }

  private static String classPath(Path... entries) {
    return String.join(File.pathSeparator, Arrays.stream(entries).map(Path::toString).toList());
  }

  /** The thin jar and what it needs, which the build wrote down. */
  private static String modulePath() throws IOException {
    Path dependencies = Path.of(System.getProperty("netfs.runtime.path"));
    return Jars.thin() + File.pathSeparator + Files.readString(dependencies).strip();
  }

  private static void compile(Object... arguments) {
    var compiler = ToolProvider.getSystemJavaCompiler();
    List<String> all = new ArrayList<>(List.of("--release", "17"));
    Arrays.stream(arguments).map(Object::toString).forEach(all::add);
    assertThat(compiler.run(null, null, null, all.toArray(String[]::new))).isZero();
  }
}
