package dev.netfs.nio;

import dev.netfs.NetfsOpenOption;
import dev.netfs.engine.Mount;
import dev.netfs.engine.OpenMode;
import dev.netfs.share.OpenIntent.Disposition;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.FileAttribute;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a caller's open options and file attributes come to.
 *
 * @param mode how the engine opens the file
 * @param append whether every write goes to the end
 * @param deleteOnClose whether the file is deleted when it is closed
 * @param noFollow whether a symbolic link is refused
 */
record OpenRequest(OpenMode mode, boolean append, boolean deleteOnClose, boolean noFollow) {

  /** For which kind of channel the options are. */
  enum For {
    CHANNEL,
    ASYNCHRONOUS_CHANNEL
  }

  /**
   * Reads options with the rules of the JDK's provider.
   *
   * @param mount what the file is in
   * @throws UnsupportedOperationException if an option or attribute is unknown
   * @throws IllegalArgumentException if options exclude each other
   */
  static OpenRequest of(
      Set<? extends OpenOption> options, FileAttribute<?>[] attributes, Mount mount, For kind) {
    boolean read = false;
    boolean write = false;
    boolean append = false;
    boolean truncate = false;
    boolean create = false;
    boolean createNew = false;
    boolean deleteOnClose = false;
    boolean noFollow = false;
    boolean sparse = false;
    OpenMode.Durability durability = OpenMode.Durability.BACK;
    OpenMode.Caching caching = OpenMode.Caching.CACHED;
    for (OpenOption option : options) {
      if (option instanceof StandardOpenOption standard) {
        switch (standard) {
          case READ -> read = true;
          case WRITE -> write = true;
          case APPEND -> append = true;
          case TRUNCATE_EXISTING -> truncate = true;
          case CREATE -> create = true;
          case CREATE_NEW -> createNew = true;
          case DELETE_ON_CLOSE -> deleteOnClose = true;
          case SPARSE -> sparse = true;
          case SYNC -> durability = OpenMode.Durability.SYNC;
          case DSYNC -> durability = stronger(durability, OpenMode.Durability.DATA_SYNC);
        }
      } else if (option instanceof NetfsOpenOption ours) {
        switch (ours) {
          case DIRECT -> caching = OpenMode.Caching.DIRECT;
          case UNBUFFERED -> {
            if (caching != OpenMode.Caching.DIRECT) {
              caching = OpenMode.Caching.UNBUFFERED;
            }
          }
          case WRITE_THROUGH -> {}
        }
        durability = stronger(durability, OpenMode.Durability.THROUGH);
      } else if (option == LinkOption.NOFOLLOW_LINKS) {
        noFollow = true;
      } else if (isExtendedDirect(option)) {
        caching = OpenMode.Caching.DIRECT;
        durability = stronger(durability, OpenMode.Durability.THROUGH);
      } else if (option == null) {
        throw new NullPointerException("an open option is null");
      } else {
        throw new UnsupportedOperationException("open option " + option + " is not supported");
      }
    }
    if (!read && !write) {
      if (append && kind == For.CHANNEL) {
        write = true;
      } else {
        read = true;
      }
    }
    if (append && kind == For.ASYNCHRONOUS_CHANNEL) {
      throw new UnsupportedOperationException("APPEND is not for asynchronous channels");
    }
    if (read && append) {
      throw new IllegalArgumentException("READ and APPEND exclude each other");
    }
    if (append && truncate) {
      throw new IllegalArgumentException("APPEND and TRUNCATE_EXISTING exclude each other");
    }
    Initial initial = Initial.of(attributes, mount);
    Disposition disposition =
        !write || !(create || createNew)
            ? Disposition.OPEN_EXISTING
            : createNew ? Disposition.CREATE_NEW : Disposition.OPEN_OR_CREATE;
    return new OpenRequest(
        new OpenMode(
            read,
            write,
            disposition,
            write && truncate && disposition != Disposition.CREATE_NEW,
            initial.mode(),
            initial.acl(),
            sparse && disposition == Disposition.CREATE_NEW, // as the JDK has it
            durability,
            caching),
        append,
        deleteOnClose,
        noFollow);
  }

  /**
   * What an object is to be made with.
   *
   * @param mode its POSIX mode, or -1
   * @param acl its access control list, or null
   */
  record Initial(int mode, @Nullable List<AclEntry> acl) {

    /**
     * Reads initial attributes.
     *
     * @throws UnsupportedOperationException if one is unknown
     */
    static Initial of(FileAttribute<?>[] attributes, Mount mount) {
      int mode = -1;
      List<AclEntry> acl = null;
      for (FileAttribute<?> attribute : attributes) {
        String name = attribute.name();
        if (name.equals("posix:permissions") && AttributeViews.supports(mount, "posix")) {
          mode = NetfsFileAttributes.mode(attribute.value());
        } else if (name.equals("acl:acl") && AttributeViews.supports(mount, "acl")) {
          acl = Principals.acl(attribute.value());
        } else {
          throw new UnsupportedOperationException(
              "'" + name + "' cannot be set when a file is made");
        }
      }
      return new Initial(mode, acl);
    }
  }

  /** Whether an existing object makes the open fail. */
  boolean createsNew() {
    return mode.disposition() == Disposition.CREATE_NEW;
  }

  /** Whether an object must not be a symbolic link. As on Linux, a file to be deleted is none. */
  boolean refusesLinks() {
    return !createsNew() && (noFollow || deleteOnClose);
  }

  private static OpenMode.Durability stronger(OpenMode.Durability a, OpenMode.Durability b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  /** Known by name: its module, {@code jdk.unsupported}, need not be there. */
  private static boolean isExtendedDirect(OpenOption option) {
    return option instanceof Enum<?> constant
        && constant.name().equals("DIRECT")
        && constant.getDeclaringClass().getName().equals("com.sun.nio.file.ExtendedOpenOption");
  }
}
