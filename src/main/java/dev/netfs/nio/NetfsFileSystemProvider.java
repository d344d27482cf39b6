package dev.netfs.nio;

import dev.netfs.engine.Mount;
import dev.netfs.share.FileInfo;
import dev.netfs.share.IsDirectoryException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * The provider of all of netfs's schemes, which are one subclass each, since a provider has one.
 *
 * <p>It has no state: what is mounted is in {@link MountRegistry}, one for all instances, however
 * many the JDK and others make. A constructor does nothing at all, since one that fails would keep
 * every other provider from being found.
 */
abstract class NetfsFileSystemProvider extends FileSystemProvider {
  private static final StackWalker STACK = StackWalker.getInstance();

  private final String scheme;

  NetfsFileSystemProvider(String scheme) {
    this.scheme = scheme;
  }

  @Override
  public String getScheme() {
    return scheme;
  }

  // ---- file systems and paths

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
    checkScheme(uri);
    return MountRegistry.mount(this, uri, Objects.requireNonNull(env, "env"));
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    checkScheme(uri);
    return MountRegistry.get(uri);
  }

  @Override
  public Path getPath(URI uri) {
    checkScheme(uri);
    return MountRegistry.path(uri);
  }

  /**
   * Checks that a URI is one of this provider's scheme.
   *
   * @throws IllegalArgumentException if it is not
   */
  final void checkScheme(URI uri) {
    if (!scheme.equalsIgnoreCase(uri.getScheme())) {
      throw new IllegalArgumentException(
          "the provider of '" + scheme + "' cannot do URIs of '" + uri.getScheme() + "'");
    }
  }

  // ---- channels and streams

  @Override
  public FileChannel newFileChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    OpenRequest request = OpenRequest.of(options, attrs, mount(ours), OpenRequest.For.CHANNEL);
    try {
      return NetfsFileChannel.open(ours, request);
    } catch (IsDirectoryException e) {
      if (request.mode().write()) {
        throw directoryWritten(ours, request, e);
      }
      return DirectoryChannel.open(ours);
    }
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
    FileChannel channel = newFileChannel(path, options, attrs);
    if (options.isEmpty() && channel instanceof NetfsFileChannel ours && isForReadAllBytes()) {
      ours.ignoreInterrupts();
    }
    return channel;
  }

  /**
   * Whether the channel that is asked for is one that the caller never sees: of {@code
   * Files.readAllBytes} and {@code readString}, which no interrupt ends with the JDK's own
   * provider, whose channels {@code Files} asks for that.
   */
  private static boolean isForReadAllBytes() {
    return STACK.walk(
        frames ->
            frames
                .limit(6)
                .anyMatch(
                    frame ->
                        frame.getMethodName().equals("readAllBytes")
                            && frame.getClassName().equals("java.nio.file.Files")));
  }

  @Override
  public AsynchronousFileChannel newAsynchronousFileChannel(
      Path path,
      Set<? extends OpenOption> options,
      @Nullable ExecutorService executor,
      FileAttribute<?>... attrs)
      throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    OpenRequest request =
        OpenRequest.of(options, attrs, mount(ours), OpenRequest.For.ASYNCHRONOUS_CHANNEL);
    try {
      return NetfsAsynchronousFileChannel.open(
          ours, request, executor != null ? executor : Workers.POOL);
    } catch (IsDirectoryException e) {
      throw directoryWritten(ours, request, e);
    }
  }

  @Override
  public InputStream newInputStream(Path path, OpenOption... options) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    for (OpenOption option : options) {
      if (option == StandardOpenOption.WRITE || option == StandardOpenOption.APPEND) {
        throw new UnsupportedOperationException("'" + option + "' is not for input streams");
      }
    }
    OpenRequest request =
        OpenRequest.of(
            setOf(options), new FileAttribute<?>[0], mount(ours), OpenRequest.For.CHANNEL);
    try {
      return NetfsInputStream.open(ours, request);
    } catch (IsDirectoryException e) {
      return Channels.newInputStream(DirectoryChannel.open(ours));
    }
  }

  @Override
  public OutputStream newOutputStream(Path path, OpenOption... options) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    Set<OpenOption> set = setOf(options);
    if (set.contains(StandardOpenOption.READ)) {
      throw new IllegalArgumentException("'READ' is not for output streams");
    }
    if (set.isEmpty()) {
      set.add(StandardOpenOption.CREATE);
      set.add(StandardOpenOption.TRUNCATE_EXISTING);
    }
    set.add(StandardOpenOption.WRITE);
    OpenRequest request =
        OpenRequest.of(set, new FileAttribute<?>[0], mount(ours), OpenRequest.For.CHANNEL);
    try {
      return NetfsOutputStream.open(ours, request);
    } catch (IsDirectoryException e) {
      throw directoryWritten(ours, request, e);
    }
  }

  private static Set<OpenOption> setOf(OpenOption... options) {
    Set<OpenOption> set = new HashSet<>();
    for (OpenOption option : options) {
      set.add(Objects.requireNonNull(option, "option"));
    }
    return set;
  }

  private static IOException directoryWritten(
      NetfsPath path, OpenRequest request, IsDirectoryException failure) {
    return request.createsNew()
        ? new FileAlreadyExistsException(path.toString())
        : PathErrors.shown(failure, path);
  }

  // ---- names

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path dir, DirectoryStream.Filter<? super Path> filter) throws IOException {
    return NetfsDirectoryStream.open(NetfsPath.of(dir), filter);
  }

  @Override
  public void createDirectory(Path dir, FileAttribute<?>... attrs) throws IOException {
    NetfsPath ours = NetfsPath.of(dir);
    OpenRequest.Initial with = OpenRequest.Initial.of(attrs, mount(ours));
    List<AclEntry> acl = with.acl();
    if (acl == null) {
      change(ours, mount -> mount.makeDirectory(ours.remote(), with.mode()));
    } else {
      change(ours, mount -> mount.makeDirectory(ours.remote(), acl));
    }
  }

  @Override
  public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attrs)
      throws IOException {
    NetfsPath ours = NetfsPath.of(link);
    NetfsPath leadsTo = sameMount(ours, target);
    if (attrs.length > 0) {
      OpenRequest.Initial.of(attrs, mount(ours)); // for its checks
      throw new UnsupportedOperationException("a symbolic link is made without attributes");
    }
    if (!ours.getFileSystem().mount().capabilities().symbolicLinks()) {
      throw new UnsupportedOperationException(
          ours.getFileSystem().uri() + " does not support symbolic links");
    }
    change(ours, mount -> mount.symbolicLink(ours.remote(), leadsTo.toString()));
  }

  @Override
  public void createLink(Path link, Path existing) throws IOException {
    NetfsPath ours = NetfsPath.of(link);
    NetfsPath file = sameMount(ours, existing);
    if (!ours.getFileSystem().mount().capabilities().hardLinks()) {
      throw new UnsupportedOperationException(
          ours.getFileSystem().uri() + " does not support hard links");
    }
    try {
      ours.getFileSystem().writableMount().link(ours.remote(), file.remote());
    } catch (IOException e) {
      throw PathErrors.shown(e, ours, file);
    }
  }

  @Override
  public Path readSymbolicLink(Path link) throws IOException {
    NetfsPath ours = NetfsPath.of(link);
    Mount mount = ours.getFileSystem().mount();
    if (!mount.capabilities().symbolicLinks()) {
      throw new UnsupportedOperationException(
          ours.getFileSystem().uri() + " does not support symbolic links");
    }
    try {
      return ours.getFileSystem().pathFromServer(mount.readLink(ours.remote()));
    } catch (IOException e) {
      throw PathErrors.shown(e, ours);
    }
  }

  @Override
  public void delete(Path path) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    if (ours.remote().equals("/")) {
      ours.getFileSystem().writableMount(); // for its checks
      throw new FileSystemException(ours.toString(), null, "the root of a mount cannot be deleted");
    }
    change(ours, mount -> mount.delete(ours.remote()));
  }

  @Override
  public boolean deleteIfExists(Path path) throws IOException {
    try {
      delete(path);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    CopyMove.copy(NetfsPath.of(source), NetfsPath.of(target), options);
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    CopyMove.move(NetfsPath.of(source), NetfsPath.of(target), options);
  }

  @Override
  public boolean isSameFile(Path path, Path other) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    if (ours.equals(Objects.requireNonNull(other, "other"))) {
      return true;
    }
    if (!(other instanceof NetfsPath that) || that.getFileSystem() != ours.getFileSystem()) {
      return false;
    }
    FileInfo info = AttributeViews.info(ours, true);
    FileInfo otherInfo = AttributeViews.info(that, true);
    if (ours.remote().equals(that.remote())) {
      return true;
    }
    if (info.fileKey() != null && otherInfo.fileKey() != null) {
      return info.fileKey().equals(otherInfo.fileKey());
    }
    return RealPaths.isSame(ours, true, that, true);
  }

  @Override
  public boolean isHidden(Path path) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    NetfsPath name = ours.getFileName();
    if (name != null && name.toString().startsWith(".")) {
      return true;
    }
    if (!AttributeViews.supports(ours.getFileSystem().mount(), "dos")) {
      return false;
    }
    try {
      return new NetfsFileAttributes.Dos(AttributeViews.info(ours, true)).isHidden();
    } catch (NoSuchFileException e) {
      return false; // as a name that nothing else hides
    }
  }

  // ---- attributes

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    AttributeViews.info(ours, true); // which has to exist
    return new NetfsFileStore(ours);
  }

  /**
   * Checks access as far as it can be known here: that the object exists, that neither the mount
   * nor the file is read-only, and that its mode lets anybody at all do what is asked. Who we are
   * on the server only the server knows, and says at the access itself.
   */
  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    NetfsPath ours = NetfsPath.of(path);
    FileInfo info = AttributeViews.info(ours, true);
    for (AccessMode mode : modes) {
      int bits =
          switch (mode) {
            case READ -> 0444;
            case WRITE -> 0222;
            case EXECUTE -> 0111;
          };
      if (info.mode() != -1 && (info.mode() & bits) == 0) {
        throw new AccessDeniedException(ours.toString());
      }
      if (mode == AccessMode.WRITE && isMarkedReadOnly(info)) {
        throw new AccessDeniedException(ours.toString(), null, "the file is marked as read-only");
      }
      if (mode == AccessMode.WRITE && ours.getFileSystem().isReadOnly()) {
        throw new AccessDeniedException(ours.toString(), null, "the mount is read-only");
      }
    }
  }

  /** As Windows has it: a directory's mark says nothing about what is in it. */
  private static boolean isMarkedReadOnly(FileInfo info) {
    return !info.isDirectory() && new NetfsFileAttributes.Dos(info).isReadOnly();
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return AttributeViews.of(NetfsPath.of(path), type, AttributeViews.follows(options));
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    return AttributeViews.read(NetfsPath.of(path), type, AttributeViews.follows(options));
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
      throws IOException {
    @SuppressWarnings("NullAway") // a fileKey may be null, in the JDK's maps too
    Map<String, Object> values =
        NamedAttributes.read(NetfsPath.of(path), attributes, AttributeViews.follows(options));
    return values;
  }

  @Override
  public void setAttribute(
      Path path, String attribute, @Nullable Object value, LinkOption... options)
      throws IOException {
    NamedAttributes.set(NetfsPath.of(path), attribute, value, AttributeViews.follows(options));
  }

  /** Overrides a method that the JDK has from 20 on. */
  @SuppressWarnings("MissingOverride")
  public boolean exists(Path path, LinkOption... options) {
    try {
      AttributeViews.info(NetfsPath.of(path), AttributeViews.follows(options));
      return true;
    } catch (IOException e) {
      return false; // as the JDK has it, also where the server cannot be asked
    }
  }

  /** Overrides a method that the JDK has from 20 on: null if there is no such file. */
  @SuppressWarnings("MissingOverride")
  public <A extends BasicFileAttributes> @Nullable A readAttributesIfExists(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    try {
      return readAttributes(path, type, options);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  // ---- helpers

  /** A change of one name. */
  private interface Change {
    void apply(Mount mount) throws IOException;
  }

  private static void change(NetfsPath path, Change change) throws IOException {
    try {
      change.apply(path.getFileSystem().writableMount());
    } catch (IOException e) {
      throw PathErrors.shown(e, path);
    }
  }

  private static NetfsPath sameMount(NetfsPath path, Path other) {
    NetfsPath ours = NetfsPath.of(other);
    if (ours.getFileSystem() != path.getFileSystem()) {
      throw new ProviderMismatchException(
          "a link cannot lead from "
              + path.getFileSystem().uri()
              + " to "
              + ours.getFileSystem().uri());
    }
    return ours;
  }

  private static Mount mount(NetfsPath path) {
    return path.getFileSystem().mount();
  }
}
