package dev.netfs.engine;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/** How much memory outside the heap this JVM allows for direct buffers. */
final class DirectMemory {
  private DirectMemory() {}

  /** Returns the limit in bytes: {@code -XX:MaxDirectMemorySize}, by default the heap's own. */
  static long limit() {
    HotSpotDiagnosticMXBean bean = bean();
    if (bean != null) {
      try {
        long value = Long.parseLong(bean.getVMOption("MaxDirectMemorySize").getValue());
        if (value > 0) {
          return value;
        }
      } catch (IllegalArgumentException e) {
        // A JVM without that option: its default holds.
      }
    }
    return Runtime.getRuntime().maxMemory();
  }

  private static @Nullable HotSpotDiagnosticMXBean bean() {
    return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
  }
}
