package dev.netfs.share.smb;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs on with a password: NTLMv2 (MS-NLMP) within SPNEGO. The older NTLM and LM answers, which
 * give the password away to whoever asks for them, are not made.
 */
final class Ntlm implements SignOn {
  private static final byte[] SIGNATURE = "NTLMSSP\0".getBytes(StandardCharsets.US_ASCII);

  // MS-NLMP 2.2.2.5.
  private static final int UNICODE = 0x1;
  private static final int REQUEST_TARGET = 0x4;
  private static final int SIGN = 0x10;
  private static final int NTLM = 0x200;
  private static final int ANONYMOUS = 0x800;
  private static final int ALWAYS_SIGN = 0x8000;
  private static final int EXTENDED_SESSION_SECURITY = 0x80000;
  private static final int TARGET_INFO = 0x800000;
  private static final int KEY_128 = 0x20000000;
  private static final int KEY_EXCHANGE = 0x40000000;
  private static final int KEY_56 = 0x80000000;
  private static final int FLAGS =
      UNICODE
          | REQUEST_TARGET
          | SIGN
          | NTLM
          | ALWAYS_SIGN
          | EXTENDED_SESSION_SECURITY
          | TARGET_INFO
          | KEY_128
          | KEY_EXCHANGE
          | KEY_56;

  // Of the server's "target information" (MS-NLMP 2.2.2.1).
  private static final int AV_END = 0;
  private static final int AV_FLAGS = 6;
  private static final int AV_TIMESTAMP = 7;
  private static final int AV_TARGET_NAME = 9;
  private static final int AV_CHANNEL_BINDINGS = 10;
  private static final int MIC_PRESENT = 2;
  private static final int AT_MIC = 72;
  private static final int PAYLOAD = 88;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final String user;
  private final String domain;
  private final byte[] passwordHash;
  private final String host;
  private final boolean anonymous;
  private byte @Nullable [] negotiate; // confined to the connecting thread, as is all of this
  private byte @Nullable [] sessionKey;
  private boolean exchanged;

