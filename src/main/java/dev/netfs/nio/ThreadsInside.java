package dev.netfs.nio;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Which threads are inside a channel's operations right now.
 *
 * <p>An interrupt closes a channel through the very method that {@code close} calls, on the
 * interrupting thread. Whether it was one cannot be told by the interrupt status of the threads
 * inside, since whatever a thread waits with clears it while it waits ({@code
 * CompletableFuture.join} does, and so do locks) and sets it again afterwards. So the caller's
 * stack tells ({@link #closesByInterrupt}), which is looked at only where a thread is inside at
 * all. A few slots serve without allocating; further threads share a set.
 */
final class ThreadsInside {
  private static final int SLOTS = 8; // a power of two
  private static final StackWalker STACK = StackWalker.getInstance();

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

  /**
   * Returns whether it is an interrupt that the current thread closes the channel for: of another
   * thread, or of itself, which it finds out when it enters.
   */
  boolean closesByInterrupt() {
    Thread current = Thread.currentThread();
    boolean empty = others.isEmpty();
    for (int i = 0; i < SLOTS; i++) {
      Thread thread = slots.get(i);
      if (thread == current) {
        return true;
      }
      empty &= thread == null;
    }
    return others.contains(current)
        || (!empty && STACK.walk(frames -> frames.anyMatch(ThreadsInside::isInterrupt)));
  }

  private static boolean isInterrupt(StackWalker.StackFrame frame) {
    String type = frame.getClassName();
    return frame.getMethodName().equals("interrupt")
        && (type.equals("java.lang.Thread") || type.equals("java.lang.VirtualThread"));
  }
}
