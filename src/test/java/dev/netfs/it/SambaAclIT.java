package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Owners and access control lists on a Samba server, as {@code smbcacls} sees them too. */
@Timeout(120)
class SambaAclIT {
  private static SambaServer server;

  private FileSystem fs;
  private UserPrincipalLookupService names;

  @BeforeAll
  static void start() throws IOException {
    server =
        SambaServer.builder()
            .share(SambaServer.SHARE, "vfs objects = acl_xattr")
            .share(SambaServer.SHARE, "acl_xattr:ignore system acls = yes")
            .start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void mount() throws IOException {
    fs = FileSystems.newFileSystem(server.uri(""), server.options());
    names = fs.getUserPrincipalLookupService();
  }

  @AfterEach
  void unmount() throws IOException {
    fs.close();
  }

  private static AclFileAttributeView view(Path file) {
    return Files.getFileAttributeView(file, AclFileAttributeView.class);
  }

  private Path file(String name) throws IOException {
    Path file = fs.getPath(name);
    Files.deleteIfExists(file);
    return Files.writeString(file, "content");
  }

  private static AclEntry allow(UserPrincipal who, AclEntryPermission... what) {
    return AclEntry.newBuilder()
        .setType(AclEntryType.ALLOW)
        .setPrincipal(who)
        .setPermissions(what)
        .build();
  }

  @Test
  void theViewsAreThere() throws IOException {
    Path file = file("/views");
    assertThat(fs.supportedFileAttributeViews()).contains("acl", "owner", "dos", "basic");
    assertThat(Files.getFileStore(file).supportsFileAttributeView(AclFileAttributeView.class))
        .isTrue();
    assertThat(Files.getFileStore(file).supportsFileAttributeView("owner")).isTrue();
    assertThat(view(file).name()).isEqualTo("acl");
    assertThatThrownBy(() -> Files.getOwner(fs.getPath("/none")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage("/none");
  }

  @Test
  void theOwnerIsWhoMadeIt() throws IOException {
    Path file = file("/owned");
    UserPrincipal owner = Files.getOwner(file);
    assertThat(owner.getName()).isEqualToIgnoringCase("NETFSTEST\\" + server.user());
    assertThat(owner).isNotInstanceOf(GroupPrincipal.class);
    assertThat(Files.getAttribute(file, "owner:owner")).isEqualTo(owner);
    assertThat(Files.getAttribute(file, "acl:owner")).isEqualTo(owner);
    assertThat(names.lookupPrincipalByName(server.user())).isEqualTo(owner);
    assertThat(names.lookupPrincipalByName(owner.getName())).isEqualTo(owner);
    assertThat(server.smbcacls("owned")).contains("OWNER:" + owner.getName());
    Files.setOwner(file, owner);
    assertThat(Files.getFileAttributeView(file, FileOwnerAttributeView.class).getOwner())
        .isEqualTo(owner);
  }

  @Test
  void anotherIsMadeTheOwner() throws IOException {
    Path file = file("/theirs");
    UserPrincipal administrators = names.lookupPrincipalByName("S-1-5-32-544");
    Files.setOwner(file, administrators);
    assertThat(Files.getOwner(file)).isEqualTo(administrators);
    assertThat(server.smbcacls("theirs", "--numeric")).contains("OWNER:S-1-5-32-544");
    assertThatThrownBy(() -> Files.setOwner(file, () -> "root"))
        .isInstanceOf(ProviderMismatchException.class);
  }

  @Test
  void namesAreLookedUp() throws IOException {
    assertThat(names.lookupPrincipalByGroupName("Everyone").getName()).isEqualTo("Everyone");
    assertThat(names.lookupPrincipalByName("S-1-1-0"))
        .isEqualTo(names.lookupPrincipalByName("everyone"))
        .isInstanceOf(GroupPrincipal.class);
    assertThat(names.lookupPrincipalByName("S-1-5-32-544").getName())
        .isEqualTo("BUILTIN\\Administrators");
    assertThat(names.lookupPrincipalByName("S-1-5-21-1-2-3-4").getName())
        .isEqualTo("S-1-5-21-1-2-3-4");
    assertThatThrownBy(() -> names.lookupPrincipalByName("nobody-of-this-name"))
        .isInstanceOf(UserPrincipalNotFoundException.class);
    assertThatThrownBy(() -> names.lookupPrincipalByGroupName(server.user()))
        .isInstanceOf(UserPrincipalNotFoundException.class);
  }

  @Test
  void whatSmbcaclsSetsIsSeen() throws IOException {
    Path file = file("/seen");
    server.smbcacls("seen", "-S", "ACL:Everyone:ALLOWED/0x0/READ,ACL:S-1-5-32-545:DENIED/0x0/W");
    List<AclEntry> acl = view(file).getAcl();
    assertThat(acl).hasSize(2);
    AclEntry everyone =
        acl.stream().filter(e -> e.type() == AclEntryType.ALLOW).findFirst().orElseThrow();
    assertThat(everyone.principal()).isEqualTo(names.lookupPrincipalByName("Everyone"));
    assertThat(everyone.permissions())
        .contains(AclEntryPermission.READ_DATA, AclEntryPermission.EXECUTE)
        .doesNotContain(AclEntryPermission.WRITE_DATA);
    AclEntry users =
        acl.stream().filter(e -> e.type() == AclEntryType.DENY).findFirst().orElseThrow();
    assertThat(users.principal().getName()).isEqualTo("BUILTIN\\Users");
    assertThat(Files.getAttribute(file, "acl:acl")).isEqualTo(acl);
  }

  @Test
  void aFileAndADirectoryAreMadeWithAList() throws IOException {
    UserPrincipal me = names.lookupPrincipalByName(server.user());
    List<AclEntry> acl =
        List.of(
            AclEntry.newBuilder(allow(me, AclEntryPermission.values()))
                .setFlags(AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT)
                .build());
    Path directory = Files.createDirectory(fs.getPath("/made"), initially(acl));
    assertThat(view(directory).getAcl()).isEqualTo(acl);
    List<AclEntry> plain = List.of(allow(me, AclEntryPermission.values()));
    Path file = Files.createFile(fs.getPath("/made/f"), initially(plain));
    assertThat(view(file).getAcl()).isEqualTo(plain);
    assertThat(server.smbcacls("made/f", "--numeric").lines().filter(l -> l.startsWith("ACL:")))
        .hasSize(1);
  }

  private static FileAttribute<List<AclEntry>> initially(List<AclEntry> acl) {
    return new FileAttribute<>() {
      @Override
      public String name() {
        return "acl:acl";
      }

      @Override
      public List<AclEntry> value() {
        return acl;
      }
    };
  }

  @Test
  void aFileIsMadeWithAListUnderALease() throws IOException {
    fs.close();
    Map<String, Object> options = new HashMap<>(server.options());
    options.put("cache", "strict");
    fs = FileSystems.newFileSystem(server.uri(""), options);
    UserPrincipal me = fs.getUserPrincipalLookupService().lookupPrincipalByName(server.user());
    List<AclEntry> acl = List.of(allow(me, AclEntryPermission.values()));
    Path file = fs.getPath("/leased");
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            initially(acl))) {
      channel.write(ByteBuffer.wrap(new byte[] {1}));
      assertThat(view(file).getAcl()).isEqualTo(acl);
    }
    assertThat(server.data().resolve("leased")).hasBinaryContent(new byte[] {1});
  }

  @Test
  void aListOfManyIsShownWhole() throws IOException {
    Path file = file("/many");
    List<AclEntry> acl = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      UserPrincipal stranger = names.lookupPrincipalByName("S-1-5-21-7-8-9-" + i);
      acl.add(allow(stranger, AclEntryPermission.READ_DATA));
    }
    acl.add(allow(names.lookupPrincipalByName(server.user()), AclEntryPermission.values()));
    view(file).setAcl(acl);
    fs.close();
    fs = FileSystems.newFileSystem(server.uri(""), server.options()); // which knows no names yet
    List<AclEntry> shown = view(fs.getPath("/many")).getAcl();
    assertThat(shown).isEqualTo(acl);
    assertThat(shown.get(70).principal().getName()).endsWith("\\" + server.user());
  }

