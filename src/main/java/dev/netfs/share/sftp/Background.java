package dev.netfs.share.sftp;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.sshd.client.SshClient;

/** Ends clients on a thread that can wait for it, as the threads that they are made of cannot. */
final class Background {
  private static final ExecutorService THREAD = thread();

  private Background() {}

  /** Stops a client and its threads, some time soon. */
  static void stop(SshClient client) {
    THREAD.execute(client::stop);
  }

  private static ExecutorService thread() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "netfs-sftp-close");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}
