package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * Agrees with a server on how to talk (MS-SMB2 3.2.4.2, 3.2.5.2): what is asked, and what the
 * answer says. Confined to the connecting thread.
 */
final class Negotiation {
  /** What is spoken here. 2.0.2 is left out: it has neither large requests nor leases. */
  private static final int[] DIALECTS = {
    Smb2.DIALECT_2_1, Smb2.DIALECT_3_0, Smb2.DIALECT_3_0_2, Smb2.DIALECT_3_1_1
  };

  private static final int CAPABILITIES =
      Smb2.CAP_LEASING | Smb2.CAP_LARGE_MTU | Smb2.CAP_ENCRYPTION;
  private static final int SHA_512 = 1;
  private static final int CONTEXTS_AT = Smb2.HEADER + 36 + 2 * DIALECTS.length + 7 & ~7;
  private static final int MOST_CONTEXTS = 32;

  private final byte[] clientGuid = new byte[16];
  private final int securityMode;
  private byte[] hash = new byte[64];

  // What the server said.
  private int dialect;
  private int serverMode;
  private byte[] serverGuid = new byte[16];
  private int serverCapabilities;
  private int maxTransact;
  private int maxRead;
  private int maxWrite;
  private int cipher;
  private int signing = Smb2.SIGN_AES_CMAC;

  Negotiation(boolean signingRequired) {
    new SecureRandom().nextBytes(clientGuid);
    securityMode = Smb2.SIGNING_ENABLED | (signingRequired ? Smb2.SIGNING_REQUIRED : 0);
  }

  Request request() {
    PacketWriter body =
        new PacketWriter()
            .u16(36)
            .u16(DIALECTS.length)
            .u16(securityMode)
            .u16(0)
            .u32(CAPABILITIES)
            .bytes(clientGuid)
            .u32(CONTEXTS_AT)
            .u16(3)
            .u16(0);
    for (int each : DIALECTS) {
      body.u16(each);
    }
    byte[] salt = new byte[32];
    new SecureRandom().nextBytes(salt);
    body.align8();
    context(
        body,
        Smb2.CONTEXT_PREAUTH,
        new PacketWriter().u16(1).u16(salt.length).u16(SHA_512).bytes(salt).toBytes());
    context(
        body,
        Smb2.CONTEXT_ENCRYPTION,
        new PacketWriter()
            .u16(3)
            .u16(Smb2.CIPHER_AES_128_GCM)
            .u16(Smb2.CIPHER_AES_256_GCM)
            .u16(Smb2.CIPHER_AES_128_CCM)
            .toBytes());
    context(
        body,
        Smb2.CONTEXT_SIGNING,
        new PacketWriter()
            .u16(3)
            .u16(Smb2.SIGN_AES_GMAC)
            .u16(Smb2.SIGN_AES_CMAC)
            .u16(Smb2.SIGN_HMAC_SHA256)
            .toBytes());
    Request request = Request.of(Smb2.NEGOTIATE, body.toBytes(), 0);
    request.kept = true;
    return request;
  }

  private static void context(PacketWriter body, int type, byte[] data) {
    body.align8().u16(type).u16(data.length).u32(0).bytes(data);
    if (type != Smb2.CONTEXT_SIGNING) {
      body.align8();
    }
  }

  /**
   * Takes the server's answer.
   *
   * @throws IOException if it is nothing that can be gone on with
   */
  void answered(Response answer) throws IOException {
    dialect = answer.u16(4);
    if (Arrays.stream(DIALECTS).noneMatch(each -> each == dialect)) {
      throw new IOException(
          String.format(
              "the server wants to speak dialect 0x%04X; known here are SMB 2.1, 3.0, 3.0.2 and"
                  + " 3.1.1",
              dialect));
    }
    serverMode = answer.u16(2);
    serverGuid = answer.bytes(8, 16);
    serverCapabilities = answer.i32(24);
    maxTransact = clamp(answer.i32(28), multiCredit());
    maxRead = clamp(answer.i32(32), multiCredit());
    maxWrite = clamp(answer.i32(36), multiCredit());
    if (dialect == Smb2.DIALECT_3_1_1) {
      contexts(answer, answer.i32(60), answer.u16(6));
    } else if (dialect >= Smb2.DIALECT_3_0 && (serverCapabilities & Smb2.CAP_ENCRYPTION) != 0) {
      cipher = Smb2.CIPHER_AES_128_CCM;
    }
  }

