package dev.netfs.fscache;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When small records are sealed or opened so that the JIT compiler comes to large ones. */
@Timeout(60)
class WarmUpTest {
  private static final int GRANULE = 256 << 10;

  @ParameterizedTest
  @ValueSource(ints = {Cipher.ENCRYPT_MODE, Cipher.DECRYPT_MODE})
  void onlyWhatIsSlowCallsForItAndNotForEver(int mode) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    WarmUp warmUp = new WarmUp(mode);
    assertThat(warmUp.took(cipher, GRANULE, 60_000)).as("at 4 GB/s").isZero();
    assertThat(warmUp.took(cipher, 4096, 60_000)).as("one too short to tell").isZero();
    Cipher other = Cipher.getInstance("AES/GCM/NoPadding"); // threads have their own
    int calls = 0;
    while (calls < WarmUp.MOST_CALLS) {
      int more = warmUp.took(calls % 3 == 0 ? other : cipher, GRANULE, 2_500_000);
      assertThat(more).as("at 100 MB/s, after %s", calls).isEqualTo(WarmUp.CALLS);
      calls += more;
    }
    assertThat(warmUp.took(cipher, GRANULE, 2_500_000)).as("in the end").isZero();
  }
}
