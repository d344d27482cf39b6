package dev.netfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read from netfs.json, where from, and what is said of a bad one. */
class NamedMountsTest {
  @TempDir private Path dir;

  private final Map<String, String> properties = new HashMap<>();
  private final Map<String, String> environment = new HashMap<>();

  private NamedMountFile.Surroundings surroundings() {
    return new NamedMountFile.Surroundings(properties::get, environment::get);
  }

  private @Nullable NamedMount parse(String text, String name) throws IOException {
    return NamedMounts.parse(new NamedMountFile("the file", text, dir)).get(name);
  }

  // ---- what it says

  @Test
  void aMountHasAUriAndOptions() throws IOException {
    NamedMount mount =
        parse(
            """
            {"mounts": {
              "other": {"options": {}, "uri": "netfs+file:///other"},
              "data": {
                "uri": "netfs+sftp://me@server/data",
                "options": {"memory": "512MiB", "depth": 8, "cache": "loose", "flag": true}
              }
            }}
            """,
            "data");
    assertThat(mount).isNotNull();
    assertThat(mount.name()).isEqualTo("data");
    assertThat(mount.uri()).hasToString("netfs+sftp://me@server/data");
    assertThat(mount.options())
        .isEqualTo(Map.of("memory", "512MiB", "depth", "8", "cache", "loose", "flag", "true"));
    assertThat(mount.origin()).isEqualTo("the file, line 3");
  }

  @Test
  void aRelativePathStartsAtTheFile() throws IOException {
    String home = System.getProperty("user.home");
    NamedMount mount =
        parse(
            """
            {"mounts": {"data": {"uri": "netfs+sftp://me@server/data", "options": {
              "passwordFile": "secrets/a", "knownHosts": "/etc/hosts", "privateKey": "~/.ssh/key",
              "disk": "../cache", "hostKey": "strict"
            }}}}
            """,
            "data");
    assertThat(mount).isNotNull();
    assertThat(mount.options())
        .containsEntry("passwordFile", dir.resolve("secrets").resolve("a").toString())
        .containsEntry("knownHosts", "/etc/hosts")
        .containsEntry("privateKey", Path.of(home, ".ssh", "key").toString())
        .containsEntry("disk", dir.resolveSibling("cache").toString())
        .containsEntry("hostKey", "strict");
  }

