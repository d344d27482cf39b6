package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.DosFileAttributeView;
import java.nio.file.attribute.DosFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a mount of a Samba share sees of what {@code smbclient} does there. */
@Timeout(60)
class SambaMountIT {
  private static SambaServer server;
  private static CountingProxy proxy;

  @TempDir Path local;

  @BeforeAll
  static void start() throws IOException {
    server = SambaServer.start();
    proxy = CountingProxy.to(server.host(), server.port());
  }

  @AfterAll
  static void stop() {
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static NetfsFileSystem mount(Object... options) throws IOException {
    Map<String, Object> env = new HashMap<>(server.options());
    for (int i = 0; i < options.length; i += 2) {
      env.put((String) options[i], options[i + 1]);
    }
    return (NetfsFileSystem) FileSystems.newFileSystem(server.uri(proxy.port(), ""), env);
  }

  /** Puts a file there as another program. */
  private void put(String name, String content) throws IOException {
    Path file = Files.writeString(local.resolve("put"), content);
    server.smbclient("put " + file + " " + name);
  }

  private static WatchKey watch(Path directory, WatchService watcher) throws IOException {
    return directory.register(
        watcher,
        StandardWatchEventKinds.ENTRY_CREATE,
        StandardWatchEventKinds.ENTRY_MODIFY,
        StandardWatchEventKinds.ENTRY_DELETE);
  }

  /** Takes events until one comes. */
  private static List<String> until(WatchService watcher, String event) throws Exception {
    List<String> events = new ArrayList<>();
    while (!events.contains(event)) {
      WatchKey key = watcher.poll(30, TimeUnit.SECONDS);
      assertThat(key).as("after %s, waiting for %s", events, event).isNotNull();
      for (WatchEvent<?> each : key.pollEvents()) {
        events.add(each.kind().name() + " " + each.context());
      }
      key.reset();
    }
    return events;
  }

  @Test
  void aWatcherSeesAnothersChangesWithinTwoSeconds() throws Exception {
    try (NetfsFileSystem fs = mount();
        WatchService watcher = fs.newWatchService()) {
      watch(fs.getPath("/"), watcher);
      put("seen", "x");
      long before = System.nanoTime();
      until(watcher, "ENTRY_CREATE seen");
      assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(2));
      put("seen", "longer");
      until(watcher, "ENTRY_MODIFY seen");
      server.smbclient("rename seen other");
      assertThat(until(watcher, "ENTRY_CREATE other")).contains("ENTRY_DELETE seen");
      server.smbclient("del other");
      until(watcher, "ENTRY_DELETE other");
    }
  }

  @Test
  void whatAWatcherSeesIsRememberedNoMore() throws Exception {
    Files.createDirectories(server.data().resolve("watched"));
    Files.createDirectories(server.data().resolve("not"));
    server.own(server.data().resolve("watched"));
    server.own(server.data().resolve("not"));
    put("watched\\f", "x");
    put("not\\f", "x");
    try (NetfsFileSystem fs = mount("attrTtl", "10m");
        WatchService watcher = fs.newWatchService()) {
      watch(fs.getPath("/watched"), watcher);
      assertThat(Files.size(fs.getPath("/watched/f"))).isOne();
      assertThat(Files.size(fs.getPath("/not/f"))).isOne();
      put("not\\f", "longer");
      put("watched\\f", "longer");
      until(watcher, "ENTRY_MODIFY f");
      assertThat(Files.size(fs.getPath("/watched/f"))).isEqualTo(6);
      assertThat(Files.size(fs.getPath("/not/f"))).as("by the age of what is known").isOne();
    }
  }

  @Test
  void aLostConnectionIsAnOverflowAndTheWatchGoesOn() throws Exception {
    try (NetfsFileSystem fs = mount();
        WatchService watcher = fs.newWatchService()) {
      WatchKey key = watch(fs.getPath("/"), watcher);
      proxy.cut();
      until(watcher, "OVERFLOW null");
      until(watcher, "OVERFLOW null"); // again, when the server really watches
      put("after", "x");
      until(watcher, "ENTRY_CREATE after");
      assertThat(key.isValid()).isTrue();
      server.smbclient("del after");
    }
  }

  @Test
  void filesThatAreMarkedAreHiddenAndNotWritable() throws Exception {
    try (NetfsFileSystem fs = mount()) {
      Path file = Files.createFile(fs.getPath("/marked"));
      Path directory = Files.createDirectory(fs.getPath("/marked-directory"));
      assertThat(Files.isHidden(file)).isFalse();
      assertThat(Files.isHidden(fs.getPath("/"))).isFalse();
      assertThat(Files.isHidden(fs.getPath("/nothing"))).isFalse();
      Files.setAttribute(file, "dos:hidden", true);
      assertThat(Files.isHidden(file)).isTrue();
      assertThat(Files.isWritable(file)).isTrue();
      Files.setAttribute(file, "dos:readonly", true);
      Files.setAttribute(directory, "dos:readonly", true);
      assertThat(Files.isWritable(file)).isFalse();
      assertThatThrownBy(() -> Files.writeString(file, "x"))
          .isInstanceOf(AccessDeniedException.class);
      assertThat(Files.isReadable(file)).isTrue();
      assertThat(Files.isWritable(directory)).isTrue();
      Files.setAttribute(file, "dos:readonly", false);
      assertThat(Files.isWritable(file)).isTrue();
      Files.setAttribute(directory, "dos:readonly", false);
      Files.delete(file);
      Files.delete(directory);
    }
  }

