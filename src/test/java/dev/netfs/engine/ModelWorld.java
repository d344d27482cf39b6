package dev.netfs.engine;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Where a model check runs: the kind of its servers, and of its time. */
interface ModelWorld {
  /** Servers in memory, under virtual time: the same seed does the same every time. */
  ModelWorld SIMULATED = new Simulated(false);

  /** The same, where what the background does may wait. */
  ModelWorld SIMULATED_WAITING = new Simulated(true);

  /** See {@link #SIMULATED}. */
  record Simulated(boolean workersWait) implements ModelWorld {
    @Override
    public ModelTime time(long seed) {
      VirtualTime time = new VirtualTime(seed);
      time.workersWait = workersWait;
      time.patience = TimeUnit.HOURS.toNanos(10); // small requests to a bad server take theirs
      return time;
    }

    @Override
    public ModelServer server(long seed, ModelTime time, Behaviour behaviour) {
      SimServer server = new SimServer(seed, time);
      server.behaveAs(behaviour);
      return server;
    }
  }

  ModelTime time(long seed);

  /** Returns a server without any files. */
  ModelServer server(long seed, ModelTime time, Behaviour behaviour) throws IOException;
}
