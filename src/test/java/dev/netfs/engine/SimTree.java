package dev.netfs.engine;

import dev.netfs.share.AttributeChange;
import dev.netfs.share.DirectoryEntry;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import dev.netfs.share.IsDirectoryException;
import dev.netfs.share.OpenIntent;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The files, directories and links of a server in memory. Guarded by its server. */
final class SimTree {
  private static final int MAX_LINKS = 40;
  private static final int UMASK = 0022;

  /** An object of the server. */
  abstract static class Node {
    FileTime modified = FileTime.fromMillis(0);
    @Nullable FileTime accessed;
    int mode;
    @Nullable String version;

    Node(int mode) {
      this.mode = mode & ~UMASK;
    }

    abstract FileInfo.Builder describe();

    FileInfo info() {
      return describe().modified(modified).accessed(accessed).mode(mode).build();
    }
  }

  static final class File extends Node {
    final SparseBytes data = new SparseBytes();
    int links = 1;

    File(int mode) {
      super(mode == -1 ? 0666 : mode);
    }

    @Override
    FileInfo.Builder describe() {
      return FileInfo.of(FileType.REGULAR).size(data.size()).links(links).version(version);
    }
  }

  private static final class Directory extends Node {
    Directory(int mode) {
      super(mode == -1 ? 0777 : mode);
    }

    @Override
    FileInfo.Builder describe() {
      return FileInfo.of(FileType.DIRECTORY);
    }
  }

  private static final class Link extends Node {
    final String target;

    Link(String target) {
      super(0777);
      this.target = target;
    }

    @Override
    FileInfo.Builder describe() {
      return FileInfo.of(FileType.SYMBOLIC_LINK).size(target.length());
    }
  }

  private final TreeMap<String, Node> nodes = new TreeMap<>();
  private final Supplier<FileTime> clock;
  private long changes;

  /** Whether files show a version, which every change of them changes. */
  boolean versions;

  SimTree(Supplier<FileTime> clock) {
    this.clock = clock;
    nodes.put("/", new Directory(-1));
  }

  /** Notes that an object's content has changed. */
  void touch(Node node) {
    node.modified = clock.get();
    if (versions) {
      node.version = "version " + ++changes;
    }
  }

  /** Returns the names of all that there is, the root excepted. */
  List<String> names() {
    List<String> names = new ArrayList<>(nodes.keySet());
    names.remove("/");
    return names;
  }

  /** Returns a file by its name, made if there is none; for other clients than the one tested. */
  File fileAt(String path) {
    Node node =
        nodes.computeIfAbsent(
            path,
            key -> {
              touch(parent(key));
              return new File(-1);
            });
    return (File) node;
  }

  @Nullable File find(String path) {
    return nodes.get(path) instanceof File file ? file : null;
  }

  File open(String path, OpenIntent intent) throws IOException {
    boolean exclusive = intent.disposition() == OpenIntent.Disposition.CREATE_NEW;
    if (exclusive && nodes.containsKey(real(path, false))) {
      throw new FileAlreadyExistsException(path);
    }
    String real = real(path, true);
    Node node = nodes.get(real);
    if (node instanceof Directory) {
      throw new IsDirectoryException(path);
    }
    if (node == null) {
      if (intent.disposition() == OpenIntent.Disposition.OPEN_EXISTING) {
        throw new NoSuchFileException(path);
      }
      node = new File(intent.mode());
      add(real, node);
    }
    File file = (File) node;
    if (intent.truncate()) {
      file.data.setSize(0);
      touch(file);
    }
    return file;
  }

  FileInfo stat(String path, boolean followLinks) throws IOException {
    return existing(path, real(path, followLinks)).info();
  }

  List<DirectoryEntry> list(String path) throws IOException {
    String real = real(path, true);
    if (!(existing(path, real) instanceof Directory)) {
      throw new NotDirectoryException(path);
    }
    List<DirectoryEntry> entries = new ArrayList<>();
    for (String child : children(real)) {
      entries.add(
          new DirectoryEntry(
              child.substring(child.lastIndexOf('/') + 1),
              java.util.Objects.requireNonNull(nodes.get(child)).info()));
    }
    return entries;
  }

  void makeDirectory(String path, int mode) throws IOException {
    addNew(path, new Directory(mode));
  }

