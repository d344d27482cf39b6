package dev.netfs.share.smb;

import dev.netfs.share.LeaseRequest;
import dev.netfs.share.LeaseState;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The leases of one connection (MS-SMB2 3.2.5.7.5, 3.2.5.19.2).
 *
 * <p>What the server decides is told to the holders on the receiving thread, in the order in which
 * it comes: grants as the answers of CREATEs, breaks as notices, and the end as that thread ends.
 * Nothing is told while the lock is held.
 *
 * <p>The server may show a CREATE what a lease was before a break that is not acknowledged yet. So
 * a grant that comes meanwhile never gives back what a break has taken.
 */
final class SmbLeases {
  /** The create context's name. */
  private static final byte[] NAME = {'R', 'q', 'L', 's'};

  private static final int READ = 1;
  private static final int HANDLE = 2;
  private static final int WRITE = 4;

  private static final int BREAK_IN_PROGRESS = 2;
  private static final int ACKNOWLEDGE = 1;

  private static final int V1_BYTES = 32;
  private static final int V2_BYTES = 52;

  private final SmbConnection connection;
  private final boolean epochs;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<UUID, Lease> leases = new HashMap<>(); // guarded by lock

  /**
   * @param epochs whether the dialect's leases have epochs (3.0 and later)
   */
  SmbLeases(SmbConnection connection, boolean epochs) {
    this.connection = connection;
    this.epochs = epochs;
    connection.onNotice(this::broken, this::lost);
  }

  /** One lease: what all opens with its key share. */
  final class Lease {
    private final LeaseRequest first;
    private int opens; // guarded by the lock of all leases
    private boolean told; // guarded by the lock of all leases
    private LeaseState state = LeaseState.NONE; // guarded by the lock of all leases
    private int breaking; // unacknowledged breaks; guarded by the lock of all leases
    private int epoch; // guarded by the lock of all leases

    private Lease(LeaseRequest request) {
      this.first = request;
    }

    UUID key() {
      return first.key();
    }

    /** Takes one open out, which was closed or did not come about. */
    void close() {
      lock.lock();
      try {
        if (--opens == 0) {
          leases.remove(key(), this);
        }
      } finally {
        lock.unlock();
      }
    }

    /** Takes the answer to a CREATE; on the receiving thread. */
    void opened(Response created) {
      Grant grant = grant(created, key());
      LeaseState now;
      lock.lock();
      try {
        now = breaking > 0 || grant.breaking() ? grant.state().and(state) : grant.state();
        state = now;
        epoch = Math.max(epoch, grant.epoch());
        told = true;
      } finally {
        lock.unlock();
      }
      first.holder().granted(now);
    }

    private void acknowledge(LeaseState left) {
      lock.lock();
      try {
        breaking--;
      } finally {
        lock.unlock();
      }
      SmbLeases.this.acknowledge(key(), left);
    }

    /** Returns the create context that asks for this lease, or for more of it. */
    byte[] context(LeaseState wanted) {
      PacketWriter data = new PacketWriter().bytes(bytes(key())).u32(bits(wanted)).u32(0).u64(0);
      if (epochs) {
        lock.lock();
        try {
          data.zeros(16).u16(epoch).u16(0);
        } finally {
          lock.unlock();
        }
      }
      return Packets.context(NAME, data.toBytes());
    }
  }

  /** Answers a break. Of a lease that has gone meanwhile the server says so, to no effect. */
  private void acknowledge(UUID key, LeaseState left) {
    byte[] body =
        new PacketWriter().u16(36).u16(0).u32(0).bytes(bytes(key)).u32(bits(left)).u64(0).toBytes();
    connection.send(Request.of(Smb2.OPLOCK_BREAK, body, 0));
  }

