package dev.netfs.share.sftp;

import dev.netfs.share.ShareCapabilities;
import java.time.Duration;
import java.util.Set;

/**
 * How much one request may move.
 *
 * @param read the most bytes that one READ may ask for
 * @param write the most bytes that one WRITE may carry
 */
record SftpLimits(int read, int write) {
  /**
   * What every server takes: the draft's section 3 wants packets of 34,000 bytes to work, with a
   * "maximum of 32768 bytes of data".
   */
  private static final int SAFE = 32 * 1024;

  /**
   * OpenSSH takes 261,120. Where a server takes more, this keeps one request from being the only
   * one under way.
   */
  private static final int MAX = 256 * 1024;

  /**
   * The bytes on their way that a connection is filled with: 1 Gbit/s at a round trip of 130 ms.
   */
  private static final int IN_FLIGHT = 16 << 20;

  /**
   * So many requests at once, where they are small: 1 MiB in blocks of 4 KiB. OpenSSH's server
   * reads on while it has requests to carry out, and copies what it has not come to each time its
   * memory for that grows: twice as many take it more than three times as long.
   */
  private static final int DEPTH = 256;

  static SftpLimits of(SftpClient.Limits limits) {
    return new SftpLimits(clamp(limits.read()), clamp(limits.write()));
  }

  ShareCapabilities capabilities(SftpClient client) {
    return ShareCapabilities.builder()
        .rsize(read)
        .wsize(write)
        .depth(DEPTH)
        .window(IN_FLIGHT)
        .atomicRename(true) // to a free name, which SSH_FXP_RENAME insists on
        .atomicReplace(client.has(SftpProtocol.POSIX_RENAME))
        .serverCopy(client.has(SftpProtocol.COPY_DATA))
        .hardLinks(client.has(SftpProtocol.HARDLINK))
        .symbolicLinks(true)
        .durableSync(client.has(SftpProtocol.FSYNC))
        .timestampGranularity(Duration.ofSeconds(1))
        .attributeViews(Set.of("basic", "owner", "posix", "unix"))
        .build();
  }

  private static int clamp(long limit) {
    return limit <= 0 ? SAFE : (int) Math.min(limit, MAX);
  }
}