  @Test
  void aDirectoryThatGoesMakesItsKeyInvalid() throws Exception {
    try (NetfsFileSystem fs = mount();
        WatchService watcher = fs.newWatchService()) {
      Path directory = Files.createDirectory(fs.getPath("/going"));
      WatchKey key = watch(directory, watcher);
      Files.delete(directory);
      assertThat(Files.exists(directory)).isFalse();
      awaitInvalid(watcher, key);

      Files.createDirectory(directory);
      key = watch(directory, watcher);
      server.smbclient("rmdir going");
      awaitInvalid(watcher, key);
    }
  }

  private static void awaitInvalid(WatchService watcher, WatchKey key) throws Exception {
    boolean valid = true;
    while (valid) { // that the directory may be gone can be an event of its own before
      assertThat(watcher.poll(30, TimeUnit.SECONDS)).isSameAs(key);
      key.pollEvents();
      valid = key.reset();
    }
  }

  @Test
  void aClosedWatcherLetsGoOfItsDirectories() throws Exception {
    try (NetfsFileSystem fs = mount()) {
      Files.createDirectory(fs.getPath("/held"));
      try (WatchService watcher = fs.newWatchService()) {
        watch(fs.getPath("/held"), watcher);
      }
      assertThat(Files.exists(fs.getPath("/no"))).isFalse(); // behind the request that lets go
      server.smbclient("rename held free");
      assertThat(Files.exists(fs.getPath("/free"))).isTrue();
      server.smbclient("rmdir free");
    }
  }

  @Test
  void whatDosKnew() throws Exception {
    try (NetfsFileSystem fs = mount()) {
      assertThat(fs.supportedFileAttributeViews())
          .containsExactlyInAnyOrder("acl", "basic", "dos", "owner");
      Path file = Files.writeString(fs.getPath("/dos"), "x");
      DosFileAttributeView view = Files.getFileAttributeView(file, DosFileAttributeView.class);
      assertThat(view.name()).isEqualTo("dos");
      view.setHidden(true);
      view.setSystem(true);
      view.setArchive(false);
      assertThat(Files.readAttributes(file, "dos:readonly,hidden,system,archive,size"))
          .isEqualTo(
              Map.of(
                  "readonly", false, "hidden", true, "system", true, "archive", false, "size", 1L));
      assertThat(server.smbclient("allinfo dos")).contains("attributes: HS (6)");
      Files.setAttribute(file, "dos:hidden", false);
      Files.setAttribute(file, "dos:system", false);
      FileTime time = FileTime.fromMillis(1_500_000_000_000L);
      view.setTimes(time, null, null);
      view.setReadOnly(true);
      DosFileAttributes attributes = Files.readAttributes(file, DosFileAttributes.class);
      assertThat(attributes.isReadOnly()).isTrue();
      assertThat(attributes.isHidden()).isFalse();
      assertThat(attributes.lastModifiedTime()).isEqualTo(time);
      assertThatThrownBy(() -> Files.writeString(file, "y"))
          .isInstanceOf(AccessDeniedException.class);
      Path copy = fs.getPath("/doscopy");
      Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
      assertThat(Files.getAttribute(copy, "dos:readonly")).isEqualTo(true);
      assertThat(Files.getAttribute(copy, "dos:archive")).isEqualTo(attributes.isArchive());
      Files.setAttribute(copy, "dos:readonly", false);
      Files.delete(copy);
      view.setReadOnly(false);
      assertThat(Files.readAttributes(file, BasicFileAttributes.class))
          .isInstanceOf(DosFileAttributes.class);
      Path directory = Files.createDirectory(fs.getPath("/dosdir"));
      Files.setAttribute(directory, "dos:hidden", true);
      assertThat(Files.isDirectory(directory)).isTrue();
      assertThat(Files.getAttribute(directory, "dos:hidden")).isEqualTo(true);
      Files.delete(directory);
      Files.delete(file);
    }
  }

  @Test
  void anothersChangeToAnOpenFileIsSeenAtTheNextOpen() throws Exception {
    put("f", "before");
    try (NetfsFileSystem fs = mount();
        FileChannel open = FileChannel.open(fs.getPath("/f"))) {
      ByteBuffer bytes = ByteBuffer.allocate(10);
      assertThat(open.read(bytes, 0)).isEqualTo(6);
      put("f", "afterwards");
      assertThat(Files.readString(fs.getPath("/f"))).isEqualTo("afterwards");
    }
  }

  /** Whether smbclient shows that a file may have holes. */
  private static boolean isSparse(String name) throws IOException {
    Matcher attributes =
        Pattern.compile("attributes: \\S+ \\(([0-9a-f]+)\\)")
            .matcher(server.smbclient("allinfo " + name));
    assertThat(attributes.find()).isTrue();
    return (Integer.parseInt(attributes.group(1), 16) & 0x200) != 0;
  }

  private static void write(NetfsFileSystem fs, String name, long at, OpenOption... options)
      throws IOException {
    try (FileChannel channel = FileChannel.open(fs.getPath("/" + name), options)) {
      channel.write(ByteBuffer.wrap(new byte[] {1}), at);
    }
  }

  @Test
  void aFileHasHolesWhereTheyAreWorthWhile() throws Exception {
    try (NetfsFileSystem fs = mount()) {
      write(fs, "far", 100 << 20, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      assertThat(isSparse("far")).isTrue();
      assertThat(Files.size(fs.getPath("/far"))).isEqualTo((100 << 20) + 1);
      write(fs, "near", 8 << 20, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      assertThat(isSparse("near")).isFalse();
      write(fs, "near", 9 << 20, StandardOpenOption.WRITE, StandardOpenOption.SPARSE);
      assertThat(isSparse("near")).as("a hint for new files only").isFalse();
      write(
          fs,
          "hinted",
          1,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE,
          StandardOpenOption.SPARSE);
      assertThat(isSparse("hinted")).isTrue();
    }
  }
}