  @Test
  void noMountsAreFine() throws IOException {
    assertThat(NamedMounts.parse(new NamedMountFile("the file", "{\"mounts\": {}}", dir)))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        // a file, with \n for a line break | what is said of it
        "^^ | line 1: the file is empty",
        "[] | line 1: expected is an object, {\"mounts\": {...}}, but there is an array",
        "{} | line 1: the field 'mounts' is missing",
        "{\"mount\": {}} | line 1: unknown field 'mount'; the only one here is 'mounts'",
        "{\"mounts\": {},\\n\"mounts\": {}} | line 2: 'mounts' is there twice",
        "{\"mounts\": {}} {} | line 1: something follows the end",
        "{\"mounts\": {}} x | line 1: this is not JSON",
        "{\"mounts\": {}\\n// note\\n} | line 2: comments are not JSON",
        "{\"mounts\": {}\\n# note\\n} | line 2: comments are not JSON",
        "{\"mounts\": {} | line 1: the text ends too early",
        "{\"mounts\": {},} | line 1: this is not JSON",
        "{'mounts': {}} | line 1: this is not JSON",
        "{\"mounts\": 3} | line 1: field 'mounts': expected is an object of mounts by name, but there"
            + " is a number",
        "{\"mounts\": {\\n\"Data\": {}}} | line 2: field 'mounts': 'Data' cannot be a mount's name",
        "{\"mounts\": {\"a@b\": {}}} | line 1: field 'mounts': 'a@b' cannot be",
        "{\"mounts\": {\"\": {}}} | line 1: field 'mounts': '' cannot be",
        "{\"mounts\": {\"a\": null}} | mount 'a': expected is an object with 'uri' and 'options', but"
            + " there is null",
        "{\"mounts\": {\"a\": {}}} | mount 'a': the field 'uri' is missing",
        "{\"mounts\": {\"a\": {\"uri\": 7}}} | mount 'a': field 'uri': expected is text",
        "{\"mounts\": {\"a\": {\"uri\": \"sftp server\"}}} | mount 'a': field 'uri': is not a URI",
        "{\"mounts\": {\"a\": {\"uri\": \"/data\"}}} | mount 'a': field 'uri': a mount's URI looks",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs://b/\"}}} | mount 'a': field 'uri': names a mount",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+file:///a?cache=none\"}}} | 'uri': has a query",
        "{\"mounts\": {\"a\": {\"url\": \"netfs+file:///a\"}}} | mount 'a': unknown field 'url'",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+file:///a\",\\n\\n\"uri\": 1}}} | line 3: mount 'a':"
            + " 'uri' is there twice",
        "{\"mounts\": {\"a\": {\"options\": []}}} | mount 'a': field 'options': expected is an object"
            + " of options by name, but there is an array",
        "{\"mounts\": {\"a\": {\"options\": {\"depth\": 1,\\n\"depth\": 1}}}} | line 2: mount 'a':"
            + " field 'options': 'depth' is there twice",
        "{\"mounts\": {\"a\": {\"options\": {\\n\"depth\": [1]}}}} | line 2: mount 'a': option"
            + " 'depth': expected is text, a number, true or false, but there is an array",
        "{\"mounts\": {\"a\": {\"options\": {\"disk\": null}}}} | option 'disk': expected is text",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+file:///a\"},\\n\"a\": {}}} | line 2: field 'mounts':"
            + " 'a' is there twice"
      })
  void aMalformedFileIsRefusedWithAWordOnWhere(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(text.replace("\\n", "\n"), "a"))
        .withMessageStartingWith("the file, line ")
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "password, 'hunter2', set 'passwordFile' to a file that holds it",
    "encryptionKey, 'hunter2', set 'encryptionKeyFile' to",
    "privateKeyPassphrase, 'hunter2', plain text; pass it in the env map",
    "secretKey, 'hunter2', plain text; pass it in the env map"
  })
  void aSecretIsRefusedAndNotRepeated(String option, String secret, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                parse(
                    "{\"mounts\": {\"a\": {\"options\": {\"%s\": \"%s\"}}}}"
                        .formatted(option, secret),
                    "a"))
        .withMessageStartingWith("the file, line 1: mount 'a': option '" + option + "'")
        .withMessageContaining(message)
        .satisfies(e -> assertThat(trace(e)).doesNotContain("hunter2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "{\"mounts\": {\"a\": {\"options\": {\"depth\": hunter2}}}}",
        "{\"mounts\": {\"a\": {\"options\": {\"depth\": \"hunter2",
        "{\"mounts\": {\"a\": {\"options\": {\"depth\": 'hunter2'}}}}",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+sftp://me:hunter2@server/data\"}}}",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+sftp://me:hunter2@my_server/data\"}}}",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+sftp://me:hunter2@ser ver/data\"}}}",
        "{\"mounts\": {\"a\": {\"uri\": \"me:hunter2@server/data\"}}}",
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+sftp://server/?password=hunter2\"}}}"
      })
  void aSecretInTheWrongPlaceIsNotRepeatedEither(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(text, "a"))
        .withMessageStartingWith("the file, line 1: ")
        .satisfies(e -> assertThat(trace(e)).doesNotContain("hunter2"));
  }

  private static String trace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  // ---- where it is

  private Path config(Path directory, String name) throws IOException {
    Files.createDirectories(directory);
    return Files.writeString(
        directory.resolve("netfs.json"),
        "{\"mounts\": {\"%s\": {\"uri\": \"netfs+file:///x\"}}}".formatted(name));
  }

  private List<String> names() throws IOException {
    return List.copyOf(NamedMounts.read(surroundings()).mounts().keySet());
  }

  @Test
  void theFirstPlaceCountsAndItAlone() throws IOException {
    properties.put("user.home", dir.resolve("home").toString());
    assertThat(names()).isEmpty();
    config(dir.resolve("home/.config/netfs"), "in-home");
    assertThat(names()).containsExactly("in-home");
    environment.put("XDG_CONFIG_HOME", dir.resolve("xdg").toString());
    config(dir.resolve("xdg/netfs"), "in-xdg");
    assertThat(names()).containsExactly("in-xdg");
    properties.put("netfs.config", config(dir.resolve("named"), "named").toString());
    assertThat(names()).containsExactly("named");
  }

  @Test
  void whereItWasLookedForIsKnown() throws IOException {
    properties.put("user.home", dir.toString());
    assertThat(NamedMounts.read(surroundings()).looked())
        .containsExactly(
            dir.resolve(".config/netfs/netfs.json").toString(),
            "the resource netfs.json on the class path");
    Path named = config(dir, "a");
    properties.put("netfs.config", named.toString());
    assertThat(NamedMounts.read(surroundings()).looked())
        .containsExactly(named + " (system property netfs.config)");
  }

  @Test
  void eachSystemHasItsPlace() {
    properties.put("user.home", dir.toString());
    properties.put("os.name", "Mac OS X");
    assertThat(surroundings().userFiles())
        .containsExactly(
            dir.resolve("Library/Application Support/netfs/netfs.json"),
            dir.resolve(".config/netfs/netfs.json"));
    properties.put("os.name", "Windows 11");
    assertThat(surroundings().userFiles())
        .containsExactly(dir.resolve("AppData/Roaming/netfs/netfs.json"));
    environment.put("APPDATA", dir.resolve("roaming").toString());
    assertThat(surroundings().userFiles()).containsExactly(dir.resolve("roaming/netfs/netfs.json"));
    environment.put("XDG_CONFIG_HOME", dir.resolve("xdg").toString());
    assertThat(surroundings().userFiles()).containsExactly(dir.resolve("xdg/netfs/netfs.json"));
    environment.put("XDG_CONFIG_HOME", "relative");
    assertThat(surroundings().userFiles()).containsExactly(dir.resolve("roaming/netfs/netfs.json"));
  }

  @Test
  void aUserWithoutAHomeHasNoFile() throws IOException {
    properties.put("user.home", "?");
    assertThat(surroundings().userFiles()).isEmpty();
    properties.put("user.home", "/dev/null");
    assertThat(names()).isEmpty();
  }

  @Test
  void aPropertyThatNamesNoFileIsAnError() {
    Path missing = dir.resolve("missing.json");
    properties.put("netfs.config", missing.toString());
    assertThatThrownBy(this::names)
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(missing.toString())
        .hasMessageContaining("netfs.config");
  }

  @Test
  void aDirectoryInItsPlaceIsAnError() throws IOException {
    properties.put("netfs.config", dir.toString());
    assertThatThrownBy(this::names)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(dir.toString());
  }

  @Test
  void otherEncodingsAreRefusedAndAByteOrderMarkIsNot() throws IOException {
    Path file = config(dir, "a");
    String text = Files.readString(file);
    properties.put("netfs.config", file.toString());
    Files.writeString(file, "\uFEFF" + text);
    assertThat(names()).containsExactly("a");
    Files.writeString(file, "\u00e9" + text, StandardCharsets.ISO_8859_1);
    assertThatIllegalArgumentException()
        .isThrownBy(this::names)
        .withMessageContaining(file + " is not UTF-8");
  }

  @Test
  void theContextClassLoadersResourceIsTheLastPlace() throws IOException {
    properties.put("user.home", dir.resolve("home").toString());
    Path classes = dir.resolve("classes");
    Files.createDirectories(classes);
    Files.writeString(
        classes.resolve("netfs.json"),
        "{\"mounts\": {\"a\": {\"uri\": \"netfs+sftp://s/\", \"options\": {\"knownHosts\": \"k\"}}}}");
    withContext(
        classes.toUri().toURL(),
        () ->
            assertThat(NamedMounts.read(surroundings()).mounts().get("a"))
                .satisfies(
                    mount ->
                        assertThat(mount.options())
                            .containsEntry("knownHosts", classes.resolve("k").toString())));

    Path jar = dir.resolve("a.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry("netfs.json"));
      Files.copy(classes.resolve("netfs.json"), out);
    }
    withContext(
        jar.toUri().toURL(),
        () ->
            assertThatIllegalArgumentException()
                .isThrownBy(this::names)
                .withMessageContaining("a.jar!/netfs.json, line 1: mount 'a': option 'knownHosts'")
                .withMessageContaining("write an absolute one"));
  }

  private interface Check {
    void run() throws IOException;
  }

  private static void withContext(URL url, Check check) throws IOException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {url}, before)) {
      thread.setContextClassLoader(loader);
      check.run();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void theListOfPlacesIsInOrder() throws IOException {
    List<String> looked = new ArrayList<>();
    properties.put("user.home", dir.toString());
    environment.put("XDG_CONFIG_HOME", dir.resolve("xdg").toString());
    assertThat(NamedMountFile.find(surroundings(), looked)).isNull();
    assertThat(looked).hasSize(2).first().isEqualTo(dir.resolve("xdg/netfs/netfs.json").toString());
  }
}
