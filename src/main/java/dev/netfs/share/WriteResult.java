package dev.netfs.share;

import org.jspecify.annotations.Nullable;

/**
 * What a {@linkplain ShareFile#write write} did.
 *
 * @param bytes how many bytes the server took, from the first of the segments on; 0 or more
 * @param version the object's version after the write, as in {@link FileInfo#version()}; null where
 *     the protocol shows none
 */
public record WriteResult(long bytes, @Nullable String version) {
  public WriteResult {
    if (bytes < 0) {
      throw new IllegalArgumentException("negative byte count " + bytes);
    }
  }

  /** A result without a version. */
  public static WriteResult of(long bytes) {
    return new WriteResult(bytes, null);
  }
}
