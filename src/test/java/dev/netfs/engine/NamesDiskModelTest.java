package dev.netfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A mount that keeps names on disk, ends, is killed and begins again, with changes of its own and
 * of another client in between: no answer is older than {@code attrTtl}, and none older than what
 * this machine itself has changed. {@code -Dnetfs.names.seeds=N} runs more seeds, and {@code
 * -Dnetfs.names.seed=S} one.
 */
@Timeout(600)
class NamesDiskModelTest {
  private static final int STEPS = 80;
  private static final long TTL = 60_000;

  /** An answer may be as much older as this machine takes for a step. */
  private static final long SLACK = 5_000;

  private static final long ABSENT = -1;
  private static final List<String> DIRECTORIES = List.of("/p", "/q");

  @TempDir Path temp;

  static LongStream seeds() {
    Long one = Long.getLong("netfs.names.seed");
    return one != null
        ? LongStream.of(one)
        : LongStream.range(0, Long.getLong("netfs.names.seeds", 20));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  @Tag("C8")
  void noAnswerIsOlderThanItMayBe(long seed) throws IOException {
    Run run = new Run(seed);
    try {
      run.execute();
    } catch (IOException | RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + run.done, e);
    }
  }

  /** A file's size, or {@link #ABSENT}, from a moment on. */
  private record State(long fromMillis, long size) {}

  private final class Run {
    private final Random random;
    private final ShiftedTime time = new ShiftedTime();
    private final SimServer server;
    private final Map<String, List<State>> history = new LinkedHashMap<>();
    private final Map<String, Long> ownMillis = new HashMap<>();
    private final List<String> done = new ArrayList<>();
    private final Map<String, Object> options = new HashMap<>();
    private Path cache;
    private Mount mount;
    private long size;

    Run(long seed) throws IOException {
      random = new Random(seed);
      server = new SimServer(seed, time);
      cache = temp.resolve("cache-0");
      options.put("cache", seed % 3 == 0 ? "close-to-open" : "loose");
      options.put("attrTtl", TTL + "ms");
      options.put("encrypt", "off");
      options.put("disk", cache);
      synchronized (server) {
        for (String directory : DIRECTORIES) {
          server.tree.makeDirectory(directory, -1);
          for (int i = 0; i < 3; i++) {
            now(directory + "/f" + i, ABSENT);
          }
        }
      }
      mount = server.mount(options);
    }

    private void now(String path, long state) {
      history
          .computeIfAbsent(path, p -> new ArrayList<>())
          .add(new State(time.currentTimeMillis(), state));
    }

    private long current(String path) {
      List<State> states = history.get(path);
      return states.get(states.size() - 1).size;
    }

    private void own(String path, long state) {
      now(path, state);
      ownMillis.put(path, time.currentTimeMillis());
    }

    private String anyPath() {
      return anyDirectory() + "/f" + random.nextInt(3);
    }

    private String anyDirectory() {
      return DIRECTORIES.get(random.nextInt(DIRECTORIES.size()));
    }

    void execute() throws IOException {
      for (int i = 0; i < STEPS; i++) {
        step();
      }
      mount.close();
    }

    private void step() throws IOException {
      switch (random.nextInt(16)) {
        case 0, 1, 2, 3, 4 -> own();
        case 5, 6 -> anothersWrite(anyPath());
        case 7 -> anothersDelete(anyPath());
        case 8 -> {
          long millis = random.nextInt((int) TTL);
          done.add("wait " + millis);
          time.pass(millis);
        }
        case 9 -> {
          done.add("restart");
          mount.close();
          mount = server.mount(options);
        }
        case 10 -> kill();
        case 11 -> {
          done.add("drain");
          mount.services().disk().drain();
        }
        case 12, 13 -> list(anyDirectory());
        default -> stat(anyPath());
      }
    }

    /** A change of our own: half of them where much is on disk, half of them the last of a JVM. */
    private void own() throws IOException {
      if (random.nextBoolean()) {
        all();
        mount.services().disk().drain();
      }
      switch (random.nextInt(5)) {
        case 0, 1 -> ownWrite(anyPath());
        case 2 -> ownDelete(anyPath());
        case 3 -> ownRename(anyPath(), anyPath());
        default -> swapDirectories();
      }
      if (random.nextBoolean()) {
        kill();
        all();
      }
    }

