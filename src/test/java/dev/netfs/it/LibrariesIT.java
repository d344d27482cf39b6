package dev.netfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.netfs.Netfs;
import dev.netfs.NetfsFileSystem;
import dev.netfs.testing.CountingProxy;
import dev.netfs.testing.FileServer;
import dev.netfs.testing.OpenSshServer;
import dev.netfs.testing.SambaServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.IntPoint;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.LockFactory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.NativeFSLockFactory;
import org.apache.lucene.store.SimpleFSLockFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Programs that know nothing of netfs and take any {@link Path}: the JDK's zip file system, its
 * compiler, and Lucene. Whatever they wrote is looked at on the server too, without netfs.
 */
@Timeout(120)
class LibrariesIT {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final Map<Place, FileServer> SERVERS = new EnumMap<>(Place.class);

  @TempDir private Path local;

  /** The share that a test runs on. */
  private enum Place {
    /** A local directory, through the transport for any path. */
    PATH,
    /** A real OpenSSH server. */
    SFTP,
    /** A real Samba server. */
    SMB;

    /** Whether locks on files exclude others than this JVM. */
    boolean hasLocks() {
      return this != SFTP;
    }
  }

  /** A mount, and the same directory as the server has it. */
  private record Mounted(NetfsFileSystem fs, Path onServer) implements AutoCloseable {
    Path path(String name) {
      return fs.getPath("/" + name);
    }

    @Override
    public void close() throws IOException {
      fs.close();
    }
  }

  @BeforeAll
  static void startServer() throws IOException {
    SERVERS.put(Place.SFTP, OpenSshServer.start());
    SERVERS.put(Place.SMB, SambaServer.start());
  }

  @AfterAll
  static void stopServer() {
    SERVERS.values().forEach(FileServer::close);
    SERVERS.clear();
  }

  /** Mounts a new, empty directory of the share. */
  private Mounted mount(Place place, String... options) throws IOException {
    if (place != Place.PATH) {
      COUNT.incrementAndGet();
      SERVERS.get(place).own(Files.createDirectory(onServer(place)));
    }
    return mountAgain(place, options);
  }

  private Mounted mountAgain(Place place, String... options) throws IOException {
    Netfs.Builder builder;
    if (place == Place.PATH) {
      builder = Netfs.mount(local);
    } else {
      FileServer server = SERVERS.get(place);
      builder = Netfs.mount(server.uri("/" + onServer(place).getFileName()));
      server.options().forEach(builder::option);
    }
    for (int i = 0; i < options.length; i += 2) {
      builder.option(options[i], options[i + 1]);
    }
    return new Mounted(builder.open(), onServer(place));
  }

  /** Returns the directory that was mounted last, as the server has it. */
  private Path onServer(Place place) {
    return place == Place.PATH
        ? local
        : SERVERS.get(place).data().resolve("libraries" + COUNT.get());
  }

  // ---------------------------------------------------------------- zip files

  @ParameterizedTest
  @EnumSource
  void zipFilesAreCreatedReadAndUpdated(Place place) throws IOException {
    Map<String, ByteBuffer> expected = new TreeMap<>();
    try (Mounted mount = mount(place)) {
      Path zip = mount.path("archive.zip");
      try (FileSystem archive = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
        Files.createDirectory(archive.getPath("/dir"));
        for (int i = 0; i < 20; i++) {
          put(archive, expected, "dir/small" + i, 1_000 + i);
        }
        put(archive, expected, "large", 3 << 20);
        put(archive, expected, "gone", 100_000);
      }
      assertThat(contents(zip)).isEqualTo(expected);
      assertThat(entries(mount.onServer.resolve("archive.zip"))).isEqualTo(expected);

      try (FileSystem archive = FileSystems.newFileSystem(zip)) {
        put(archive, expected, "dir/small7", 70_000);
        put(archive, expected, "added", 50_000);
        Files.delete(archive.getPath("/gone"));
        expected.remove("gone");
        Files.move(archive.getPath("/large"), archive.getPath("/dir/moved"));
        expected.put("dir/moved", expected.remove("large"));
        // From the archive to the share itself.
        Files.copy(
            archive.getPath("/dir/small3"),
            mount.path("extracted"),
            StandardCopyOption.COPY_ATTRIBUTES);
      }
      assertThat(contents(zip)).isEqualTo(expected);
      assertThat(Files.readAllBytes(mount.path("extracted")))
          .isEqualTo(expected.get("dir/small3").array());
      // The archive was rewritten beside itself: nothing of that is left.
      try (Stream<Path> names = Files.list(mount.path(""))) {
        assertThat(names.map(Path::toString))
            .containsExactlyInAnyOrder("/archive.zip", "/extracted");
      }
    }
    assertThat(entries(onServer(place).resolve("archive.zip"))).isEqualTo(expected);
  }

