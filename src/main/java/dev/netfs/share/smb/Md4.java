package dev.netfs.share.smb;

import java.util.Arrays;

/** MD4 (RFC 1320), which NTLM hashes passwords with and the JDK does not offer. */
final class Md4 {
  private static final int[] SHIFTS = {3, 7, 11, 19, 3, 5, 9, 13, 3, 9, 11, 15};
  private static final int[] THIRD = {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15};

  private Md4() {}

  static byte[] digest(byte[] message) {
    int blocks = (message.length + 9 + 63) / 64;
    byte[] padded = Arrays.copyOf(message, blocks * 64);
    padded[message.length] = (byte) 0x80;
    long bits = 8L * message.length;
    for (int i = 0; i < 8; i++) {
      padded[padded.length - 8 + i] = (byte) (bits >>> 8 * i);
    }
    int[] state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    int[] words = new int[16];
    for (int block = 0; block < blocks; block++) {
      for (int i = 0; i < 16; i++) {
        int at = block * 64 + 4 * i;
        words[i] =
            padded[at] & 0xFF
                | (padded[at + 1] & 0xFF) << 8
                | (padded[at + 2] & 0xFF) << 16
                | padded[at + 3] << 24;
      }
      mix(state, words);
    }
    Arrays.fill(padded, (byte) 0);
    byte[] digest = new byte[16];
    for (int i = 0; i < 16; i++) {
      digest[i] = (byte) (state[i / 4] >>> 8 * (i % 4));
    }
    return digest;
  }

  private static void mix(int[] state, int[] words) {
    int[] s = state.clone();
    for (int step = 0; step < 48; step++) {
      int round = step / 16;
      int i = step % 16;
      int a = -step & 3; // whose turn it is: A, D, C, B
      int b = s[a + 1 & 3];
      int c = s[a + 2 & 3];
      int d = s[a + 3 & 3];
      int mixed;
      int word;
      switch (round) {
        case 0 -> {
          mixed = b & c | ~b & d;
          word = words[i];
        }
        case 1 -> {
          mixed = (b & c | b & d | c & d) + 0x5a827999;
          word = words[i / 4 + 4 * (i % 4)];
        }
        default -> {
          mixed = (b ^ c ^ d) + 0x6ed9eba1;
          word = words[THIRD[i]];
        }
      }
      s[a] = Integer.rotateLeft(s[a] + mixed + word, SHIFTS[4 * round + i % 4]);
    }
    for (int i = 0; i < 4; i++) {
      state[i] += s[i];
    }
  }
}
