package dev.netfs.it;

import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** Random operations over a real Samba server. */
@Timeout(120)
class SambaOracleIT extends OracleContract {
  SambaOracleIT() {
    super(
        700,
        SetUp.of("attrTtl", "0s"),
        SetUp.of("pageSize", 4096, "memory", 65_536, "readahead", 20_000),
        SetUp.twoClients(),
        SetUp.of("cache", "none", "seal", "server"));
  }

  @BeforeAll
  static void start() throws IOException {
    start(SambaServer.start());
  }

  static LongStream seeds() {
    return OracleRun.seeds(4);
  }
}
