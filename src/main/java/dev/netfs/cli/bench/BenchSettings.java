package dev.netfs.cli.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is to be measured.
 *
 * @param links the networks, in this order
 * @param size the bytes of the large file
 * @param files how many small files are made and read
 * @param entries how many files the tree has that is walked
 * @param operations how many random reads or writes a round has where each costs the network
 * @param rounds how often each figure is taken; the median counts
 * @param warmUp how long each contestant that runs in this JVM does a workload before it counts, so
 *     that the JIT compiler has done its work; zero for not at all
 * @param only the workloads' names, or all of them
 * @param peers what netfs is compared to, of {@code local}, {@code sftp}, {@code smbclient}, {@code
 *     mina}, {@code rclone}
 * @param localDirectory where the local files are; null for the directory of temporary files
 * @param mount a directory through which another client shows the server's directory, or null
 * @param options further options of netfs's mounts
 */
public record BenchSettings(
    List<Link> links,
    long size,
    int files,
    int entries,
    int operations,
    int rounds,
    Duration warmUp,
    Set<String> only,
    Set<String> peers,
    @Nullable Path localDirectory,
    @Nullable Path mount,
    Map<String, String> options) {

  /** The peers that can be chosen by name. */
  public static final List<String> PEERS = List.of("local", "sftp", "smbclient", "mina", "rclone");

  public BenchSettings {
    links = List.copyOf(links);
    only = Set.copyOf(only);
    peers = Set.copyOf(peers);
    options = Map.copyOf(options);
  }
}
