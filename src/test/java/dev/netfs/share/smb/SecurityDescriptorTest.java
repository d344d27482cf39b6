package dev.netfs.share.smb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.SharePrincipal;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Security descriptors, and the answers by which servers tell names: good ones and hostile ones.
 */
class SecurityDescriptorTest {
  private static final int ROUNDS = 20_000;

  private static Sid sid(String text) {
    return java.util.Objects.requireNonNull(Sid.of(text), text);
  }

  private static AclEntry entry(AclEntryType type, String who, AclEntryPermission... permissions) {
    return AclEntry.newBuilder()
        .setType(type)
        .setPrincipal(new SharePrincipal(who, who))
        .setPermissions(permissions)
        .build();
  }

  private static AclEntry shown(Ace ace) {
    String who = String.valueOf(ace.who());
    return ace.toEntry(new SharePrincipal(who, who));
  }

  /** A descriptor as Windows has them: owner and group before the list, or behind it. */
  private static byte[] descriptor(Random random, int control, Sid owner, List<byte[]> aces) {
    byte[] sid = owner.toBytes();
    int bytes = 8 + aces.stream().mapToInt(ace -> ace.length).sum();
    int pad = 4 * random.nextInt(3);
    boolean ownerFirst = random.nextBoolean();
    int ownerAt = 20 + (ownerFirst ? 0 : bytes) + pad;
    int listAt = 20 + (ownerFirst ? sid.length : 0) + (ownerFirst ? pad : 0);
    PacketWriter list = new PacketWriter().u8(4).u8(0).u16(bytes).u16(aces.size()).u16(0);
    aces.forEach(list::bytes);
    PacketWriter out =
        new PacketWriter()
            .u8(1)
            .u8(0)
            .u16(control | 0x8004)
            .u32(ownerFirst ? 20 : ownerAt)
            .u32(0)
            .u32(0)
            .u32(listAt);
    if (ownerFirst) {
      return out.bytes(sid).zeros(pad).bytes(list.toBytes()).toBytes();
    }
    return out.bytes(list.toBytes()).zeros(pad).bytes(sid).toBytes();
  }

  private static Sid randomSid(Random random) {
    List<Integer> parts = new ArrayList<>();
    for (int i = random.nextInt(16); i > 0; i--) {
      parts.add(random.nextInt());
    }
    return new Sid(random.nextBoolean() ? 5 : random.nextLong() & (1L << 48) - 1, parts);
  }

  private static byte[] randomAce(Random random) {
    if (random.nextInt(4) == 0) { // of a kind that nobody here knows
      byte[] unknown = new byte[4 + 4 * random.nextInt(10)];
      random.nextBytes(unknown);
      unknown[0] = (byte) (4 + random.nextInt(20));
      unknown[2] = (byte) unknown.length;
      unknown[3] = 0;
      return unknown;
    }
    byte[] who = randomSid(random).toBytes();
    return new PacketWriter()
        .u8(random.nextInt(2))
        .u8(random.nextInt(32))
        .u16(8 + who.length)
        .u32(random.nextInt() & 0xF01F01FF)
        .bytes(who)
        .toBytes();
  }

  @Test
  void identifiersAreWrittenAsMicrosoftDoes() {
    for (String text :
        List.of("S-1-0-0", "S-1-5-21-3623811015-3361044348-30300820-1013", "S-1-5", "S-1-1-0")) {
      assertThat(sid(text)).hasToString(text);
      assertThat(Sid.read(ByteBuffer.wrap(sid(text).toBytes()).order(ByteOrder.LITTLE_ENDIAN)))
          .isEqualTo(sid(text));
    }
    assertThat(HexFormat.of().formatHex(sid("S-1-5-32-544").toBytes()))
        .isEqualTo("01020000000000052000000020020000");
    assertThat(sid("S-1-0x123456789abc-7")).hasToString("S-1-0x123456789abc-7");
    for (String none :
        List.of("", "S-1", "S-2-5", "S-1-5-", "S-1-5-4294967296", "S-1-999999999999999", "x")) {
      assertThat(Sid.of(none)).as(none).isNull();
    }
    assertThat(Sid.of("S-1-5" + "-1".repeat(16))).isNull();
  }