  /** Counts an open with a key, which is about to be sent. */
  Lease open(LeaseRequest request) {
    lock.lock();
    try {
      Lease lease = leases.computeIfAbsent(request.key(), key -> new Lease(request));
      lease.opens++;
      return lease;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What the answer to a CREATE says of its lease.
   *
   * @param breaking whether the server waits for an acknowledgement, and the state is that before
   */
  private record Grant(LeaseState state, boolean breaking, int epoch) {
    static final Grant NOTHING = new Grant(LeaseState.NONE, false, 0);
  }

  private static Grant grant(Response created, UUID key) {
    try {
      return created.u8(2) == Smb2.OPLOCK_LEVEL_LEASE ? contexts(created, key) : Grant.NOTHING;
    } catch (IndexOutOfBoundsException | BufferUnderflowException e) {
      return Grant.NOTHING; // malformed: less is always right
    }
  }

  private static Grant contexts(Response created, UUID key) {
    ByteBuffer contexts = created.buffer(created.i32(80), created.i32(84));
    int at = 0;
    while (at + 16 <= contexts.limit()) {
      int next = contexts.getInt(at);
      int name = contexts.getShort(at + 4) & 0xFFFF;
      int nameBytes = contexts.getShort(at + 6) & 0xFFFF;
      int data = contexts.getShort(at + 10) & 0xFFFF;
      int dataBytes = contexts.getInt(at + 12);
      if (nameBytes == NAME.length
          && dataBytes >= V1_BYTES
          && contexts.slice(at + name, NAME.length).equals(ByteBuffer.wrap(NAME))) {
        ByteBuffer lease = contexts.slice(at + data, dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        if (!key.equals(key(lease, 0))) {
          return Grant.NOTHING;
        }
        return new Grant(
            state(lease.getInt(16)),
            (lease.getInt(20) & BREAK_IN_PROGRESS) != 0,
            dataBytes >= V2_BYTES ? lease.getShort(48) & 0xFFFF : 0);
      }
      if (next <= 0) {
        break;
      }
      at += next;
    }
    return Grant.NOTHING;
  }

  /** Takes a notice that a lease is to be given back; on the receiving thread. */
  private void broken(Response notice) {
    if (notice.command() != Smb2.OPLOCK_BREAK || notice.u16(0) != 44) {
      return; // of an oplock, which is never asked for here
    }
    boolean acknowledged = (notice.i32(4) & ACKNOWLEDGE) != 0;
    UUID key = key(ByteBuffer.wrap(notice.bytes(8, 16)), 0);
    LeaseState to = state(notice.i32(28));
    @Nullable Lease lease;
    lock.lock();
    try {
      lease = leases.get(key);
      if (lease != null && lease.told) {
        lease.state = lease.state.and(to);
        lease.epoch = Math.max(lease.epoch, notice.u16(2));
        if (acknowledged) {
          lease.breaking++;
        }
      } else {
        lease = null;
      }
    } finally {
      lock.unlock();
    }
    if (lease == null) {
      if (acknowledged) {
        acknowledge(key, to); // its last handle is being closed
      }
      return;
    }
    Lease told = lease;
    AtomicBoolean done = new AtomicBoolean(!acknowledged);
    told.first
        .holder()
        .breaking(
            to,
            () -> {
              if (done.compareAndSet(false, true)) {
                told.acknowledge(to);
              }
            });
  }

  /** The connection has ended; on what was its receiving thread. */
  private void lost() {
    List<Lease> all;
    lock.lock();
    try {
      all = leases.values().stream().filter(lease -> lease.told).toList();
      leases.clear();
    } finally {
      lock.unlock();
    }
    all.forEach(lease -> lease.first.holder().lost());
  }

  private static LeaseState state(int bits) {
    return new LeaseState((bits & READ) != 0, (bits & WRITE) != 0, (bits & HANDLE) != 0);
  }

  private static int bits(LeaseState state) {
    return (state.read() ? READ : 0) | (state.write() ? WRITE : 0) | (state.handle() ? HANDLE : 0);
  }

  private static byte[] bytes(UUID key) {
    return ByteBuffer.allocate(16)
        .putLong(key.getMostSignificantBits())
        .putLong(key.getLeastSignificantBits())
        .array();
  }

  private static UUID key(ByteBuffer bytes, int at) {
    ByteBuffer ordered = bytes.duplicate().order(ByteOrder.BIG_ENDIAN);
    return new UUID(ordered.getLong(at), ordered.getLong(at + 8));
  }
}
