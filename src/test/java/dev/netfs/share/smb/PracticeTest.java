package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.IoSegments;
import dev.netfs.share.ReadResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is practised holds; and what reads in parts come to, which there are meanwhile. */
class PracticeTest {
  @ParameterizedTest
  @ValueSource(ints = {Smb2.CIPHER_AES_128_CCM, Smb2.CIPHER_AES_128_GCM, Smb2.CIPHER_AES_256_GCM})
  void sealedMessagesAreOpened(int cipher) {
    Practice practice = Practice.ofSealing(cipher);
    assertThat(Practice.ofSealing(cipher)).isSameAs(practice);
    assertThatCode(practice::run).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(ints = {Smb2.SIGN_HMAC_SHA256, Smb2.SIGN_AES_CMAC, Smb2.SIGN_AES_GMAC})
  void signaturesHold(int algorithm) {
    assertThatCode(Practice.ofSigning(algorithm)::run).doesNotThrowAnyException();
  }

  @Test
  void whatIsSlowAfterAllIsPractisedAgain() {
    Practice practice = new Practice((message, room) -> {});
    assertThat(practice.isFast()).isFalse();
    practice.run();
    assertThat(practice.isFast()).isTrue();
    for (int i = 0; i < 10; i++) { // by accident, and short ones
      practice.took(500_000, 1_000_000_000);
      practice.took(500_000, 100_000);
      practice.took(1_000, 1_000_000_000);
    }
    assertThat(practice.isFast()).isTrue();
    for (int i = 0; i < 4; i++) {
      practice.took(500_000, 5_000_000);
    }
    assertThat(practice.isFast()).isFalse();
    practice.run();
    assertThat(practice.isFast()).isTrue();
  }

  private static final int SIZE = 10;

  private static CompletableFuture<ReadResult> brought(long bytes, boolean end) {
    return CompletableFuture.completedFuture(ReadResult.of(bytes, end));
  }

  private static CompletableFuture<ReadResult> failed(String why) {
    return CompletableFuture.failedFuture(new IOException(why));
  }

  @Test
  void partsWithoutAGapAreOneRead() throws Exception {
    IoSegments memory = IoSegments.of(ByteBuffer.allocate(30));
    CompletableFuture<ReadResult> last = new CompletableFuture<>();
    CompletableFuture<ReadResult> all =
        SmbFile.joined(List.of(brought(SIZE, false), brought(SIZE, false), last), SIZE, memory);
    assertThat(all).as("the memory is not free before the last part is").isNotDone();
    last.complete(ReadResult.of(7, false));
    assertThat(all.get()).isEqualTo(ReadResult.of(27, false));
    assertThat(memory.remaining()).isEqualTo(3);
  }

  @Test
  void whatComesAfterAGapIsNotCounted() throws Exception {
    IoSegments memory = IoSegments.of(ByteBuffer.allocate(30));
    List<CompletableFuture<ReadResult>> parts =
        List.of(brought(SIZE, false), brought(4, false), brought(SIZE, false));
    assertThat(SmbFile.joined(parts, SIZE, memory).get()).isEqualTo(ReadResult.of(14, false));
    parts = List.of(brought(SIZE, false), failed("locked"), brought(SIZE, false));
    assertThat(SmbFile.joined(parts, SIZE, memory).get()).isEqualTo(ReadResult.of(10, false));
  }

  @Test
  void theEndIsWhereThePartThatMetItBegins() throws Exception {
    IoSegments memory = IoSegments.of(ByteBuffer.allocate(30));
    List<CompletableFuture<ReadResult>> parts =
        List.of(brought(SIZE, false), brought(0, true), brought(0, true));
    assertThat(SmbFile.joined(parts, SIZE, memory).get()).isEqualTo(ReadResult.of(10, true));
    // A short part proves nothing, whatever the next one met.
    parts = List.of(brought(SIZE, false), brought(4, false), brought(0, true));
    assertThat(SmbFile.joined(parts, SIZE, memory).get()).isEqualTo(ReadResult.of(14, false));
  }

  @Test
  void whatTheFirstPartFailsWithIsTheFailure() {
    IoSegments memory = IoSegments.of(ByteBuffer.allocate(30));
    CompletableFuture<ReadResult> all =
        SmbFile.joined(List.of(failed("locked"), brought(SIZE, false)), SIZE, memory);
    assertThatThrownBy(all::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isExactlyInstanceOf(IOException.class)
        .hasMessage("locked");
    assertThat(memory.remaining()).isEqualTo(30);
  }
}
