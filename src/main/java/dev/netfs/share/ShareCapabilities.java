package dev.netfs.share;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/**
 * What a connected share can do, and how it likes to be asked. Immutable; made by {@link
 * #builder()}, whose defaults are the least that any share can do.
 */
public final class ShareCapabilities {

  /** Who honours a byte-range lock taken on the server. */
  public enum LockKind {
    /** The share has no locks. */
    NONE,
    /** Only those who ask for locks themselves. */
    ADVISORY,
    /** Everyone: the server refuses other clients' I/O on a locked range. */
    MANDATORY
  }

  /** The smallest thing that a write can replace. */
  public enum WriteUnit {
    /** Any byte range. */
    BYTES,
    /** Whole blocks of {@link ShareCapabilities#writeBlock()} bytes. */
    BLOCK,
    /** Only the whole object. */
    OBJECT
  }

  private final int rsize;
  private final int wsize;
  private final int depth;
  private final long window;
  private final WriteUnit writeUnit;
  private final int writeBlock;
  private final boolean superset;
  private final LockKind locks;
  private final boolean leases;
  private final boolean notifications;
  private final boolean atomicReplace;
  private final boolean atomicRename;
  private final boolean serverCopy;
  private final boolean hardLinks;
  private final boolean symbolicLinks;
  private final boolean durableSync;
  private final boolean closeTouches;
  private final boolean caseSensitive;
  private final boolean readOnly;
  private final Duration timestampGranularity;
  private final Set<String> attributeViews;

  private ShareCapabilities(Builder b) {
    rsize = b.rsize;
    wsize = b.wsize;
    depth = b.depth;
    window = b.window;
    writeUnit = b.writeUnit;
    writeBlock = b.writeBlock;
    superset = b.superset;
    locks = b.locks;
    leases = b.leases;
    notifications = b.notifications;
    atomicReplace = b.atomicReplace;
    atomicRename = b.atomicRename || b.atomicReplace;
    serverCopy = b.serverCopy;
    hardLinks = b.hardLinks;
    symbolicLinks = b.symbolicLinks;
    durableSync = b.durableSync;
    closeTouches = b.closeTouches;
    caseSensitive = b.caseSensitive;
    readOnly = b.readOnly;
    timestampGranularity = b.timestampGranularity;
    attributeViews = Set.copyOf(b.attributeViews);
  }

  /** Returns a builder with the least that any share can do. */
  public static Builder builder() {
    return new Builder();
  }

  /** The most bytes that one read should ask for; at least 1. */
  public int rsize() {
    return rsize;
  }

  /** The most bytes that one write should carry; at least 1. */
  public int wsize() {
    return wsize;
  }

  /** How many reads and writes should be outstanding at once; at least 1. */
  public int depth() {
    return depth;
  }

  /**
   * How many bytes of reads and writes should be outstanding at once, whatever their number; at
   * least 1. By default as many as {@link #depth()} allows.
   */
  public long window() {
    return window;
  }

  /** The smallest thing that a write can replace. */
  public WriteUnit writeUnit() {
    return writeUnit;
  }

  /** The block size in bytes where {@link #writeUnit()} is {@link WriteUnit#BLOCK}; else 1. */
  public int writeBlock() {
    return writeBlock;
  }

  /** Whether a read may return more than was asked for, on both sides. */
  public boolean superset() {
    return superset;
  }

  /** Who honours the share's byte-range locks. */
  public LockKind locks() {
    return locks;
  }

  /** Whether an open may be granted the lease that it asks for ({@link OpenIntent#lease()}). */
  public boolean leases() {
    return leases;
  }

  /** Whether {@link Share#watch} works. */
  public boolean notifications() {
    return notifications;
  }

  /** Whether {@link Share#rename} over an existing target is one atomic step. */
  public boolean atomicReplace() {
    return atomicReplace;
  }

  /**
   * Whether {@link Share#rename} to a name that nothing has is one atomic step. It always is with
   * {@link #atomicReplace()}.
   */
  public boolean atomicRename() {
    return atomicRename;
  }

  /** Whether {@link Share#copy} copies on the server. */
  public boolean serverCopy() {
    return serverCopy;
  }

  /** Whether {@link Share#link} works. */
  public boolean hardLinks() {
    return hardLinks;
  }

  /** Whether symbolic links exist. */
  public boolean symbolicLinks() {
    return symbolicLinks;
  }

  /** Whether {@link ShareFile#sync} puts data on the server's stable storage. */
  public boolean durableSync() {
    return durableSync;
  }

  /**
   * Whether the end of a handle that was written with, by a close or with the connection, gives the
   * file another {@link FileInfo#modified()}. What is seen before then does not prove afterwards
   * that nobody else has changed the file.
   */
  public boolean closeTouches() {
    return closeTouches;
  }

  /** Whether names that differ only in case are different names. */
  public boolean caseSensitive() {
    return caseSensitive;
  }

  /** Whether the share refuses every change. */
  public boolean readOnly() {
    return readOnly;
  }

