package dev.netfs.share.sftp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.share.ShareConfig;
import dev.netfs.share.ShareOptions;
import java.net.URI;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Names, paths, and where a URI leads. */
class SftpNamesTest {

  @Test
  void namesOfAnyBytesComeBackTheSame() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(12)];
      random.nextBytes(bytes);
      String text = SftpNames.decode(bytes, 0, bytes.length);
      assertThat(SftpNames.encode(text)).isEqualTo(bytes);
    }
  }

  @Test
  void textComesBackTheSame() {
    for (String text : new String[] {"", "plain", "grün", "文件", "a😀b", "e\u0301"}) {
      byte[] bytes = SftpNames.encode(text);
      assertThat(bytes).isEqualTo(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      assertThat(SftpNames.decode(bytes, 0, bytes.length)).isEqualTo(text);
    }
  }

  @Test
  void pathsBelowTheRoot() {
    SftpPaths paths = new SftpPaths("/srv/data", "/mnt/disk/data");
    assertThat(paths.toServer("/")).isEqualTo("/srv/data");
    assertThat(paths.toServer("/a/b")).isEqualTo("/srv/data/a/b");
    assertThat(new SftpPaths("/", "/").toServer("/")).isEqualTo("/");
    assertThat(new SftpPaths("/", "/").toServer("/a")).isEqualTo("/a");
  }

  @Test
  void linksAreTranslatedBothWays() {
    SftpPaths paths = new SftpPaths("/srv/data", "/mnt/disk/data");
    assertThat(paths.toServerTarget("../x")).isEqualTo("../x");
    assertThat(paths.toServerTarget("/x")).isEqualTo("/srv/data/x");
    assertThat(paths.toServerTarget("/")).isEqualTo("/srv/data");
    assertThat(paths.toShareTarget("/d/l", "../x")).isEqualTo("../x");
    assertThat(paths.toShareTarget("/d/l", "/srv/data/x/y")).isEqualTo("/x/y");
    assertThat(paths.toShareTarget("/d/l", "/srv/data")).isEqualTo("/");
    assertThat(paths.toShareTarget("/d/l", "/mnt/disk/data/x")).isEqualTo("/x");
    // Out of the share: relative, so that it cannot be taken for something inside.
    assertThat(paths.toShareTarget("/d/l", "/srv/database")).isEqualTo("../../database");
    assertThat(paths.toShareTarget("/d/l", "/etc/passwd")).isEqualTo("../../../etc/passwd");
    assertThat(new SftpPaths("/", "/").toShareTarget("/l", "/etc")).isEqualTo("/etc");
  }

  @Test
  void relativeLinksAreResolved() {
    assertThat(SftpPaths.resolve("/a/b", "../c/./d")).isEqualTo("/a/c/d");
    assertThat(SftpPaths.resolve("/a", "/x//y/")).isEqualTo("/x/y");
    assertThat(SftpPaths.resolve("/a", "../../..")).isEqualTo("/");
  }

  @Test
  void whereAUriLeads() {
    assertThat(target("netfs+sftp://me@host:2022/srv/a%20b"))
        .isEqualTo(new SftpTarget("host", 2022, "me", "/srv/a b", false));
    assertThat(target("netfs+sftp://host"))
        .isEqualTo(new SftpTarget("host", 22, System.getProperty("user.name"), "/", false));
    assertThat(target("netfs+sftp://a%40b@[::1]/c+d"))
        .isEqualTo(new SftpTarget("::1", 22, "a@b", "/c+d", false));
    assertThat(target("netfs+sftp://me@host/~"))
        .isEqualTo(new SftpTarget("host", 22, "me", "", true));
    assertThat(target("netfs+sftp://me@host/~/x"))
        .isEqualTo(new SftpTarget("host", 22, "me", "x", true));
    assertThat(target("netfs+sftp://me@host/~x").inHome()).isFalse();
    assertThat(target("netfs+sftp://me@[::1]:2022/").server()).isEqualTo("sftp://me@[::1]:2022");
    assertThatThrownBy(() -> target("netfs+sftp:///x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("netfs+sftp://user@host:port/directory");
    assertThatThrownBy(() -> target("netfs+sftp://host:70000/x"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static SftpTarget target(String uri) {
    return SftpTarget.of(new ShareConfig(URI.create(uri), ShareOptions.of(Map.of())));
  }
}
