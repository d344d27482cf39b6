package dev.netfs.cli.bench;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Content of files that everybody can make anew: pseudo-random blocks, from a seed each. */
final class Content {
  static final int BLOCK = 4096;

  private Content() {}

  /** Returns the block of a file of some seed. */
  static byte[] block(long seed, long number) {
    byte[] block = new byte[BLOCK];
    new SplittableRandom(seed * 0x9E3779B97F4A7C15L + number).nextBytes(block);
    return block;
  }

  /** Fills a buffer, whose size is a multiple of the block's, from an offset that is one too. */
  static void fill(ByteBuffer buffer, long seed, long offset) {
    for (long number = offset / BLOCK; buffer.hasRemaining(); number++) {
      buffer.put(block(seed, number), 0, Math.min(BLOCK, buffer.remaining()));
    }
  }
}
