package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FileSizesTest {
  private final FileSizes sizes = new FileSizes();

  private void check(long local, long remote, long zeroPoint) {
    assertThat(sizes)
        .hasToString(
            "local size " + local + ", remote size " + remote + ", zero point " + zeroPoint);
    assertThat(sizes.local()).isEqualTo(local);
    assertThat(sizes.remote()).isEqualTo(remote);
    assertThat(sizes.zeroPoint()).isEqualTo(zeroPoint);
  }

  @Test
  @Tag("S1")
  void theServerHasNothingOfWhatWasOnlyWrittenHere() {
    sizes.serverHas(100, 0);
    sizes.wrote(300);
    check(300, 100, 100);
    sizes.wrote(200);
    check(300, 100, 100);
  }

  @Test
  @Tag("S2")
  void anEvictionRaisesTheZeroPointUpToWhatTheServerHas() {
    sizes.wrote(300);
    sizes.raiseZeroPoint(300);
    check(300, 0, 0);
    sizes.sent(200);
    check(300, 200, 0);
    sizes.raiseZeroPoint(64);
    check(300, 200, 64);
    sizes.raiseZeroPoint(320);
    check(300, 200, 200);
    sizes.raiseZeroPoint(10);
    check(300, 200, 200);
  }

  @Test
  @Tag("S3")
  void aSizeFromTheServerDoesNotCutOffWhatIsNotSent() {
    sizes.wrote(300);
    sizes.serverHas(100, 300);
    check(300, 100, 100);
    sizes.serverHas(50, 0);
    check(50, 50, 50);
    sizes.serverHas(400, 300);
    check(400, 400, 400);
  }

  @Test
  void earlierBytesThatArriveLaterDoNotShrinkTheServersFile() {
    sizes.sent(300);
    sizes.sent(100);
    check(0, 300, 0);
  }

  @Test
  @Tag("S2")
  void aCutLowersWhatIsAboveItAndNothingElse() {
    sizes.serverHas(1000, 0);
    sizes.cut(600);
    check(600, 600, 600);
    sizes.serverCut(600);
    check(600, 600, 600);
    sizes.wrote(2000);
    sizes.cut(900);
    check(900, 600, 600);
    sizes.serverCut(900);
    check(900, 900, 600);
  }

  @Test
  void whatTheServerMayHoldIsAskedForWhateverItsSize() {
    sizes.serverMayHold(70);
    check(0, 0, 70);
    sizes.serverMayHold(30);
    check(0, 0, 70);
  }

  @Test
  @Tag("S1")
  void whatTheServerHasCutOffIsNotAskedFor() {
    sizes.serverHas(1000, 0);
    sizes.serverCut(400);
    check(1000, 400, 400);
  }
}