  /** Changes a mode and times; owners there are none. */
  void setAttributes(String path, AttributeChange change, boolean followLinks) throws IOException {
    Node node = existing(path, real(path, followLinks));
    if (change.mode() != -1) {
      node.mode = change.mode();
    }
    FileTime modified = change.modified();
    node.modified = modified == null ? node.modified : modified;
    FileTime accessed = change.accessed();
    node.accessed = accessed == null ? node.accessed : accessed;
  }

  void symbolicLink(String path, String target) throws IOException {
    addNew(path, new Link(target));
  }

  void link(String path, String existing) throws IOException {
    Node node = existing(existing, real(existing, false));
    String real = real(path, false);
    if (nodes.containsKey(real)) {
      throw new FileAlreadyExistsException(path);
    }
    if (node instanceof Directory) {
      throw new FileSystemException(existing, null, "a directory has one name");
    }
    if (node instanceof File file) {
      file.links++;
    }
    nodes.put(real, node);
    touch(parent(real));
  }

  String readLink(String path) throws IOException {
    if (existing(path, real(path, false)) instanceof Link link) {
      return link.target;
    }
    throw new NotLinkException(path);
  }

  void deleteFile(String path) throws IOException {
    String real = real(path, false);
    if (existing(path, real) instanceof Directory) {
      throw new IsDirectoryException(path);
    }
    remove(real);
  }

  void deleteDirectory(String path) throws IOException {
    String real = real(path, false);
    if (!(existing(path, real) instanceof Directory)) {
      throw new NotDirectoryException(path);
    }
    if (!children(real).isEmpty()) {
      throw new DirectoryNotEmptyException(path);
    }
    remove(real);
  }

  void rename(String source, String target, boolean replace) throws IOException {
    String from = real(source, false);
    Node moved = existing(source, from);
    String to = real(target, false);
    if (Names.within(to, from) && !to.equals(from)) {
      throw new FileSystemException(source, target, "a directory cannot become its own child");
    }
    Node there = nodes.get(to);
    if (there == moved) {
      return;
    }
    if (there != null) {
      if (!replace || moved instanceof Directory != there instanceof Directory) {
        throw new FileAlreadyExistsException(target);
      }
      if (!children(to).isEmpty()) {
        throw new DirectoryNotEmptyException(target);
      }
      remove(to);
    }
    for (String name : names()) {
      if (Names.within(name, from)) {
        nodes.put(to + name.substring(from.length()), nodes.remove(name));
      }
    }
    touch(parent(from));
    touch(parent(to));
  }

  private void addNew(String path, Node node) throws IOException {
    String real = real(path, false);
    if (nodes.containsKey(real)) {
      throw new FileAlreadyExistsException(path);
    }
    add(real, node);
  }

  private void add(String real, Node node) {
    touch(node);
    nodes.put(real, node);
    touch(parent(real));
  }

  private void remove(String real) {
    if (nodes.remove(real) instanceof File file) {
      file.links--;
    }
    touch(parent(real));
  }

  private Node parent(String real) {
    return java.util.Objects.requireNonNull(nodes.get(Names.parent(real)));
  }

  private Node existing(String asked, String real) throws NoSuchFileException {
    Node node = nodes.get(real);
    if (node == null) {
      throw new NoSuchFileException(asked);
    }
    return node;
  }

  private List<String> children(String real) {
    List<String> children = new ArrayList<>();
    for (String name : names()) {
      if (Names.parent(name).equals(real)) {
        children.add(name);
      }
    }
    return children;
  }

  /** Returns the name without links on its way, whose parent exists. */
  private String real(String path, boolean follow) throws IOException {
    return real(path, path, follow, 0);
  }

  private String real(String asked, String path, boolean follow, int depth) throws IOException {
    if (depth > MAX_LINKS) {
      throw new FileSystemLoopException(asked);
    }
    String at = "/";
    String rest = path;
    while (rest.length() > 1) {
      int end = rest.indexOf('/', 1);
      String name = rest.substring(1, end < 0 ? rest.length() : end);
      rest = end < 0 ? "" : rest.substring(end);
      if (!(nodes.get(at) instanceof Directory)) {
        throw new NoSuchFileException(asked);
      }
      String next = at.equals("/") ? "/" + name : at + "/" + name;
      if (nodes.get(next) instanceof Link link && (follow || !rest.isEmpty())) {
        String target =
            link.target.startsWith("/")
                ? link.target
                : (at.equals("/") ? "/" : at + "/") + link.target;
        next = real(asked, target, true, depth + 1);
      }
      at = next;
    }
    return at;
  }
}