  @Test
  void whatIsInheritedStaysInheritedWhenAnotherEntryIsAdded() throws IOException {
    Path file = file("/below");
    server.smbcacls("below", "-S", "ACL:Everyone:ALLOWED/I/FULL");
    assertThat(server.smbcacls("below", "--numeric")).contains("S-1-1-0:0/0x10/0x001f01ff");
    List<AclEntry> acl = view(file).getAcl();
    assertThat(acl).hasSize(1);
    acl.add(0, allow(names.lookupPrincipalByName("S-1-5-11"), AclEntryPermission.READ_DATA));
    view(file).setAcl(acl);
    assertThat(server.smbcacls("below", "--numeric"))
        .contains("S-1-1-0:0/0x10/0x001f01ff")
        .contains("S-1-5-11:0/0x0/0x00000001");
    assertThat(view(file).getAcl()).isEqualTo(acl);
  }

  @Test
  void whatIsSetIsWhatSmbcaclsShows() throws IOException {
    Path file = file("/random");
    UserPrincipal me = names.lookupPrincipalByName(server.user());
    for (long seed = 0; seed < 12; seed++) {
      List<AclEntry> acl = random(new Random(seed));
      acl.add(allow(me, AclEntryPermission.values())); // or nobody could set the next one
      view(file).setAcl(acl);
      assertThat(view(file).getAcl()).as("seed %s", seed).isEqualTo(acl);
      assertThat(
              server
                  .smbcacls("random", "--numeric")
                  .lines()
                  .filter(line -> line.startsWith("ACL:"))
                  .map(String::strip))
          .as("seed %s", seed)
          .containsExactlyInAnyOrderElementsOf(acl.stream().map(this::numeric).toList());
    }
  }

