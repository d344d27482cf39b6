package dev.netfs.testing;

import dev.netfs.share.Share;
import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareContract;
import dev.netfs.share.ShareOptions;
import dev.netfs.testing.Faults.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is slow and stops short is still a share. */
@DisabledOnOs(OS.WINDOWS)
class FaultyShareContractTest extends ShareContract {
  @TempDir Path root;

  @Override
  protected void makeRoot() {}

  @Override
  protected void removeRoot() {}

  @Override
  protected Share connect() throws IOException {
    Faults faults =
        Faults.seeded(1)
            .rate(Fault.SHORT, 0.3)
            .rate(Fault.DELAY_BEFORE, 0.1)
            .rate(Fault.DELAY_AFTER, 0.1)
            .maxDelay(Duration.ofMillis(1))
            .build();
    return new FaultyShareProvider()
        .connect(
            new ShareConfig(
                FaultyShareProvider.uri(),
                ShareOptions.of(FaultyShareProvider.options(root, faults))));
  }

  @Override
  protected Set<Feature> features() {
    return EnumSet.complementOf(EnumSet.of(Feature.LEASES, Feature.NOTIFICATIONS));
  }

  @Override
  protected Path serverRoot() {
    return root;
  }
}
