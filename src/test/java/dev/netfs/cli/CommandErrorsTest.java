package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a command line is said in one line, with what would be right. */
class CommandErrorsTest {

  static Stream<Arguments> wrong() {
    return Stream.of(
        arguments(2, List.of("frobnicate"), "'frobnicate'; see netfs --help"),
        arguments(2, List.of("ls"), "see netfs ls --help"),
        arguments(2, List.of("cp", "x"), "see netfs cp --help"),
        arguments(2, List.of("ls", "--frob", "x"), "'--frob'; see netfs ls --help"),
        arguments(2, List.of("ls", "sftp://host/x"), "write netfs+sftp:"),
        arguments(2, List.of("ls", "gopher://host/x"), "gopher: is not a scheme of netfs; there"),
        arguments(2, List.of("ls", "netfs+file:///a b"), "a space is %20"),
        arguments(2, List.of("ls", "-o", "frob=1", "netfs+file:///"), "unknown option 'frob'"),
        arguments(2, List.of("ls", "netfs+file:///?frob=1"), "unknown option 'frob'"),
        arguments(2, List.of("ls", "-o", "rsize=lots", "netfs+file:///"), "'rsize' is 'lots'"),
        arguments(
            2,
            List.of("ls", "netfs+file:///?attrTtl=1s", "netfs+file:///?attrTtl=2s"),
            "ask for different options"),
        arguments(
            2, List.of("ls", "-o", "password=pst", "netfs+sftp://me@127.0.0.1/"), "NETFS_PASSWORD"),
        arguments(
            2,
            List.of("ls", "-o", "privateKeyPassphrase=pst", "netfs+sftp://me@127.0.0.1/"),
            "NETFS_PRIVATE_KEY_PASSPHRASE"),
        arguments(2, List.of("ls", "netfs+sftp://me:pst@127.0.0.1/"), "holds a password"),
        arguments(2, List.of("ls", "netfs+sftp://me:pst@127.0.0.1/a b"), "a URI is malformed"),
        arguments(2, List.of("ls", "netfs+sftp://127.0.0.1/?password=pst"), "is a secret"),
        arguments(2, List.of("cp", "netfs+file:///a", "netfs+file:///b", "/c/d"), "several"),
        arguments(1, List.of("ls", "netfs+file:///netfs-no-such/x"), "no such file or directory"),
        arguments(1, List.of("cp", "/netfs-no-such", "/tmp/x"), "no such file or directory"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void isSaidInOneLine(int status, List<String> arguments, String message) {
    Cli.Result result = new Cli().run(arguments.toArray(String[]::new));
    assertThat(result.err()).startsWith("netfs: ").contains(message).doesNotContain("pst");
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.status()).isEqualTo(status);
  }

  @Test
  void verboseAddsTheStackTrace() {
    Cli.Result result = new Cli().run("-v", "ls", "netfs+file:///netfs-no-such/x");
    assertThat(result.err()).contains("NoSuchFileException", "\tat dev.netfs.");
  }

  @Test
  void helpNamesTheExitCodes() {
    assertThat(new Cli().run("stat", "--nope").status()).isEqualTo(2);
    // Help goes to picocli's own output, System.out.
    assertThat(Main.commandLine(Terminal.ofProcess()).getUsageMessage())
        .contains("Exit codes:", "demo", "ls", "cat", "cp", "stat");
  }
}
