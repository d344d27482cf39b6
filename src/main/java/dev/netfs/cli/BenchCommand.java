package dev.netfs.cli;

import dev.netfs.cli.bench.Bench;
import dev.netfs.cli.bench.BenchServer;
import dev.netfs.cli.bench.BenchSettings;
import dev.netfs.cli.bench.Link;
import dev.netfs.cli.bench.Report;
import dev.netfs.cli.bench.TemporaryTree;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/** {@code netfs bench}. */
@Command(
    name = "bench",
    description = {
      "Measures netfs beside the local disk and, where they are installed, other SFTP clients: side"
          + " by side in one process, on the loopback interface and over a network that it"
          + " simulates."
    })
final class BenchCommand implements Callable<Integer> {
  private static final double LONGEST_MILLIS = 10_000;
  private static final long SMALLEST = 1 << 20;
  private static final Path MEMORY = Path.of("/dev/shm");

  @ParentCommand private Main main;
  @Mixin private MountArguments mounting;

  @Option(names = "--json", description = "Print one JSON document with every figure.")
  private boolean json;

  @Option(
      names = "--link",
      split = ",",
      paramLabel = "MS",
      defaultValue = "0,1,20",
      converter = Millis.class,
      description =
          "Round trips, in milliseconds, of the networks to measure on (default ${DEFAULT-VALUE});"
              + " 0 is the loopback interface itself.")
  private List<BigDecimal> links = new ArrayList<>();

  @Option(
      names = "--bandwidth",
      paramLabel = "BYTES/s",
      defaultValue = "100MB/s",
      converter = Bytes.class,
      description = "Of these networks, loopback excepted (default ${DEFAULT-VALUE}); 0: no limit.")
  private long bandwidth;

  @Option(
      names = "--size",
      paramLabel = "BYTES",
      defaultValue = "256MiB",
      converter = Bytes.class,
      description = "The size of the large file (default ${DEFAULT-VALUE}).")
  private long size;

  @Option(
      names = "--files",
      paramLabel = "N",
      defaultValue = "300",
      description = "How many small files are made and read (default ${DEFAULT-VALUE}).")
  private int files;

  @Option(
      names = "--entries",
      paramLabel = "N",
      defaultValue = "10000",
      description = "How many files are in the tree that is walked (default ${DEFAULT-VALUE}).")
  private int entries;