  /** The step of {@link FileInfo#modified()}: two changes within it may show equal times. */
  public Duration timestampGranularity() {
    return timestampGranularity;
  }

  /**
   * The attribute views that the share can fill: {@code basic}, {@code dos}, {@code posix}, {@code
   * unix}, {@code owner}; and {@code acl}, whose share has {@link Share#acl} and what goes with it.
   */
  public Set<String> attributeViews() {
    return attributeViews;
  }

  @Override
  public String toString() {
    return "ShareCapabilities[rsize="
        + rsize
        + ", wsize="
        + wsize
        + ", depth="
        + depth
        + ", window="
        + window
        + ", writeUnit="
        + writeUnit
        + ", locks="
        + locks
        + ", leases="
        + leases
        + ", notifications="
        + notifications
        + ", atomicReplace="
        + atomicReplace
        + ", atomicRename="
        + atomicRename
        + ", serverCopy="
        + serverCopy
        + ", hardLinks="
        + hardLinks
        + ", symbolicLinks="
        + symbolicLinks
        + ", durableSync="
        + durableSync
        + ", closeTouches="
        + closeTouches
        + ", timestampGranularity="
        + timestampGranularity
        + ", attributeViews="
        + attributeViews
        + "]";
  }

  /** Collects capabilities; each setter returns this builder. */
  public static final class Builder {
    private int rsize = 64 * 1024;
    private int wsize = 64 * 1024;
    private int depth = 1;
    private long window = Long.MAX_VALUE;
    private WriteUnit writeUnit = WriteUnit.BYTES;
    private int writeBlock = 1;
    private boolean superset;
    private LockKind locks = LockKind.NONE;
    private boolean leases;
    private boolean notifications;
    private boolean atomicReplace;
    private boolean atomicRename;
    private boolean serverCopy;
    private boolean hardLinks;
    private boolean symbolicLinks;
    private boolean durableSync;
    private boolean closeTouches;
    private boolean caseSensitive = true;
    private boolean readOnly;
    private Duration timestampGranularity = Duration.ofSeconds(1);
    private Set<String> attributeViews = Set.of("basic");

    private Builder() {}

    /** Sets {@link ShareCapabilities#rsize()}. */
    public Builder rsize(int value) {
      rsize = positive(value, "rsize");
      return this;
    }

    /** Sets {@link ShareCapabilities#wsize()}. */
    public Builder wsize(int value) {
      wsize = positive(value, "wsize");
      return this;
    }

    /** Sets {@link ShareCapabilities#depth()}. */
    public Builder depth(int value) {
      depth = positive(value, "depth");
      return this;
    }

    /** Sets {@link ShareCapabilities#window()}. */
    public Builder window(long value) {
      if (value <= 0) {
        throw new IllegalArgumentException("window must be at least 1, not " + value);
      }
      window = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#writeUnit()} and {@link ShareCapabilities#writeBlock()}. */
    public Builder writeUnit(WriteUnit unit, int block) {
      writeUnit = Objects.requireNonNull(unit, "unit");
      writeBlock = positive(block, "block");
      return this;
    }

    /** Sets {@link ShareCapabilities#superset()}. */
    public Builder superset(boolean value) {
      superset = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#locks()}. */
    public Builder locks(LockKind value) {
      locks = Objects.requireNonNull(value, "locks");
      return this;
    }

    /** Sets {@link ShareCapabilities#leases()}. */
    public Builder leases(boolean value) {
      leases = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#notifications()}. */
    public Builder notifications(boolean value) {
      notifications = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#atomicRename()}. */
    public Builder atomicRename(boolean value) {
      atomicRename = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#atomicReplace()}. */
    public Builder atomicReplace(boolean value) {
      atomicReplace = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#serverCopy()}. */
    public Builder serverCopy(boolean value) {
      serverCopy = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#hardLinks()}. */
    public Builder hardLinks(boolean value) {
      hardLinks = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#symbolicLinks()}. */
    public Builder symbolicLinks(boolean value) {
      symbolicLinks = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#durableSync()}. */
    public Builder durableSync(boolean value) {
      durableSync = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#closeTouches()}. */
    public Builder closeTouches(boolean value) {
      closeTouches = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#caseSensitive()}. */
    public Builder caseSensitive(boolean value) {
      caseSensitive = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#readOnly()}. */
    public Builder readOnly(boolean value) {
      readOnly = value;
      return this;
    }

    /** Sets {@link ShareCapabilities#timestampGranularity()}. */
    public Builder timestampGranularity(Duration value) {
      timestampGranularity = Objects.requireNonNull(value, "timestampGranularity");
      return this;
    }

    /** Sets {@link ShareCapabilities#attributeViews()}. */
    public Builder attributeViews(Set<String> value) {
      attributeViews = value;
      return this;
    }

    /** Returns the capabilities collected. */
    public ShareCapabilities build() {
      return new ShareCapabilities(this);
    }

    private static int positive(int value, String name) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, was " + value);
      }
      return value;
    }
  }
}