  /**
   * @param user the user's name; empty for nobody in particular
   * @param domain the user's domain or workgroup; may be empty
   * @param password the password, which is left to the caller
   * @param host the server's name, as the user wrote it
   */
  Ntlm(String user, String domain, char[] password, String host) {
    this.user = user;
    this.domain = domain;
    this.host = host;
    this.anonymous = user.isEmpty();
    byte[] bytes = new byte[2 * password.length];
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asCharBuffer()
        .put(CharBuffer.wrap(password));
    passwordHash = Md4.digest(bytes);
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public byte[] first() {
    negotiate = new PacketWriter().bytes(SIGNATURE).u32(1).u32(FLAGS).zeros(16).zeros(8).toBytes();
    return Spnego.first(negotiate);
  }

  @Override
  public byte[] next(byte[] token) throws IOException {
    byte[] challenge = Spnego.responseToken(token);
    if (challenge == null) {
      throw new IOException("the server takes no NTLM");
    }
    try {
      byte[] message = authenticate(challenge, System.currentTimeMillis(), random(8));
      return Spnego.next(message, anonymous ? null : seal(Spnego.mechanisms()));
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IOException("the server's NTLM challenge is malformed", e);
    } catch (GeneralSecurityException e) {
      throw new IOException("this JVM lacks what NTLM needs (MD5 and RC4): " + e.getMessage(), e);
    }
  }

  @Override
  public byte[] sessionKey() {
    byte[] key = sessionKey;
    if (key == null) {
      throw new IllegalStateException("not signed on");
    }
    return key;
  }

  @Override
  public void last(byte[] token) {
    // Nothing more is said, and the session's signature proves more than a word would.
  }

  byte[] authenticate(byte[] challengeMessage, long millis, byte[] clientChallenge)
      throws GeneralSecurityException, IOException {
    ByteBuffer challenge = ByteBuffer.wrap(challengeMessage).order(ByteOrder.LITTLE_ENDIAN);
    byte[] signature = new byte[8];
    challenge.get(0, signature);
    if (!Arrays.equals(signature, SIGNATURE) || challenge.getInt(8) != 2) {
      throw new IOException("the server's NTLM challenge is malformed");
    }
    int offered = challenge.getInt(20);
    byte[] serverChallenge = new byte[8];
    challenge.get(24, serverChallenge);
    byte[] targetInfo = (offered & TARGET_INFO) == 0 ? new byte[4] : field(challenge, 40);
    Map<Integer, byte[]> pairs = pairs(targetInfo);
    byte[] timestamp = pairs.get(AV_TIMESTAMP);
    boolean mic = timestamp != null;
    byte[] time =
        timestamp != null
            ? timestamp
            : new PacketWriter().u64(FileTimes.ofMillis(millis)).toBytes();

    byte[] lmResponse;
    byte[] ntResponse;
    byte[] baseKey;
    if (anonymous) {
      lmResponse = new byte[1];
      ntResponse = new byte[0];
      baseKey = new byte[16];
      mic = false;
    } else {
      if (mic) {
        pairs.put(AV_FLAGS, new PacketWriter().u32(MIC_PRESENT).toBytes());
      }
      pairs.put(AV_CHANNEL_BINDINGS, new byte[16]);
      pairs.put(AV_TARGET_NAME, PacketWriter.utf16("cifs/" + host));
      byte[] owf = responseKey(passwordHash, user, domain);
      byte[] blob = blob(time, clientChallenge, list(pairs));
      byte[] proof = hmac(owf, serverChallenge, blob);
      ntResponse = new PacketWriter().bytes(proof).bytes(blob).toBytes();
      lmResponse =
          mic
              ? new byte[24]
              : new PacketWriter()
                  .bytes(hmac(owf, serverChallenge, clientChallenge))
                  .bytes(clientChallenge)
                  .toBytes();
      baseKey = hmac(owf, proof);
    }
    byte[] encryptedKey = new byte[0];
    exchanged = (offered & KEY_EXCHANGE) != 0;
    byte[] key = baseKey;
    if (exchanged) {
      key = random(16);
      encryptedKey = rc4(baseKey, key);
    }
    sessionKey = key;
    return message(offered, challengeMessage, lmResponse, ntResponse, encryptedKey, key, mic);
  }

  /** NTOWFv2 (MS-NLMP 3.3.2): the key that a user's answers are made with. */
  static byte[] responseKey(byte[] passwordHash, String user, String domain)
      throws GeneralSecurityException {
    return hmac(passwordHash, PacketWriter.utf16(SmbNames.upperCase(user) + domain));
  }

  /** What an answer proves besides the password (MS-NLMP 3.3.2, there "temp"). */
  static byte[] blob(byte[] time, byte[] clientChallenge, byte[] targetInfo) {
    return new PacketWriter()
        .u8(1)
        .u8(1)
        .zeros(6)
        .bytes(time)
        .bytes(clientChallenge)
        .zeros(4)
        .bytes(targetInfo)
        .zeros(4)
        .toBytes();
  }

  private byte[] message(
      int offered,
      byte[] challengeMessage,
      byte[] lmResponse,
      byte[] ntResponse,
      byte[] encryptedKey,
      byte[] key,
      boolean mic)
      throws GeneralSecurityException {
    byte[][] fields = {
      lmResponse,
      ntResponse,
      PacketWriter.utf16(anonymous ? "" : domain),
      PacketWriter.utf16(user),
      PacketWriter.utf16(""),
      encryptedKey
    };
    PacketWriter out = new PacketWriter().bytes(SIGNATURE).u32(3);
    int at = PAYLOAD;
    for (byte[] field : fields) {
      out.u16(field.length).u16(field.length).u32(at);
      at += field.length;
    }
    out.u32(FLAGS & offered | (anonymous ? ANONYMOUS : 0)).zeros(8).zeros(16);
    for (byte[] field : fields) {
      out.bytes(field);
    }
    byte[] message = out.toBytes();
    byte[] first = negotiate;
    if (mic && first != null) {
      byte[] code = hmac(key, first, challengeMessage, message);
      System.arraycopy(code, 0, message, AT_MIC, code.length);
    }
    return message;
  }

  /** Signs the list of mechanisms (MS-NLMP 3.4.4.2), so that nobody can have shortened it. */
  private byte[] seal(byte[] list) throws GeneralSecurityException {
    byte[] number = new byte[4];
    byte[] code = hmac(subkey("signing"), number, list);
    byte[] checksum = Arrays.copyOf(code, 8);
    if (exchanged) {
      checksum = rc4(subkey("sealing"), checksum);
    }
    return new PacketWriter().u32(1).bytes(checksum).bytes(number).toBytes();
  }

  private byte[] subkey(String use) throws GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("MD5");
    digest.update(sessionKey());
    digest.update(
        ("session key to client-to-server " + use + " key magic constant\0")
            .getBytes(StandardCharsets.US_ASCII));
    return digest.digest();
  }

  private static byte[] field(ByteBuffer message, int at) {
    byte[] field = new byte[message.getShort(at) & 0xFFFF];
    message.get(message.getInt(at + 4), field);
    return field;
  }

  private static Map<Integer, byte[]> pairs(byte[] targetInfo) {
    Map<Integer, byte[]> pairs = new TreeMap<>();
    ByteBuffer in = ByteBuffer.wrap(targetInfo).order(ByteOrder.LITTLE_ENDIAN);
    while (true) {
      int id = in.getShort() & 0xFFFF;
      byte[] value = new byte[in.getShort() & 0xFFFF];
      in.get(value);
      if (id == AV_END) {
        return pairs;
      }
      pairs.put(id, value);
    }
  }

  private static byte[] list(Map<Integer, byte[]> pairs) {
    PacketWriter out = new PacketWriter();
    pairs.forEach((id, value) -> out.u16(id).u16(value.length).bytes(value));
    return out.u16(AV_END).u16(0).toBytes();
  }

  static byte[] hmac(byte[] key, byte[]... parts) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacMD5");
    mac.init(new SecretKeySpec(key, "HmacMD5"));
    for (byte[] part : parts) {
      mac.update(part);
    }
    return mac.doFinal();
  }

  private static byte[] rc4(byte[] key, byte[] data) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("ARCFOUR");
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "ARCFOUR"));
    return cipher.doFinal(data);
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  @Override
  public String toString() {
    return "NTLMv2 as " + (anonymous ? "nobody" : user);
  }
}