  @Option(
      names = "--operations",
      paramLabel = "N",
      defaultValue = "2000",
      description =
          "How many random writes a round has (default ${DEFAULT-VALUE}), and a tenth of it how"
              + " many cold random reads.")
  private int operations;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "How often each figure is taken (default ${DEFAULT-VALUE}); the median counts.")
  private int rounds;

  @Option(
      names = "--warm-up",
      paramLabel = "SECONDS",
      defaultValue = "8",
      description =
          "How long every contestant in this JVM does each workload on the first network before it"
              + " counts, so that it is compiled (default ${DEFAULT-VALUE}); 0: one round.")
  private int warmUp;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "W",
      description = "The workloads to run; without it all: ${COMPLETION-CANDIDATES}.",
      completionCandidates = Workloads.class)
  private Set<String> only = new TreeSet<>();

  @Option(
      names = "--peers",
      split = ",",
      paramLabel = "PEER",
      defaultValue = "local,sftp,smbclient,mina,rclone",
      description =
          "What netfs is compared to, of local, sftp, smbclient, mina, rclone (default: all of"
              + " them that the server knows), or none.")
  private Set<String> peers = new TreeSet<>();

  @Option(
      names = "--server",
      paramLabel = "URI",
      defaultValue = "auto",
      description =
          "sshd: OpenSSH's server, started for the occasion; smbd: Samba's, encrypted, or"
              + " smbd-signed; embedded: the one of the demo, far slower; auto: sshd where it is"
              + " installed; or the URI of a directory, in which one is made for the benchmark and"
              + " deleted at the end.")
  private String server = "";

  @Option(
      names = "--server-directory",
      paramLabel = "DIR",
      description =
          "Where a server that is started here keeps its files. Without it: in memory where there"
              + " is /dev/shm, so that its disk slows nobody down.")
  private @Nullable Path serverDirectory;

  @Option(
      names = "--local-directory",
      paramLabel = "DIR",
      description = "Where the local disk is. Without it: the directory for temporary files.")
  private @Nullable Path localDirectory;

  @Option(
      names = "--mount",
      paramLabel = "DIR",
      description =
          "A directory where another client has mounted what --server names, to be compared too.")
  private @Nullable Path mount;

  /** For the usage text. */
  static final class Workloads extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    Workloads() {
      super(Bench.workloads().keySet());
    }
  }

  /** Reads {@code 20}, {@code 0.5}. */
  static final class Millis implements ITypeConverter<BigDecimal> {
    @Override
    public BigDecimal convert(String text) {
      try {
        return new BigDecimal(text);
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "'" + text + "' is not a number of milliseconds such as 20 or 0.5");
      }
    }
  }

  /** Reads {@code 256MiB}, {@code 100MB/s}, {@code 4096}. */
  static final class Bytes implements ITypeConverter<Long> {
    private static final Pattern AMOUNT =
        Pattern.compile("(\\d{1,15}) ?(?:([kmgt])(i?)b?|b)?(?:/s)?");

    @Override
    public Long convert(String text) {
      Matcher amount = AMOUNT.matcher(text.toLowerCase(Locale.ROOT));
      if (!amount.matches()) {
        throw new TypeConversionException(
            "'" + text + "' is not a number of bytes such as 256MiB or 100MB");
      }
      int power = amount.group(2) == null ? 0 : "kmgt".indexOf(amount.group(2)) + 1;
      boolean binary = "i".equals(amount.group(3));
      BigInteger bytes =
          new BigInteger(amount.group(1))
              .multiply(BigInteger.valueOf(binary ? 1024 : 1000).pow(power));
      if (bytes.bitLength() > 62) {
        throw new TypeConversionException("'" + text + "' is too much");
      }
      return bytes.longValue();
    }
  }

  @Override
  public Integer call() throws IOException {
    BenchSettings settings = settings();
    Path directory = Files.createTempDirectory("netfs-bench-");
    Path data = null;
    Thread hook = new Thread(() -> DemoCommand.deleteQuietly(directory), "netfs-bench-clean-up");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      boolean local = List.of("auto", "sshd", "embedded", "smbd", "smbd-signed").contains(server);
      data = local ? Files.createTempDirectory(serverParent(directory), "netfs-bench-data-") : null;
      Report report;
      try (BenchServer running = start(directory, data)) {
        report = new Bench(settings, running).run(this::line);
      }
      if (json) {
        main.terminal().print(report.json() + "\n");
      }
      return report.isComplete() ? 0 : Main.FAILED;
    } catch (LinkageError e) {
      main.report(ErrorText.of(e), e);
      return Main.FAILED;
    } finally {
      Runtime.getRuntime().removeShutdownHook(hook);
      if (data != null) {
        TemporaryTree.delete(data);
      }
      TemporaryTree.delete(directory);
    }
  }

  /** Says what is measured: on the way to the JSON document, where messages go. */
  private void line(String text) throws Terminal.OutputException {
    if (json) {
      text.lines().forEach(main.terminal()::message);
    } else {
      main.terminal().print(text + "\n");
    }
  }

  private BenchSettings settings() {
    List<Link> networks = new ArrayList<>();
    for (BigDecimal millis : links) {
      if (millis.signum() < 0 || millis.doubleValue() > LONGEST_MILLIS) {
        throw new UsageException(
            "--link " + millis + ": has to be from 0 to " + (int) LONGEST_MILLIS + " milliseconds");
      }
      networks.add(
          millis.signum() == 0
              ? Link.LOOPBACK
              : new Link(Duration.ofNanos(millis.movePointRight(6).longValue()), bandwidth));
    }
    if (bandwidth > 0 && bandwidth < 1000) {
      throw new UsageException("--bandwidth " + bandwidth + " B/s: has to be 1kB/s at least");
    }
    if (size < SMALLEST || size % SMALLEST != 0) {
      throw new UsageException("--size " + size + ": has to be a multiple of 1MiB");
    }
    positive("--files", files);
    positive("--entries", entries);
    positive("--operations", operations);
    positive("--rounds", rounds);
    if (warmUp < 0) {
      throw new UsageException("--warm-up " + warmUp + ": has to be 0 at least");
    }
    known("--only", only, Bench.workloads().keySet());
    Set<String> compared = peers.equals(Set.of("none")) ? Set.of() : peers;
    known("--peers", compared, new TreeSet<>(BenchSettings.PEERS));
    directory("--local-directory", localDirectory);
    directory("--server-directory", serverDirectory);
    directory("--mount", mount);
    if (mount != null && !isUri()) {
      throw new UsageException("--mount: needs --server with the URI of the directory it shows");
    }
    return new BenchSettings(
        networks,
        size,
        files,
        entries,
        operations,
        rounds,
        Duration.ofSeconds(warmUp),
        only,
        compared,
        localDirectory,
        mount,
        isUri() ? Map.of() : mounting.plain());
  }

  private boolean isUri() {
    return server.contains(":");
  }

  private static void positive(String option, int value) {
    if (value < 1) {
      throw new UsageException(option + " " + value + ": has to be 1 at least");
    }
  }

  private static void known(String option, Set<String> given, Set<String> there) {
    for (String name : given) {
      if (!there.contains(name)) {
        throw new UsageException(
            option
                + " "
                + Terminal.visible(name)
                + ": is not known; there are "
                + String.join(", ", there));
      }
    }
  }

  private static void directory(String option, @Nullable Path given) {
    if (given != null && !Files.isDirectory(given)) {
      throw new UsageException(option + " " + given + ": is not a directory");
    }
  }

  private Path serverParent(Path directory) throws IOException {
    if (serverDirectory != null) {
      return serverDirectory;
    }
    // Its share of the files, and of what is written in a round.
    boolean room =
        Files.isWritable(MEMORY) && Files.getFileStore(MEMORY).getUsableSpace() > 4 * size;
    return room ? MEMORY : directory;
  }

  private BenchServer start(Path directory, @Nullable Path data) throws IOException {
    if (data == null) {
      if (!isUri()) {
        throw new UsageException(
            "--server "
                + Terminal.visible(server)
                + ": has to be auto, sshd, smbd, smbd-signed, embedded, or a URI such as"
                + " netfs+sftp://me@server/dir");
      }
      return RemoteBenchServer.mount(server, mounting, main.terminal(), directory);
    }
    if (server.startsWith("smbd")) {
      if (!Bench.hasSmbd()) {
        throw new UsageException(
            "--server " + server + ": there is no smbd here; install Samba's server and smbclient");
      }
      return Bench.startSmbd(
          Files.createDirectory(directory.resolve("smbd")), data, server.equals("smbd"));
    }
    if (server.equals("embedded") || (server.equals("auto") && !Bench.hasSshd())) {
      return new EmbeddedBenchServer(directory, data);
    }
    if (!Bench.hasSshd()) {
      throw new UsageException(
          "--server sshd: there is no sshd here; install OpenSSH's server and ssh-keygen, or use"
              + " --server embedded");
    }
    return Bench.startSshd(Files.createDirectory(directory.resolve("sshd")), data);
  }
}
