package dev.netfs.fscache;

import static dev.netfs.fscache.CacheFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Granules, compressed and opened again, and what is no such thing. */
@Timeout(120)
class CodecTest {
  private static final int GRANULE = 256 << 10;

  /** Returns bytes that are like one another more or less, here and there. */
  private static byte[] mixed(Random random, int length) {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; ) {
      int run = Math.min(length - at, 1 + random.nextInt(1 << random.nextInt(12)));
      switch (random.nextInt(3)) {
        case 0 -> Arrays.fill(bytes, at, at + run, (byte) random.nextInt(4));
        case 1 -> {
          int from = random.nextInt(at + 1);
          for (int i = 0; i < run; i++) {
            bytes[at + i] = bytes[from + i]; // what is written by this may be read by it
          }
        }
        default -> System.arraycopy(bytes(random.nextLong(), run), 0, bytes, at, run);
      }
      at += run;
    }
    return bytes;
  }

  private static int pack(Codec codec, byte[] in, byte[] out) throws IOException {
    return codec == Codec.LZ4
        ? Lz4.compress(in, in.length, out)
        : Zstd.compress(in, in.length, out);
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void whatIsCompressedIsThereAgain(Codec codec) throws IOException {
    Random random = new Random(1);
    byte[] packed = new byte[2 * GRANULE];
    for (int i = 0; i < 600; i++) {
      int length = i < 300 ? i : random.nextInt(GRANULE);
      byte[] in = mixed(random, length);
      int made = pack(codec, in, packed);
      byte[] out = new byte[length];
      assertThat(codec.decompress(packed, made, out, length)).as("%d bytes", length).isTrue();
      assertThat(out).isEqualTo(in);
      assertThat(codec.decompress(packed, made, new byte[length + 1], length + 1)).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void whatDoesNotFitIsNotWritten(Codec codec) throws IOException {
    Random random = new Random(2);
    for (int i = 0; i < 200; i++) {
      byte[] in = mixed(random, random.nextInt(20_000));
      byte[] packed = new byte[random.nextInt(20_000)];
      int made = pack(codec, in, packed);
      assertThat(made).isLessThanOrEqualTo(packed.length);
      if (made >= 0) {
        byte[] out = new byte[in.length];
        assertThat(codec.decompress(packed, made, out, in.length)).isTrue();
        assertThat(out).isEqualTo(in);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  void textShrinksAndNoiseStaysAsItIs(Codec codec) {
    String words = "Stored granules of text shrink to a part of what they were. ".repeat(2_000);
    byte[] text = Arrays.copyOf(words.getBytes(StandardCharsets.US_ASCII), GRANULE);
    byte[] out = new byte[GRANULE];
    assertThat(codec.compress(text, GRANULE, out)).isBetween(20, 2_000);
    assertThat(codec.compress(bytes(1, GRANULE), GRANULE, out)).isEqualTo(-1);
    // Of what is no more than a block nothing can be saved.
    assertThat(codec.compress(text, Slots.BLOCK, out)).isEqualTo(-1);
    assertThat(Codec.NONE.compress(text, GRANULE, out)).isEqualTo(-1);
  }

  @ParameterizedTest
  @EnumSource(names = {"LZ4", "ZSTD"})
  @Tag("C7")
  void whatIsDamagedEitherFailsOrIsAsLongAsItShouldBe(Codec codec) throws IOException {
    Random random = new Random(3);
    byte[] packed = new byte[2 * GRANULE];
    byte[] out = new byte[GRANULE];
    int opened = 0;
    for (int i = 0; i < 3_000; i++) {
      byte[] in = mixed(random, 1 + random.nextInt(8_000));
      int made = pack(codec, in, packed);
      int wanted = in.length;
      switch (random.nextInt(4)) {
        case 0 -> made = random.nextInt(made); // cut off
        case 1 -> wanted += random.nextBoolean() ? 1 : -1; // of another length
        case 2 -> System.arraycopy(bytes(i, made), 0, packed, 0, made); // noise
        default -> {
          for (int j = 0; j <= random.nextInt(4); j++) {
            packed[random.nextInt(made)] ^= (byte) (1 << random.nextInt(8));
          }
        }
      }
      Arrays.fill(out, (byte) 7);
      opened += codec.decompress(packed, made, out, wanted) ? 1 : 0;
      for (int j = wanted; j < wanted + 100; j++) {
        assertThat(out[j]).as("behind the end").isEqualTo((byte) 7);
      }
    }
    // A flipped literal is still a block: that it is the wrong one shows the slot's tag.
    assertThat(opened).isLessThan(1_500);
  }

  @Test
  @Tag("C7")
  void aFrameThatWantsMuchMemoryOrHasACompanyIsNotOpened() throws IOException {
    byte[] in = mixed(new Random(4), 10_000);
    byte[] packed = new byte[20_000];
    int made = Zstd.compress(in, in.length, packed);
    assertThat(Zstd.isOneFrame(frame(packed, made))).isTrue();
    assertThat(Zstd.isOneFrame(frame(packed, made - 1))).as("cut off").isFalse();
    assertThat(Zstd.isOneFrame(frame(packed, made + 1))).as("and a byte").isFalse();
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    two.write(packed, 0, made);
    two.write(packed, 0, made);
    assertThat(Zstd.isOneFrame(frame(two.toByteArray(), two.size()))).as("two").isFalse();
    // Magic, no content size, a window of 2^(10 + n) bytes, and one block of 3 bytes.
    for (int exponent = 0; exponent < 32; exponent++) {
      ByteBuffer small = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      small.putInt(0xFD2FB528).put((byte) 0).put((byte) (exponent << 3));
      small.put((byte) (3 << 3 | 1)).put((byte) 0).put((byte) 0).put(new byte[] {1, 2, 3});
      byte[] out = new byte[3];
      assertThat(Codec.ZSTD.decompress(small.array(), 12, out, 3))
          .as("a window of 2^%d", 10 + exponent)
          .isEqualTo(10 + exponent <= 23);
    }
  }

  private static ByteBuffer frame(byte[] bytes, int length) {
    return ByteBuffer.wrap(bytes, 0, length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