    private void all() throws IOException {
      for (String directory : DIRECTORIES) {
        list(directory);
        for (int i = 0; i < 3; i++) {
          stat(directory + "/f" + i);
        }
      }
    }

    private void ownWrite(String path) throws IOException {
      size++;
      done.add("write " + path + " " + size);
      try (OpenFile file = mount.open(path, OpenModes.CREATE)) {
        file.write(ByteBuffer.allocate((int) size), 0);
      }
      own(path, size);
    }

    private void ownDelete(String path) throws IOException {
      done.add("delete " + path);
      try {
        mount.delete(path);
      } catch (NoSuchFileException e) {
        assertThat(current(path)).isEqualTo(ABSENT);
      }
      own(path, ABSENT);
    }

    private void ownRename(String source, String target) throws IOException {
      boolean replace = random.nextBoolean();
      done.add("rename " + source + " " + target + " " + replace);
      try {
        mount.rename(source, target, replace, false);
      } catch (NoSuchFileException e) {
        assertThat(current(source)).isEqualTo(ABSENT);
        return;
      } catch (FileAlreadyExistsException e) {
        assertThat(current(target)).isNotEqualTo(ABSENT);
        return;
      }
      if (!source.equals(target)) {
        own(target, current(source));
        own(source, ABSENT);
      }
    }

    private void swapDirectories() throws IOException {
      done.add("swap");
      mount.rename("/p", "/x", false, false);
      mount.rename("/q", "/p", false, false);
      mount.rename("/x", "/q", false, false);
      for (int i = 0; i < 3; i++) {
        long p = current("/p/f" + i);
        own("/p/f" + i, current("/q/f" + i));
        own("/q/f" + i, p);
      }
    }

    private void anothersWrite(String path) {
      size++;
      done.add("other writes " + path + " " + size);
      server.put(path, new byte[(int) size]);
      now(path, size);
    }

    private void anothersDelete(String path) throws IOException {
      if (current(path) != ABSENT) {
        done.add("other deletes " + path);
        synchronized (server) {
          server.tree.deleteFile(path);
        }
        now(path, ABSENT);
      }
    }

    /** Goes on with the cache as it is now; what the JVM would do at its end comes too late. */
    private void kill() throws IOException {
      done.add("kill");
      Path copy = temp.resolve("cache-" + done.size());
      CacheCopy.copy(cache, copy);
      mount.close();
      cache = copy;
      options.put("disk", cache);
      mount = server.mount(options);
    }

    /** Returns what may be seen of a file since a moment. */
    private Set<Long> allowed(String path, long nowMillis) {
      long since = Math.max(nowMillis - TTL - SLACK, ownMillis.getOrDefault(path, Long.MIN_VALUE));
      Set<Long> allowed = new LinkedHashSet<>();
      List<State> states = history.get(path);
      for (int i = 0; i < states.size(); i++) {
        boolean over = i + 1 < states.size() && states.get(i + 1).fromMillis < since;
        if (!over) {
          allowed.add(states.get(i).size);
        }
      }
      // What another client did in the same millisecond before our own change counts for the end.
      return allowed;
    }

    private void stat(String path) throws IOException {
      done.add("stat " + path);
      long now = time.currentTimeMillis();
      long seen;
      try {
        seen = mount.stat(path, false).size();
      } catch (NoSuchFileException e) {
        seen = ABSENT;
      }
      done.add("saw " + seen);
      assertThat(allowed(path, now)).as(path).contains(seen);
    }

    private void list(String directory) throws IOException {
      done.add("list " + directory);
      long now = time.currentTimeMillis();
      List<String> names = mount.names(directory);
      done.add("saw " + names);
      for (int i = 0; i < 3; i++) {
        String path = directory + "/f" + i;
        Set<Long> allowed = allowed(path, now);
        if (names.contains("f" + i)) {
          assertThat(allowed).as(path).anyMatch(state -> state != ABSENT);
        } else {
          assertThat(allowed).as(path).contains(ABSENT);
        }
      }
    }
  }
}
