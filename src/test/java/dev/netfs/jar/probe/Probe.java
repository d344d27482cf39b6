package dev.netfs.jar.probe;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * An application that knows nothing but the JDK: it mounts a URI, works on files there, and says on
 * standard output which provider did it. Run in JVMs of its own by {@code DeploymentIT}, which is
 * why it uses no class of the tests.
 */
public final class Probe {

  private static final int SIZE = 300_000;

  private Probe() {}

  /**
   * Mounts and works.
   *
   * @param args the URI of the root, then options as {@code name=value}
   */
  public static void main(String[] args) throws IOException {
    URI root = URI.create(args[0]);
    Map<String, Object> options = new HashMap<>();
    for (String option : List.of(args).subList(1, args.length)) {
      String[] pair = option.split("=", 2);
      options.put(pair[0], pair[0].equals("password") ? pair[1].toCharArray() : pair[1]);
    }
    boolean installed =
        FileSystemProvider.installedProviders().stream()
            .anyMatch(provider -> provider.getScheme().equals(root.getScheme()));
    try (FileSystem fs = FileSystems.newFileSystem(root, options, Probe.class.getClassLoader())) {
      work(fs.getPath("/"));
      if (installed) {
        URI uri = fs.getPath("/dir/copy").toUri();
        check(Files.size(Path.of(uri)) == SIZE, "Path.of(" + uri + ")");
      }
      Class<?> provider = fs.provider().getClass();
      System.out.println("installed " + installed);
      System.out.println("module " + provider.getModule().getName());
      System.out.println("from " + provider.getProtectionDomain().getCodeSource().getLocation());
    }
    System.out.println("done");
  }

  private static void work(Path root) throws IOException {
    byte[] content = new byte[SIZE];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31 >> 3);
    }
    Path dir = Files.createDirectory(root.resolve("dir"));
    Path file = Files.write(dir.resolve("file"), content);
    check(Arrays.equals(Files.readAllBytes(file), content), "what was written reads back");

    byte[] edit = "edited".getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(edit), 100_000);
      channel.force(true);
      ByteBuffer read = ByteBuffer.allocate(edit.length);
      check(channel.read(read, 100_000) == edit.length, "a positional read");
      check(Arrays.equals(read.array(), edit), "the edit reads back");
    }
    System.arraycopy(edit, 0, content, 100_000, edit.length);

    Files.copy(file, dir.resolve("copy"));
    Files.move(file, dir.resolve("moved"));
    check(Files.notExists(file), "the old name is gone");
    check(Arrays.equals(Files.readAllBytes(dir.resolve("copy")), content), "the copy");
    var attributes = Files.readAttributes(dir.resolve("moved"), BasicFileAttributes.class);
    check(attributes.isRegularFile() && attributes.size() == SIZE, "the attributes");

    try (Stream<Path> walk = Files.walk(root)) {
      List<String> names = walk.map(Path::toString).sorted().toList();
      check(names.equals(List.of("/", "/dir", "/dir/copy", "/dir/moved")), "the walk: " + names);
    }
    Files.delete(dir.resolve("moved"));
  }

  private static void check(boolean ok, String what) {
    if (!ok) {
      throw new AssertionError(what);
    }
  }
}
