package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.netfs.cli.bench.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code netfs bench}: that it works and says what is wrong, not what is fast. */
class BenchCommandTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--link -1 | --link -1: has to be from 0 to 10000 milliseconds",
        "--link soon | 'soon' is not a number of milliseconds such as 20 or 0.5",
        "--bandwidth fast | 'fast' is not a number of bytes such as 256MiB or 100MB",
        "--bandwidth 10 | --bandwidth 10 B/s: has to be 1kB/s at least",
        "--size 99999999999TB | is too much",
        "--size 1MB | --size 1000000: has to be a multiple of 1MiB",
        "--warm-up -1 | --warm-up -1: has to be 0 at least",
        "--rounds 0 | --rounds 0: has to be 1 at least",
        "--files 0 | --files 0: has to be 1 at least",
        "--only W1,W99 | --only W99: is not known; there are W1, W10, W11, W11off, W12, W2",
        "--peers scp | --peers scp: is not known; there are local, mina, rclone, sftp, smbclient",
        "--server tftp | --server tftp: has to be auto, sshd, smbd, smbd-signed, embedded, or a URI"
            + " such as",
        "--server http://x/ | --server: has to be a URI such as netfs+sftp://me@server/dir",
        "--server netfs+sftp://me:s3cret@server/dir | a password with --password-file",
        "--mount . | --mount: needs --server with the URI of the directory it shows",
        "--local-directory no/such | --local-directory no/such: is not a directory",
        "-o password=s3cret | option 'password' is a secret",
      })
  void aWrongOptionIsOneLineThatSaysWhatIsWrong(String arguments, String message) {
    String[] command = ("bench " + arguments).split(" ");
    Cli.Result result = new Cli().run(command);
    assertThat(result.err()).contains(message).doesNotContain("s3cret").hasLineCount(1);
    assertThat(result.status()).isEqualTo(Main.WRONG_USAGE);
  }

  @Test
  void everyWorkloadWorksOnEachLinkAndLeavesNothingBehind() throws IOException {
    Path served = Files.createDirectory(directory.resolve("served"));
    Path local = Files.createDirectory(directory.resolve("local"));
    Cli.Result result =
        new Cli()
            .run(
                ("bench --json --server embedded --link 0,1 --size 1MiB --files 3 --entries 101"
                        + " --operations 10 --rounds 1 --warm-up 0"
                        + " --peers local,mina --server-directory "
                        + served
                        + " --local-directory "
                        + local)
                    .split(" "));
    assertThat(result.status()).as(result.err()).isZero();
    JsonNode document = new ObjectMapper().readTree(result.out());
    assertThat(document.get("server").asText()).startsWith("the embedded one");
    TreeSet<String> rows = new TreeSet<>();
    for (JsonNode row : document.get("results")) {
      String name = row.get("workload").asText() + " " + row.get("link").get("title").asText();
      rows.add(name);
      assertThat(row.get("figures").get("netfs").get("median").asDouble()).as(name).isPositive();
      assertThat(row.has("failures")).as(name + row).isFalse();
      assertThat(row.get("figures").get("netfs").has("early"))
          .as(name + ": warmed up on the first link, and reported")
          .isEqualTo(name.endsWith("loopback"));
    }
    assertThat(rows)
        .as("all on both links, but for W3 and W3x8")
        .hasSize(2 * Bench.workloads().size() - 2)
        .contains("W1 loopback", "W1 1 ms, 100 MB/s", "W10 1 ms, 100 MB/s", "W3 loopback")
        .doesNotContain("W3 1 ms, 100 MB/s");
    assertThat(document.get("mustShow").findValuesAsText("id"))
        .contains("1a", "1b", "1c", "2a", "3a", "3c", "4a", "4b", "5a", "6b", "7a", "7c")
        .contains("C1a", "C1c", "C1d", "C2");
    JsonNode again = row(document, "W11", "loopback");
    assertThat(again.get("figures").get("netfs").get("kibibytesDown").asDouble())
        .as("from the server, of what is on the disk")
        .isZero();
    JsonNode walk = row(document, "W7", "loopback");
    assertThat(walk.get("ratios").get("netfsToLocal").asDouble()).isPositive();
    JsonNode creating = row(document, "W8", "1 ms, 100 MB/s");
    assertThat(creating.get("link").get("idleRoundTripMillis").asDouble())
        .isGreaterThanOrEqualTo(1);
    assertThat(creating.get("figures").get("netfs").get("roundTripsByTheClock").asDouble())
        .isPositive();
    JsonNode reading = row(document, "W1", "1 ms, 100 MB/s");
    assertThat(reading.get("figures").get("netfs").get("fileBytesDown").asLong())
        .isEqualTo(1 << 20);
    assertThat(reading.get("figures").get("netfs").get("wireBytesDown").asLong())
        .isGreaterThan(1 << 20);
    assertThat(reading.get("figures").get("netfs").get("requests").get("read").asLong())
        .isPositive();
    assertThat(reading.get("ratios").get("ofLink").asDouble()).isPositive();
    try (Stream<Path> left = Stream.concat(Files.list(served), Files.list(local))) {
      assertThat(left).isEmpty();
    }
  }

  private static JsonNode row(JsonNode document, String workload, String link) {
    for (JsonNode row : document.get("results")) {
      if (row.get("workload").asText().equals(workload)
          && row.get("link").get("title").asText().equals(link)) {
        return row;
      }
    }
    throw new AssertionError("no row " + workload + " " + link);
  }

  @Test
  void theTableNamesEveryWorkloadThatWasAskedForAndNoOther() {
    Cli.Result result =
        new Cli()
            .run(
                "bench",
                "--server",
                "embedded",
                "--link",
                "0",
                "--size",
                "1MiB",
                "--rounds",
                "2",
                "--warm-up",
                "0",
                "--only",
                "W2all",
                "--peers",
                "none");
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("server: the embedded one", "W2all   warm Files.readAllBytes")
        .doesNotContain("W1 ", "local 1", "\n2a ");
  }
}
