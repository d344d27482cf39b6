package dev.netfs.nio;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Which threads are inside a channel's operations right now.
 *
 * <p>An interrupt closes a channel on the interrupting thread, through the very method that {@code
 * close} calls; whether it was an interrupt shows only by a thread inside being interrupted. A few
 * slots serve without allocating; further threads share a set.
 */
final class ThreadsInside {
  private static final int SLOTS = 8; // a power of two

  private final AtomicReferenceArray<Thread> slots = new AtomicReferenceArray<>(SLOTS);
  private final Set<Thread> others = ConcurrentHashMap.newKeySet(0);

  /**
   * Takes note of the current thread.
   *
   * @return what to give to {@link #leave}
   */
  int enter() {
    Thread thread = Thread.currentThread();
    int home = (int) thread.getId() & SLOTS - 1;
    for (int i = 0; i < SLOTS; i++) {
      int slot = home + i & SLOTS - 1;
      if (slots.getPlain(slot) == null && slots.compareAndSet(slot, null, thread)) {
        return slot;
      }
    }
    others.add(thread);
    return -1;
  }

  /** Forgets the current thread. */
  void leave(int entered) {
    if (entered >= 0) {
      slots.setRelease(entered, null);
    } else {
      others.remove(Thread.currentThread());
    }
  }

  /** Returns whether one of the threads is interrupted. */
  boolean anyInterrupted() {
    for (int i = 0; i < SLOTS; i++) {
      Thread thread = slots.get(i);
      if (thread != null && thread.isInterrupted()) {
        return true;
      }
    }
    for (Thread thread : others) {
      if (thread.isInterrupted()) {
        return true;
      }
    }
    return false;
  }
}