  private static void put(
      FileSystem archive, Map<String, ByteBuffer> expected, String name, int size)
      throws IOException {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    Files.write(archive.getPath("/" + name), data);
    expected.put(name, ByteBuffer.wrap(data));
  }

  /** Reads an archive as a file system. */
  private static Map<String, ByteBuffer> contents(Path zip) throws IOException {
    Map<String, ByteBuffer> contents = new TreeMap<>();
    try (FileSystem archive = FileSystems.newFileSystem(zip);
        Stream<Path> files = Files.walk(archive.getPath("/"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file.toString().substring(1), ByteBuffer.wrap(Files.readAllBytes(file)));
      }
    }
    return contents;
  }

  /** Reads an archive as a stream, and so checks each entry's sum too. */
  private static Map<String, ByteBuffer> entries(Path zip) throws IOException {
    Map<String, ByteBuffer> entries = new TreeMap<>();
    try (InputStream file = Files.newInputStream(zip);
        ZipInputStream in = new ZipInputStream(file)) {
      for (ZipEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        if (!e.isDirectory()) {
          entries.put(e.getName(), ByteBuffer.wrap(in.readAllBytes()));
        }
      }
    }
    return entries;
  }

  // ---------------------------------------------------------------- the compiler

  @ParameterizedTest
  @EnumSource
  void theCompilerReadsAndWritesTheShare(Place place) throws Exception {
    try (Mounted mount = mount(place)) {
      Path library =
          source(
              mount.path("library/lib/Greeting.java"),
              """
              package lib;
              public record Greeting(String whom) {
                public String text() { return "Hello, " + whom; }
              }
              """);
      Path app =
          source(
              mount.path("src/app/App.java"),
              """
              package app;
              public class App implements java.util.function.Supplier<String> {
                @Override public String get() {
                  return new Helper().help(new lib.Greeting("share"));
                }
              }
              """);
      source(
          mount.path("src/app/Helper.java"),
          """
          package app;
          class Helper {
            String help(lib.Greeting greeting) {
              java.util.function.UnaryOperator<String> twice = s -> s + "! " + s + "!";
              return new Object() { String go() { return twice.apply(greeting.text()); } }.go();
            }
          }
          """);
      Path libraryClasses = Files.createDirectories(mount.path("target/library"));
      Path classes = Files.createDirectories(mount.path("target/classes"));

      assertThat(compile(libraryClasses, List.of(), List.of(), library)).isEmpty();
      // Helper is found on the source path, Greeting on the class path.
      assertThat(compile(classes, List.of(mount.path("src")), List.of(libraryClasses), app))
          .isEmpty();
      assertThat(run(List.of(classes, libraryClasses))).isEqualTo("Hello, share! Hello, share!");
      assertThat(run(below(mount, "target/classes", "target/library")))
          .isEqualTo("Hello, share! Hello, share!");

      source(
          mount.path("src/app/Helper.java"),
          "package app; class Helper { String help(lib.Greeting g) { return g.text() + 2; } }");
      Files.delete(classes.resolve("app/Helper.class"));
      assertThat(compile(classes, List.of(mount.path("src")), List.of(libraryClasses), app))
          .isEmpty();
      assertThat(run(List.of(classes, libraryClasses))).isEqualTo("Hello, share2");

      Path wrong = source(mount.path("src/app/Wrong.java"), "package app;\nclass Wrong { int x }");
      assertThat(compile(classes, List.of(), List.of(libraryClasses), wrong))
          .singleElement()
          .asString()
          .contains("/src/app/Wrong.java:2");
    }
  }

  private static List<Path> below(Mounted mount, String... names) {
    return Stream.of(names).map(mount.onServer::resolve).toList();
  }