  private List<AclEntry> random(Random random) throws IOException {
    List<UserPrincipal> all = new ArrayList<>();
    for (String id : List.of("S-1-1-0", "S-1-5-11", "S-1-5-32-545", "S-1-5-21-7-8-9-1000")) {
      all.add(names.lookupPrincipalByName(id));
    }
    List<AclEntry> acl = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      Set<AclEntryPermission> permissions = EnumSet.noneOf(AclEntryPermission.class);
      for (AclEntryPermission permission : AclEntryPermission.values()) {
        // The owner has to be able to set another list in the end.
        if (random.nextBoolean()
            && permission != AclEntryPermission.WRITE_ACL
            && permission != AclEntryPermission.READ_ACL) {
          permissions.add(permission);
        }
      }
      permissions.add(AclEntryPermission.READ_ATTRIBUTES);
      acl.add(
          AclEntry.newBuilder()
              .setType(random.nextBoolean() ? AclEntryType.ALLOW : AclEntryType.DENY)
              .setPrincipal(all.remove(random.nextInt(all.size())))
              .setPermissions(permissions)
              .build());
      if (all.isEmpty()) {
        break;
      }
    }
    return acl;
  }

  /** Bits by themselves, and not as the code has them. */
  private String numeric(AclEntry entry) {
    List<AclEntryPermission> order =
        Arrays.asList(
            AclEntryPermission.READ_DATA,
            AclEntryPermission.WRITE_DATA,
            AclEntryPermission.APPEND_DATA,
            AclEntryPermission.READ_NAMED_ATTRS,
            AclEntryPermission.WRITE_NAMED_ATTRS,
            AclEntryPermission.EXECUTE,
            AclEntryPermission.DELETE_CHILD,
            AclEntryPermission.READ_ATTRIBUTES,
            AclEntryPermission.WRITE_ATTRIBUTES);
    List<AclEntryPermission> standard =
        Arrays.asList(
            AclEntryPermission.DELETE,
            AclEntryPermission.READ_ACL,
            AclEntryPermission.WRITE_ACL,
            AclEntryPermission.WRITE_OWNER,
            AclEntryPermission.SYNCHRONIZE);
    int mask = 0;
    for (AclEntryPermission permission : entry.permissions()) {
      int low = order.indexOf(permission);
      mask |= low >= 0 ? 1 << low : 1 << 16 + standard.indexOf(permission);
    }
    String id = ((dev.netfs.share.SharePrincipal) entry.principal()).id();
    return String.format(
        "ACL:%s:%d/0x0/0x%08x", id, entry.type() == AclEntryType.ALLOW ? 0 : 1, mask);
  }
}
