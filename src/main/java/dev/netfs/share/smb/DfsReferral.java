package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a server says that something is kept (MS-DFSC 2.2.4).
 *
 * @param consumed how many characters of the path that was asked for the targets stand for
 * @param targets paths such as {@code \server\share}, the best one first
 * @param lifetime for how long that can be gone by, before it has to be asked for again
 */
record DfsReferral(int consumed, List<String> targets, Duration lifetime) {
  /** The newest form of answer that is understood here. */
  private static final int LEVEL = 4;

  private static final int HEADER = 8;
  private static final int MOST_TARGETS = 32;
  private static final int NAME_LIST = 2;

  /** Of what a server says in a form that has no place for it. */
  private static final long USUAL_SECONDS = 300;

  private static final long MOST_SECONDS = Duration.ofDays(1).toSeconds();

  DfsReferral {
    targets = List.copyOf(targets);
  }

  /**
   * Returns the question where a path is kept.
   *
   * @param path such as {@code \server\share\directory}
   */
  static byte[] question(String path) {
    return new PacketWriter().u16(LEVEL).bytes(PacketWriter.utf16(path)).u16(0).toBytes();
  }

  /**
   * Reads the answer.
   *
   * @throws IOException if it is malformed
   */
  static DfsReferral parse(ByteBuffer answer, String asked) throws IOException {
    try {
      ByteBuffer in = answer.slice().order(ByteOrder.LITTLE_ENDIAN);
      int consumed = (in.getShort(0) & 0xFFFF) / 2;
      int count = in.getShort(2) & 0xFFFF;
      List<String> targets = new ArrayList<>();
      long seconds = MOST_SECONDS;
      int at = HEADER;
      for (int i = 0; i < Math.min(count, MOST_TARGETS); i++) {
        int version = in.getShort(at) & 0xFFFF;
        int size = in.getShort(at + 2) & 0xFFFF;
        boolean names = version >= 3 && (in.getShort(at + 6) & NAME_LIST) != 0;
        if (version < 1 || version > LEVEL || size < HEADER || names) {
          throw new IllegalArgumentException("a referral of version " + version);
        }
        int name = version == 1 ? HEADER : in.getShort(at + (version == 2 ? 20 : 16)) & 0xFFFF;
        targets.add(text(in, at + name));
        long its = version == 1 ? USUAL_SECONDS : in.getInt(at + (version == 2 ? 12 : 8));
        seconds = Math.min(seconds, its & 0xFFFFFFFFL);
        at += size;
      }
      if (consumed > asked.length()) {
        throw new IllegalArgumentException("a referral of more than was asked for");
      }
      // Not none at all, or each operation would have to ask.
      return new DfsReferral(consumed, targets, Duration.ofSeconds(Math.max(1, seconds)));
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new IOException("the server's DFS referral is malformed: " + e.getMessage(), e);
    }
  }

  private static String text(ByteBuffer in, int at) {
    StringBuilder text = new StringBuilder();
    for (int from = at; in.getChar(from) != 0; from += 2) {
      text.append(in.getChar(from));
    }
    return text.toString();
  }

  /** Returns where a path is, in the order in which to look there. */
  List<String> of(String path) {
    String below = path.substring(consumed);
    return targets.stream().map(target -> target + below).toList();
  }
}