  private static Path source(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Compiles one class and what it needs; returns the complaints. */
  private static List<String> compile(
      Path output, Collection<Path> sourcePath, Collection<Path> classPath, Path source)
      throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> complaints = new DiagnosticCollector<>();
    StringWriter out = new StringWriter();
    boolean done;
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(complaints, Locale.ROOT, StandardCharsets.UTF_8)) {
      files.setLocationFromPaths(StandardLocation.CLASS_OUTPUT, List.of(output));
      files.setLocationFromPaths(StandardLocation.SOURCE_PATH, sourcePath);
      files.setLocationFromPaths(StandardLocation.CLASS_PATH, classPath);
      // Else javac looks for processors on the class path, by toFile, which is for local paths.
      files.setLocationFromPaths(StandardLocation.ANNOTATION_PROCESSOR_PATH, List.of());
      done =
          compiler
              .getTask(
                  out,
                  files,
                  complaints,
                  List.of("-proc:none", "-Xlint:all"),
                  null,
                  files.getJavaFileObjects(source))
              .call();
    }
    List<String> texts = complaints.getDiagnostics().stream().map(Object::toString).toList();
    assertThat(done).as("%s %s", texts, out).isEqualTo(texts.isEmpty());
    return texts;
  }

  private static String run(List<Path> classPath) throws ReflectiveOperationException {
    Class<?> app = Class.forName("app.App", true, new PathClassLoader(classPath));
    return (String) ((Supplier<?>) app.getDeclaredConstructor().newInstance()).get();
  }

  /** Loads classes from directories of any file system. */
  private static final class PathClassLoader extends ClassLoader {
    private final List<Path> directories;

    PathClassLoader(List<Path> directories) {
      super(ClassLoader.getPlatformClassLoader());
      this.directories = directories;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      for (Path directory : directories) {
        try {
          byte[] code = Files.readAllBytes(directory.resolve(name.replace('.', '/') + ".class"));
          return defineClass(name, code, 0, code.length);
        } catch (NoSuchFileException e) {
          // Then in the next one.
        } catch (IOException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
      throw new ClassNotFoundException(name);
    }
  }

  // ---------------------------------------------------------------- Lucene

  @ParameterizedTest
  @EnumSource
  void aLuceneIndexIsBuiltAndSearched(Place place) throws IOException {
    LockFactory locks =
        place.hasLocks() ? NativeFSLockFactory.INSTANCE : SimpleFSLockFactory.INSTANCE;
    int commits = 5;
    int perCommit = 400;
    try (Mounted mount = mount(place)) {
      try (Directory index = new NIOFSDirectory(mount.path("index"), locks)) {
        try (IndexWriter writer = new IndexWriter(index, config())) {
          assertThatThrownBy(() -> new IndexWriter(index, config()))
              .isInstanceOf(LockObtainFailedException.class);
          writer.commit();
          DirectoryReader reader = DirectoryReader.open(index);
          try {
            for (int commit = 0; commit < commits; commit++) {
              for (int i = commit * perCommit; i < (commit + 1) * perCommit; i++) {
                writer.updateDocument(new Term("id", "" + i), document(i));
                if (i % 100 == 99) {
                  writer.flush(); // many small segments, which are merged
                }
              }
              writer.deleteDocuments(IntPoint.newRangeQuery("n", commit * 10, commit * 10 + 4));
              writer.commit();
              DirectoryReader newer = DirectoryReader.openIfChanged(reader);
              assertThat(newer).isNotNull();
              reader.close();
              reader = newer;
              check(reader, commit + 1, perCommit);
            }
          } finally {
            reader.close();
          }
          writer.forceMerge(1);
        }
        clean(index);
        try (DirectoryReader reader = DirectoryReader.open(index)) {
          assertThat(reader.leaves()).hasSize(1);
          check(reader, commits, perCommit);
        }
      }
    }
    // Again with nothing in the cache, and once without netfs.
    try (Mounted again = mountAgain(place);
        Directory index = new NIOFSDirectory(again.path("index"), locks);
        DirectoryReader reader = DirectoryReader.open(index)) {
      check(reader, commits, perCommit);
    }
    try (Directory index = new NIOFSDirectory(onServer(place).resolve("index"));
        DirectoryReader reader = DirectoryReader.open(index)) {
      clean(index);
      check(reader, commits, perCommit);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMappedLuceneIndexIsBuiltAndSearched(Place place) throws IOException {
    LockFactory locks =
        place.hasLocks() ? NativeFSLockFactory.INSTANCE : SimpleFSLockFactory.INSTANCE;
    try (Mounted mount = mount(place)) {
      try (Directory index = new MMapDirectory(mount.path("index"), locks)) {
        try (IndexWriter writer = new IndexWriter(index, config())) {
          for (int i = 0; i < 400; i++) {
            writer.addDocument(document(i));
          }
          writer.deleteDocuments(IntPoint.newRangeQuery("n", 0, 4));
        }
        String file = Arrays.stream(index.listAll()).filter(f -> f.startsWith("_")).findAny().get();
        try (IndexInput input = index.openInput(file, IOContext.DEFAULT)) {
          // Which shows that it maps in the way that the running JDK has.
          assertThat(input.getClass().getName())
              .contains(Runtime.version().feature() >= 22 ? "MemorySegment" : "ByteBuffer");
        }
        clean(index);
        try (DirectoryReader reader = DirectoryReader.open(index)) {
          check(reader, 1, 400);
        }
      }
    }
    try (Mounted again = mountAgain(place);
        Directory index = new MMapDirectory(again.path("index"), locks);
        DirectoryReader reader = DirectoryReader.open(index)) {
      check(reader, 1, 400);
    }
  }

  private static IndexWriterConfig config() {
    return new IndexWriterConfig(new StandardAnalyzer()).setRAMBufferSizeMB(1);
  }

  private static Document document(int i) {
    Document document = new Document();
    document.add(new StringField("id", "" + i, Field.Store.YES));
    document.add(new IntPoint("n", i));
    StringBuilder text = new StringBuilder("every mod").append(i % 7).append(" only").append(i);
    new Random(i).ints(50, 0, 5_000).forEach(word -> text.append(" word").append(word));
    document.add(new TextField("body", text.toString(), Field.Store.YES));
    return document;
  }

  /** Checks what searches find against what was added and deleted. */
  private static void check(DirectoryReader reader, int commits, int perCommit) throws IOException {
    int added = commits * perCommit;
    int[] live = IntStream.range(0, added).filter(i -> i >= commits * 10 || i % 10 > 4).toArray();
    IndexSearcher searcher = new IndexSearcher(reader);
    assertThat(reader.numDocs()).isEqualTo(live.length);
    assertThat(searcher.count(new TermQuery(new Term("body", "every")))).isEqualTo(live.length);
    for (int mod = 0; mod < 7; mod++) {
      int rest = mod;
      assertThat(searcher.count(new TermQuery(new Term("body", "mod" + mod))))
          .isEqualTo((int) Arrays.stream(live).filter(i -> i % 7 == rest).count());
    }
    for (int i = 0; i < added; i += 37) {
      TopDocs found = searcher.search(new TermQuery(new Term("body", "only" + i)), 10);
      boolean deleted = i < commits * 10 && i % 10 <= 4;
      assertThat(found.scoreDocs).as("document %d", i).hasSize(deleted ? 0 : 1);
      if (!deleted) {
        Document document = searcher.storedFields().document(found.scoreDocs[0].doc);
        assertThat(document.get("id")).isEqualTo("" + i);
        assertThat(document.get("body")).isEqualTo(document(i).get("body"));
      }
    }
  }

  private static void clean(Directory index) throws IOException {
    try (CheckIndex check = new CheckIndex(index)) {
      CheckIndex.Status status = check.checkIndex();
      assertThat(status.clean).isTrue();
      assertThat(status.missingSegments).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void lucenesNativeLockIsOneOfTheShare(Place place) throws IOException {
    try (Mounted mount = mount(place, "locks", place.hasLocks() ? "server" : "local")) {
      Path lockFile = mount.path("index/write.lock");
      try (Directory index = new NIOFSDirectory(mount.path("index"))) {
        try (IndexWriter writer = new IndexWriter(index, config())) {
          writer.addDocument(document(1));
          assertThatThrownBy(() -> new IndexWriter(index, config()))
              .isInstanceOf(LockObtainFailedException.class);
          // Lucene keeps a list of its own of what this JVM has locked. The lock itself:
          try (FileChannel other = FileChannel.open(lockFile, StandardOpenOption.WRITE)) {
            assertThatThrownBy(other::tryLock).isInstanceOf(OverlappingFileLockException.class);
          }
          if (place == Place.PATH) {
            try (FileChannel behind =
                FileChannel.open(
                    mount.onServer.resolve("index/write.lock"), StandardOpenOption.WRITE)) {
              assertThatThrownBy(behind::tryLock).isInstanceOf(OverlappingFileLockException.class);
            }
          }
          if (place == Place.SMB) {
            // As another client, who knows nothing of this mount's locks.
            FileServer server = SERVERS.get(place);
            try (CountingProxy proxy = CountingProxy.to(server.host(), server.port());
                NetfsFileSystem others =
                    (NetfsFileSystem)
                        FileSystems.newFileSystem(
                            server.uri(proxy.port(), "/" + mount.onServer.getFileName()),
                            server.options());
                FileChannel theirs =
                    FileChannel.open(
                        others.getPath("/index/write.lock"), StandardOpenOption.WRITE)) {
              assertThat(theirs.tryLock()).isNull();
            }
          }
        }
        try (FileChannel other = FileChannel.open(lockFile, StandardOpenOption.WRITE);
            FileLock lock = other.tryLock()) {
          assertThat(lock).isNotNull();
        }
        new IndexWriter(index, config()).close();
      }
    }
  }
}
