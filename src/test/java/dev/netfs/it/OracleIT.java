package dev.netfs.it;

import dev.netfs.testing.OpenSshServer;
import java.io.IOException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** A thousand random operations over a real OpenSSH server. */
@Timeout(300)
class OracleIT extends OracleContract {
  OracleIT() {
    super(
        1000,
        SetUp.of(),
        SetUp.of("pageSize", 4096, "memory", 65_536, "readahead", 20_000),
        SetUp.twoClients(),
        SetUp.of("rsize", 3000, "wsize", 5000, "write", "through"),
        SetUp.of("cache", "none"));
  }

  @BeforeAll
  static void start() throws IOException {
    start(OpenSshServer.start());
  }

  static LongStream seeds() {
    return OracleRun.seeds(5);
  }
}
