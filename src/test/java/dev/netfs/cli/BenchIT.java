package dev.netfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.netfs.cli.bench.Bench;
import dev.netfs.testing.Servers;
import java.io.IOException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code netfs bench} beside the programs that come with the servers. */
@Timeout(120)
class BenchIT {
  @ParameterizedTest
  @CsvSource({"sshd, sftp", "smbd, smbclient", "smbd-signed, smbclient"})
  void theServersOwnProgramIsMeasuredBesideNetfs(String server, String program) throws IOException {
    boolean sshd = server.equals("sshd");
    Servers.require(
        sshd ? Bench.hasSshd() : Bench.hasSmbd(),
        sshd
            ? "sshd and sftp (apt-get install openssh-server openssh-client)"
            : "smbd and smbclient (apt-get install samba smbclient)");
    Cli.Result result =
        new Cli()
            .run(
                ("bench --json --link 0 --size 1MiB --rounds 1 --warm-up 0 --only W1,W5 --server "
                        + server
                        + " --peers "
                        + program)
                    .split(" "));
    assertThat(result.status()).as(result.err()).isZero();
    JsonNode results = new ObjectMapper().readTree(result.out()).get("results");
    assertThat(results).hasSize(2);
    for (JsonNode row : results) {
      assertThat(row.has("failures")).as(row.toString()).isFalse();
      assertThat(row.get("figures").get(program).get("median").asDouble()).isPositive();
    }
  }
}