  /** A request of more than 64 KiB needs a server that takes them. */
  private static int clamp(int bytes, boolean large) throws IOException {
    if (bytes < 4096) {
      throw new IOException("the server takes requests of " + bytes + " bytes only");
    }
    return Math.min(bytes, large ? 8 << 20 : 65_536);
  }

  private void contexts(Response answer, int offset, int count) throws IOException {
    boolean hashed = false;
    try {
      byte[] message = answer.message();
      ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
      int at = offset;
      for (int i = 0; i < Math.min(count, MOST_CONTEXTS); i++) {
        int type = in.getShort(at) & 0xFFFF;
        int length = in.getShort(at + 2) & 0xFFFF;
        int data = at + 8;
        if (type == Smb2.CONTEXT_PREAUTH) {
          hashed = in.getShort(data + 4) == SHA_512;
        } else if (type == Smb2.CONTEXT_ENCRYPTION) {
          cipher = in.getShort(data + 2) & 0xFFFF;
        } else if (type == Smb2.CONTEXT_SIGNING) {
          signing = in.getShort(data + 2) & 0xFFFF;
        }
        at = data + length + 7 & ~7;
      }
    } catch (IndexOutOfBoundsException | BufferUnderflowException e) {
      throw new IOException("the server's answer to NEGOTIATE is malformed", e);
    }
    boolean known =
        (cipher == 0
                || cipher == Smb2.CIPHER_AES_128_CCM
                || cipher == Smb2.CIPHER_AES_128_GCM
                || cipher == Smb2.CIPHER_AES_256_GCM)
            && signing >= Smb2.SIGN_HMAC_SHA256
            && signing <= Smb2.SIGN_AES_GMAC;
    if (!hashed || !known) {
      throw new IOException(
          "the server chose a hash, a cipher or a signature that was not offered");
    }
  }

  /** Takes a message of the sign-on into the hash that keys come from. */
  void hash(byte[] message) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-512");
      digest.update(hash);
      hash = digest.digest(message);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JVM has no SHA-512", e);
    }
  }

  SessionKeys keys(byte[] sessionKey) {
    return SessionKeys.of(dialect, signing, cipher, sessionKey, hash);
  }

  /** Whether an attacker could have changed this dialogue, and the server has to be asked again. */
  boolean needsValidation() {
    return dialect < Smb2.DIALECT_3_1_1;
  }

  /** The question whether the server said what was heard (3.2.5.5). */
  Request validation() {
    PacketWriter input =
        new PacketWriter()
            .u32(CAPABILITIES)
            .bytes(clientGuid)
            .u16(securityMode)
            .u16(DIALECTS.length);
    for (int each : DIALECTS) {
      input.u16(each);
    }
    return Packets.control(
        Smb2.FSCTL_VALIDATE_NEGOTIATE_INFO, Smb2.RELATED_FILE, input.toBytes(), 24);
  }

  /** Returns whether the server's word is what was heard. */
  boolean isValid(Response answer) {
    ByteBuffer output = Packets.controlOutput(answer);
    if (output.remaining() < 24) {
      return false;
    }
    byte[] guid = new byte[16];
    output.get(4, guid);
    return output.getInt(0) == serverCapabilities
        && Arrays.equals(guid, serverGuid)
        && (output.getShort(20) & 0xFFFF) == serverMode
        && (output.getShort(22) & 0xFFFF) == dialect;
  }

  int securityMode() {
    return securityMode;
  }

  boolean canEncrypt() {
    return cipher != 0;
  }

  /** Whether a request may carry more than 64 KiB, and costs by the bytes then. */
  boolean multiCredit() {
    return (serverCapabilities & Smb2.CAP_LARGE_MTU) != 0;
  }

  boolean leases() {
    return (serverCapabilities & Smb2.CAP_LEASING) != 0;
  }

  /** Whether leases have epochs. */
  boolean leaseEpochs() {
    return dialect >= Smb2.DIALECT_3_0;
  }

  int maxTransact() {
    return maxTransact;
  }

  int maxRead() {
    return maxRead;
  }

  int maxWrite() {
    return maxWrite;
  }

  /** Returns the dialect as people write it. */
  String dialect() {
    return switch (dialect) {
      case Smb2.DIALECT_2_1 -> "2.1";
      case Smb2.DIALECT_3_0 -> "3.0";
      case Smb2.DIALECT_3_0_2 -> "3.0.2";
      default -> "3.1.1";
    };
  }
}
