package dev.netfs.share;

import org.jspecify.annotations.Nullable;

/**
 * What a {@linkplain ShareFile#read read} did.
 *
 * @param bytes how many bytes were filled, from the first of the segments on; 0 or more
 * @param endOfFile whether the server said, or the read showed, that no byte follows these. A short
 *     result with this false means only that the rest has to be asked for again.
 * @param version the object's version that the server showed with the bytes, as in {@link
 *     FileInfo#version()}; null where the protocol shows none
 */
public record ReadResult(long bytes, boolean endOfFile, @Nullable String version) {
  public ReadResult {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative byte count " + bytes);
    }
  }

  /** A result without a version. */
  public static ReadResult of(long bytes, boolean endOfFile) {
    return new ReadResult(bytes, endOfFile, null);
  }
}
