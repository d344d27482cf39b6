package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The cryptography of SMB, against answers that others have published or computed. */
class KnownAnswersTest {
  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", "").toLowerCase(java.util.Locale.ROOT));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** RFC 1320, A.5. */
  @ParameterizedTest
  @CsvSource({
    "'', 31d6cfe0d16ae931b73c59d7e0c089c0",
    "a, bde52cb31de33e46245e05fbdbd6fb24",
    "abc, a448017aaf21d8525fc10ae87aa6729d",
    "message digest, d9130a8164549fe818874806e1c7014b",
    "abcdefghijklmnopqrstuvwxyz, d79e1c308aa5bbcdeea8ed63df412da9",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789, "
        + "043f8582f241db351ce627e153e7f0e4",
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890, "
        + "e33b4ddc9c38f2199c3e7b164fcc0536"
  })
  void md4(String message, String digest) {
    assertThat(hex(Md4.digest(message.getBytes(StandardCharsets.US_ASCII)))).isEqualTo(digest);
  }

  /** RFC 4493, section 4. */
  @ParameterizedTest
  @CsvSource({
    "0, bb1d6929e95937287fa37d129b756746",
    "16, 070a16b46b4d4144f79bdd9dd04a287c",
    "40, dfa66747de9ae63030ca32611497c827",
    "64, 51f0bebf7e3b9d92fc49741779363cfe"
  })
  void aesCmac(int length, String mac) throws GeneralSecurityException {
    byte[] key = hex("2b7e151628aed2a6abf7158809cf4f3c");
    byte[] message =
        hex(
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    byte[] signature = new byte[16];
    MessageSigner signer = MessageSigner.of(Smb2.SIGN_AES_CMAC, key);
    for (int i = 0; i < 2; i++) { // and again with the same signer
      signer.compute(message, 0, length, signature);
      assertThat(hex(signature)).isEqualTo(mac);
    }
  }

  /** As the JDK computes it when it is asked in the usual way: of additional data, and no text. */
  @Test
  void gmac() throws Exception {
    Random random = new Random(1);
    byte[] key = new byte[16];
    random.nextBytes(key);
    MessageSigner signer = MessageSigner.of(Smb2.SIGN_AES_GMAC, key);
    MessageSigner verifier = MessageSigner.of(Smb2.SIGN_AES_GMAC, key);
    for (int length :
        new int[] {64, 65, 79, 80, 127, 4_096, 32_768, 32_769, 61_520, 65_553, 1_048_577}) {
      byte[] exact = new byte[length];
      random.nextBytes(exact);
      exact[Smb2.AT_COMMAND] = (byte) (length == 127 ? Smb2.CANCEL : Smb2.READ);
      exact[Smb2.AT_FLAGS] = (byte) (length % 2);
      byte[] roomy = new byte[length + 40];
      System.arraycopy(exact, 0, roomy, 7, length);
      Arrays.fill(roomy, 7 + length, roomy.length, (byte) 0x55);
      signer.sign(exact, 0, length);
      MessageSigner.of(Smb2.SIGN_AES_GMAC, key).sign(roomy, 7, length);
      byte[] signature = Arrays.copyOfRange(exact, Smb2.AT_SIGNATURE, Smb2.HEADER);
      byte[] unsigned = exact.clone();
      Arrays.fill(unsigned, Smb2.AT_SIGNATURE, Smb2.HEADER, (byte) 0);
      byte[] nonce = Arrays.copyOfRange(exact, Smb2.AT_MESSAGE_ID, Smb2.AT_MESSAGE_ID + 12);
      Arrays.fill(nonce, 8, 12, (byte) 0);
      nonce[8] = (byte) (length % 2 + (length == 127 ? 2 : 0));
      Cipher usual = Cipher.getInstance("AES/GCM/NoPadding");
      usual.init(
          Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
      usual.updateAAD(unsigned);
      assertThat(signature).as("of %d bytes", length).isEqualTo(usual.doFinal());
      assertThat(Arrays.copyOfRange(roomy, 7, 7 + length)).isEqualTo(exact);

      byte[] changed = roomy.clone();
      changed[7 + random.nextInt(length)] ^= (byte) (1 << random.nextInt(8));
      assertThat(verifier.verify(changed, 7, length)).as("of %d bytes, changed", length).isFalse();
      assertThat(verifier.verify(roomy, 7, length - 1)).as("of one byte less").isFalse();
      System.arraycopy(signature, 0, roomy, 7 + Smb2.AT_SIGNATURE, signature.length);
      assertThat(verifier.verify(roomy, 7, length)).as("of %d bytes", length).isTrue();
      assertThat(verifier.verify(exact, 0, length)).as("with nothing behind").isTrue();
      assertThat(Arrays.copyOfRange(roomy, 7 + length, roomy.length)).containsOnly(0x55);
    }
  }

  /** "SMB 2 and SMB 3 security in Windows 10", Microsoft's Open Specifications blog. */
  @Test
  void keysOfSmb30() {
    SessionKeys keys =
        SessionKeys.of(
            Smb2.DIALECT_3_0,
            Smb2.SIGN_AES_CMAC,
            Smb2.CIPHER_AES_128_CCM,
            hex("7CD451825D0450D235424E44BA6E78CC"),
            new byte[64]);
    assertThat(keys.signing()).isEqualTo(hex("0B7E9C5CAC36C0F6EA9AB275298CEDCE"));
    assertThat(keys.sealing()).isEqualTo(hex("FAD27796665B313EBB578F388632B4F7"));
    assertThat(keys.opening()).isEqualTo(hex("B0F0427F7CEB416D1D9DCC0CD4F99447"));
  }

  /** From the same. */
  @Test
  void keysOfSmb311() {
    SessionKeys keys =
        SessionKeys.of(
            Smb2.DIALECT_3_1_1,
            Smb2.SIGN_AES_CMAC,
            Smb2.CIPHER_AES_128_GCM,
            hex("270E1BA896585EEB7AF3472D3B4C75A7"),
            hex(
                "0DD13628CC3ED218EF9DF9772D436D0887AB9814BFAE63A80AA845F36909DB79"
                    + "28622DDDAD522D9751640A459762C5A9D6BB084CBB3CE6BDADEF5D5BCE3C6C01"));
    assertThat(keys.signing()).isEqualTo(hex("73FE7A9A77BEF0BDE49C650D8CCB5F76"));
    assertThat(keys.sealing()).isEqualTo(hex("629BCBC54422A0F572B97F45989B6073"));
    assertThat(keys.opening()).isEqualTo(hex("E2AF0DCEFAC68DA71A0DFBD0D1350D74"));
  }

  /** Computed by another implementation (OpenSSL's, by way of Python's "cryptography"). */
  @ParameterizedTest
  @CsvSource({
    "1, 16, fd534d42540eb9893414b4fc7f564d3c8db947f80100000000000000000000000000000021000000000001"
        + "0088776655443322117ec7165fdb1f56034ceb2209bace92cb678220c521e898948186b812933f2905e5",
    "2, 16, fd534d42251632ff815897e946eddbdaeb96a7370100000000000000000000000000000021000000000001"
        + "0088776655443322114cbad7108195b85f209b7e9621b1b4e3f0bda75adb15f64dc9c5425a8dfd4870d3",
    "4, 32, fd534d42866945147436cb09b28a54570b0e8cf20100000000000000000000000000000021000000000001"
        + "008877665544332211e22b8c2ab88cc636723b438e689aeaa2bc16b1abf03bf1b3e6b0eb43d9ed55a90c"
  })
  void sealedMessages(int cipher, int keyBytes, String frame) throws Exception {
    byte[] key = new byte[keyBytes];
    for (int i = 0; i < keyBytes; i++) {
      key[i] = (byte) i;
    }
    byte[] plain = new byte[33];
    for (int i = 0; i < plain.length; i++) {
      plain[i] = (byte) (7 * i);
    }
    byte[] out = new byte[MessageSealer.HEADER + plain.length + MessageSealer.TAG];
    int length = MessageSealer.of(cipher, key).seal(0x1122334455667788L, plain, 33, out, 0);
    assertThat(hex(Arrays.copyOf(out, length))).isEqualTo(frame);

    MessageSealer opener = MessageSealer.of(cipher, key);
    byte[] exact = hex(frame); // without room behind it
    byte[] opened = new byte[33];
    assertThat(opener.open(exact, 0, exact.length, opened)).isEqualTo(33);
    assertThat(opened).isEqualTo(plain);
    for (int i = 4; i < exact.length; i++) {
      byte[] changed = exact.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> opener.open(changed, 0, changed.length, new byte[33]))
          .as("byte %d changed", i)
          .isInstanceOf(GeneralSecurityException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "4"})
  void sealedMessagesOfAnyLength(int cipher) throws Exception {
    byte[] key = new byte[cipher == Smb2.CIPHER_AES_256_GCM ? 32 : 16];
    MessageSealer sealer = MessageSealer.of(cipher, key);
    MessageSealer opener = MessageSealer.of(cipher, key);
    Random random = new Random(cipher);
    for (int length : new int[] {1, 15, 16, 17, 64, 16_383, 16_384, 16_385, 100_001}) {
      byte[] plain = new byte[length];
      random.nextBytes(plain);
      byte[] out = new byte[7 + MessageSealer.HEADER + length + MessageSealer.TAG];
      int size = sealer.seal(9, plain, length, out, 7);
      byte[] opened = new byte[length];
      assertThat(opener.open(out, 7, size, opened)).isEqualTo(length);
      assertThat(opened).isEqualTo(plain);
    }
  }

  /** MS-NLMP 4.2.4: user, domain and password are "User", "Domain" and "Password". */
  @Test
  void ntlmV2() throws Exception {
    byte[] serverChallenge = hex("0123456789abcdef");
    byte[] clientChallenge = hex("aaaaaaaaaaaaaaaa");
    // 4.2.4.1.1, NTOWFv2.
    byte[] hash = Md4.digest("Password".getBytes(StandardCharsets.UTF_16LE));
    byte[] own = Ntlm.responseKey(hash, "User", "Domain");
    assertThat(hex(own)).isEqualTo("0c868a403bfd7a93a3001ef22ef02e3f");

    // 4.2.4.1.3 and 4.2.4.2.2.
    byte[] servers =
        hex("02000c0044006f006d00610069006e0001000c00530065007200760065007200" + "00000000");
    byte[] blob = Ntlm.blob(new byte[8], clientChallenge, servers);
    byte[] proof = Ntlm.hmac(own, serverChallenge, blob);
    assertThat(hex(proof)).isEqualTo("68cd0ab851e51c96aabc927bebef6a1c");
    // 4.2.4.1.2.
    assertThat(hex(Ntlm.hmac(own, proof))).isEqualTo("8de40ccadbc14a82f15cb0ad0de95ca3");

    // 4.2.4.2.1, in a whole message: to a server that shows no time.
    PacketWriter challenge =
        new PacketWriter()
            .bytes("NTLMSSP\0".getBytes(StandardCharsets.US_ASCII))
            .u32(2)
            .u16(0)
            .u16(0)
            .u32(48)
            .u32(0x00800001)
            .bytes(serverChallenge)
            .zeros(8)
            .u16(servers.length)
            .u16(servers.length)
            .u32(48)
            .bytes(servers);
    Ntlm ntlm = new Ntlm("User", "Domain", "Password".toCharArray(), "Server");
    ByteBuffer message =
        ByteBuffer.wrap(ntlm.authenticate(challenge.toBytes(), 0, clientChallenge))
            .order(ByteOrder.LITTLE_ENDIAN);
    byte[] lm = new byte[message.getShort(12)];
    message.get(message.getInt(16), lm);
    assertThat(hex(lm)).isEqualTo("86c35097ac9cec102554764a57cccc19" + "aaaaaaaaaaaaaaaa");
    byte[] nt = new byte[message.getShort(20)];
    message.get(message.getInt(24), nt);
    byte[] sent = Arrays.copyOfRange(nt, 16, nt.length);
    assertThat(Arrays.copyOf(nt, 16)).isEqualTo(Ntlm.hmac(own, serverChallenge, sent));
    assertThat(ntlm.sessionKey()).isEqualTo(Ntlm.hmac(own, Arrays.copyOf(nt, 16)));
  }

  /** Servers map characters one by one: there is no capital letter for this one. */
  @Test
  void ntlmOfANameWithASharpS() throws Exception {
    byte[] hash = Md4.digest("Password".getBytes(StandardCharsets.UTF_16LE));
    assertThat(Ntlm.responseKey(hash, "stra\u00dfe", ""))
        .isEqualTo(Ntlm.hmac(hash, "STRA\u00dfE".getBytes(StandardCharsets.UTF_16LE)));
  }

  /** RFC 4178's structures, by hand. */
  @Test
  void spnego() throws IOException {
    assertThat(hex(Spnego.first(new byte[] {1, 2, 3})))
        .isEqualTo("602306062b0601050502a0193017a00e300c060a2b06010401823702020aa2050403010203");
    assertThat(hex(Spnego.next(new byte[] {1, 2, 3}, null))).isEqualTo("a1093007a2050403010203");
    assertThat(hex(Spnego.next(new byte[] {1}, new byte[] {9})))
        .isEqualTo("a10c300aa203040101a303040109");
    assertThat(Spnego.responseToken(hex("a1153013a0030a0101a10c060a2b06010401823702020a")))
        .isNull();
    assertThat(Spnego.responseToken(hex("a10e300ca0030a0101a2050403010203")))
        .isEqualTo(new byte[] {1, 2, 3});
    byte[] large = new byte[300];
    assertThat(Spnego.responseToken(Spnego.next(large, null))).isEqualTo(large);
  }
}