  @Test
  void whatIsReadIsWrittenBackAsItWas() throws IOException {
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      Sid owner = randomSid(random);
      List<byte[]> aces = new ArrayList<>();
      for (int i = random.nextInt(20); i > 0; i--) {
        aces.add(randomAce(random));
      }
      int control = random.nextBoolean() ? 0x1000 : 0x400;
      SecurityDescriptor read =
          SecurityDescriptor.parse(ByteBuffer.wrap(descriptor(random, control, owner, aces)));
      assertThat(read.owner()).isEqualTo(owner);
      // Read, put into Java's words and back, and set again: every byte as it was, unknown or not.
      List<Ace> wanted = new ArrayList<>();
      for (Ace ace : read.entries()) {
        if (ace.who() != null) {
          wanted.add(Ace.of(shown(ace), ace.who()));
        }
      }
      byte[] set = read.with(wanted).toBytes();
      int list = 20;
      assertThat(Arrays.copyOfRange(set, list + 8, set.length))
          .as("seed %s", seed)
          .isEqualTo(
              aces.stream()
                  .collect(PacketWriter::new, PacketWriter::bytes, (a, b) -> {})
                  .toBytes());
      assertThat(set[list]).as("revision").isEqualTo((byte) 4);
      assertThat(SecurityDescriptor.parse(ByteBuffer.wrap(set)).control() & 0x1500)
          .isEqualTo(control == 0x400 ? 0x500 : control);
    }
  }

  @Test
  void whatCannotBeSaidStaysWhereItWas() throws IOException {
    byte[] callback = {9, 0, 8, 0, 1, 2, 3, 4};
    Ace first =
        Ace.of(entry(AclEntryType.ALLOW, "S-1-1-0", AclEntryPermission.READ_DATA), sid("S-1-1-0"));
    Ace second =
        Ace.of(entry(AclEntryType.DENY, "S-1-5-7", AclEntryPermission.DELETE), sid("S-1-5-7"));
    SecurityDescriptor before = SecurityDescriptor.of(List.of(first, Ace.of(callback), second));
    assertThat(before.with(List.of()).entries()).extracting(Ace::bytes).containsExactly(callback);
    assertThat(before.with(List.of(second, first)).entries())
        .extracting(Ace::bytes)
        .containsExactly(second.bytes(), callback, first.bytes());
  }

  @Test
  void noListMeansThatEverybodyMayDoEverything() throws IOException {
    byte[] none = new PacketWriter().u8(1).u8(0).u16(0x8004).zeros(16).toBytes();
    SecurityDescriptor read = SecurityDescriptor.parse(ByteBuffer.wrap(none));
    assertThat(read.entries()).hasSize(1);
    AclEntry all = shown(read.entries().get(0));
    assertThat(all.type()).isEqualTo(AclEntryType.ALLOW);
    assertThat(all.principal().getName()).isEqualTo("S-1-1-0");
    assertThat(all.permissions()).containsExactlyInAnyOrder(AclEntryPermission.values());
  }

  @Test
  void genericRightsAreSpeltOut() {
    byte[] everyone = sid("S-1-1-0").toBytes();
    Ace all =
        Ace.of(new PacketWriter().u8(0).u8(0).u16(20).u32(0x10000000).bytes(everyone).toBytes());
    assertThat(shown(all).permissions()).containsExactlyInAnyOrder(AclEntryPermission.values());
    Ace read =
        Ace.of(new PacketWriter().u8(0).u8(0).u16(20).u32(0x80000000).bytes(everyone).toBytes());
    assertThat(shown(read).permissions())
        .containsExactlyInAnyOrder(
            AclEntryPermission.READ_DATA,
            AclEntryPermission.READ_NAMED_ATTRS,
            AclEntryPermission.READ_ATTRIBUTES,
            AclEntryPermission.READ_ACL,
            AclEntryPermission.SYNCHRONIZE);
  }

  @Test
  void entriesThatTheListCannotHaveAreRefused() {
    assertThatThrownBy(() -> Ace.of(entry(AclEntryType.AUDIT, "S-1-1-0"), sid("S-1-1-0")))
        .hasMessageContaining("AUDIT")
        .hasMessageContaining("ALLOW and DENY");
    List<Ace> many = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      many.add(Ace.allowingAll(sid("S-1-5-" + i)));
    }
    assertThatThrownBy(() -> SecurityDescriptor.of(many).toBytes())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("5000 entries");
  }

  @Test
  void hostileDescriptorsAreRefusedOrRead() {
    Random random = new Random(7);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      List<byte[]> aces = new ArrayList<>();
      for (int i = random.nextInt(5); i > 0; i--) {
        aces.add(randomAce(random));
      }
      byte[] bytes = descriptor(random, 0, randomSid(random), aces);
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        int at = random.nextInt(random.nextBoolean() ? Math.min(32, bytes.length) : bytes.length);
        bytes[at] = (byte) random.nextInt();
      }
      byte[] cut =
          Arrays.copyOf(bytes, random.nextInt(4) > 0 ? bytes.length : random.nextInt(bytes.length));
      try {
        SecurityDescriptor read = SecurityDescriptor.parse(ByteBuffer.wrap(cut));
        assertThat(read.entries().stream().mapToInt(ace -> ace.bytes().length).sum())
            .isLessThanOrEqualTo(Math.max(cut.length, 36));
        read.entries().stream().filter(ace -> ace.who() != null).forEach(Ace.class::cast);
      } catch (IOException e) {
        refused++;
        assertThat(e).hasMessageContaining("malformed");
      }
    }
    assertThat(refused).isBetween(ROUNDS / 20, ROUNDS);
  }

  /** An answer to a question for names, as Samba gives it. */
  private static byte[] names(String domain, List<String> names) {
    PacketWriter out = new PacketWriter().u32(0x20000).u32(1).u32(0x20004).u32(32);
    out.u32(1).u16(2 * domain.length()).u16(2 * domain.length()).u32(0x20008).u32(0x2000c);
    text(out, domain);
    byte[] sid = sid("S-1-5-21-1-2-3").toBytes();
    out.u32(4).bytes(sid);
    out.u32(names.size()).u32(0x20010).u32(names.size());
    for (String name : names) {
      out.u16(1).u16(0).u16(2 * name.length()).u16(2 * name.length()).u32(0x20014).u32(0).u32(0);
    }
    names.forEach(name -> text(out, name));
    return out.u32(names.size()).u32(0).toBytes();
  }

  private static void text(PacketWriter out, String text) {
    out.u32(text.length()).u32(0).u32(text.length()).bytes(PacketWriter.utf16(text));
    out.zeros(-out.size() & 3);
  }

  @Test
  void namesAreRead() throws IOException {
    List<Sid> asked = List.of(sid("S-1-5-21-1-2-3-1000"), sid("S-1-5-21-1-2-3-1001"));
    assertThat(Lsa.accounts(ByteBuffer.wrap(names("HERE", List.of("odd", "even"))), asked))
        .containsExactly(
            new Lsa.Account(asked.get(0), "HERE", "odd", false),
            new Lsa.Account(asked.get(1), "HERE", "even", false));
  }

  @Test
  void hostileAnswersAboutNamesAreRefusedOrRead() throws IOException {
    List<Sid> asked = List.of(sid("S-1-5-21-1-2-3-1000"), sid("S-1-5-21-1-2-3-1001"));
    byte[] good = names("HERE", List.of("odd", "even"));
    Random random = new Random(8);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] bytes =
          Arrays.copyOf(good, random.nextInt(4) > 0 ? good.length : random.nextInt(good.length));
      for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
        bytes[random.nextInt(bytes.length)] =
            (byte) (random.nextBoolean() ? 0xFF : random.nextInt());
      }
      try {
        Lsa.accounts(ByteBuffer.wrap(bytes.clone()), asked);
        Lsa.account(ByteBuffer.wrap(bytes.clone()), "x");
      } catch (IOException
          | BufferUnderflowException
          | IndexOutOfBoundsException
          | IllegalArgumentException e) {
        refused++; // as Steps tells of them
      }
    }
    assertThat(refused).isBetween(ROUNDS / 20, ROUNDS);
  }

  @Test
  void aPipesMessagesArePutTogether() throws IOException {
    byte[] first = {5, 0, 2, 1, 16, 0, 0, 0, 26, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2};
    byte[] last = first.clone();
    last[3] = 2;
    last[24] = 3;
    byte[] both = new PacketWriter().bytes(first).bytes(last).toBytes();
    assertThat(Lsa.fragments(first)).isNull();
    assertThat(Lsa.fragments(Arrays.copyOf(both, 51))).isNull();
    List<ByteBuffer> fragments = java.util.Objects.requireNonNull(Lsa.fragments(both));
    assertThat(Lsa.results(fragments).array()).containsExactly(1, 2, 3, 2);
    first[8] = 3;
    assertThatThrownBy(() -> Lsa.fragments(first)).isInstanceOf(IOException.class);
    last[2] = 3;
    assertThatThrownBy(() -> Lsa.results(List.of(ByteBuffer.wrap(last))))
        .isInstanceOf(IndexOutOfBoundsException.class); // no room for what went wrong
  }
}
