package dev.netfs.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** What was measured, for people and for programs. */
public final class Report {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final BenchSettings settings;
  private final String server;
  private final String disk;
  private final List<Row> rows;
  private final Map<Link, Duration> idle;

  /**
   * @param rows which grow as it is measured
   * @param idle how long an idle round trip takes on each link, which grows too
   */
  Report(
      BenchSettings settings, String server, Path local, List<Row> rows, Map<Link, Duration> idle)
      throws IOException {
    this.settings = settings;
    this.server = server;
    this.disk = Files.getFileStore(local).type();
    this.rows = rows;
    this.idle = idle;
  }

  /** Returns whether netfs did all that was asked of it; its speed is another matter. */
  public boolean isComplete() {
    return rows.stream().noneMatch(row -> row.hasFailed("netfs"));
  }

  String heading() {
    return String.format(
        Locale.ROOT,
        "server: %s%nlocal disk: %s; Java %s, %d processors; medians of %d rounds%neach"
            + " contestant in this JVM had %s s to warm up, and \"early\" is what it did before;"
            + " in parentheses: how many times that figure netfs's is%n",
        server,
        disk,
        Runtime.version(),
        Runtime.getRuntime().availableProcessors(),
        settings.rounds(),
        seconds(settings.warmUp()));
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  /** Returns what a link does by itself as one line of text. */
  static String idle(Link link, Duration roundTrip) {
    return String.format(
        Locale.ROOT,
        "%s: a byte and its answer take %.2f ms, nothing else being on the way",
        link.title(),
        roundTrip.toNanos() / 1e6);
  }

  /** Returns a row as one line of text. */
  static String line(Row row) {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "%-7s %-54s %-15s",
            row.workload().id(),
            row.workload().title(),
            row.link().title()));
    line.append(" netfs ").append(figure(row.value("netfs"))).append(' ');
    line.append(row.workload().unit());
    row.ofLink()
        .ifPresent(part -> line.append(String.format(Locale.ROOT, " (%.2f of link)", part)));
    for (String rival : row.samples().keySet()) {
      if (!rival.equals("netfs")) {
        line.append(" | ").append(rival).append(' ').append(figure(row.value(rival)));
        row.ratio(rival)
            .ifPresent(ratio -> line.append(String.format(Locale.ROOT, " (%.2fx)", ratio)));
      }
    }
    List<Sample> ours = row.samples().get("netfs");
    if (ours != null) {
      cost(line, Sample.median(ours));
    }
    row.failures().forEach((name, why) -> line.append(" | ").append(name).append(": ").append(why));
    if (!row.early().isEmpty()) {
      line.append(String.format(Locale.ROOT, "%n%79s", "early"));
      row.early()
          .forEach(
              (name, sample) ->
                  line.append(' ')
                      .append(name)
                      .append(' ')
                      .append(figure(OptionalDouble.of(sample.value()))));
    }
    return line.toString();
  }

  private static void cost(StringBuilder line, Sample sample) {
    Counters cost = sample.cost();
    line.append(" | ").append(cost.totalRequests()).append(" requests");
    if (cost.wireDown() >= 0) {
      line.append(
          String.format(
              Locale.ROOT,
              ", wire %.2f MB down %.2f up",
              cost.wireDown() / 1e6,
              cost.wireUp() / 1e6));
    } else if (cost.fileBytesDown() >= 0) {
      line.append(
          String.format(
              Locale.ROOT,
              ", content %.2f MB down %.2f up",
              cost.fileBytesDown() / 1e6,
              cost.fileBytesUp() / 1e6));
    }
    sample
        .notes()
        .forEach(
            (name, value) -> line.append(String.format(Locale.ROOT, ", %s %.3g", name, value)));
  }

  private static String figure(OptionalDouble value) {
    if (value.isEmpty()) {
      return "-";
    }
    double v = value.getAsDouble();
    return String.format(Locale.ROOT, v < 100 ? "%.1f" : "%,.0f", v);
  }

  String verdicts() {
    StringBuilder text = new StringBuilder("\n");
    for (MustShow.Verdict verdict : MustShow.verdicts(rows)) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-3s %-7s %8.3g  %-8s %s%n",
              verdict.id(),
              verdict.met() ? "met" : "NOT MET",
              verdict.measured(),
              verdict.target(),
              verdict.what()));
    }
    return text.toString();
  }

  /** Returns the one JSON document that holds every figure. */
  public String json() {
    ObjectNode document = MAPPER.createObjectNode();
    document.put("java", Runtime.version().toString());
    document.put("processors", Runtime.getRuntime().availableProcessors());
    document.put("server", server);
    document.put("localDisk", disk);
    document.put("rounds", settings.rounds());
    document.put("warmUpSeconds", settings.warmUp().toMillis() / 1e3);
    document.put("size", settings.size());
    document.put("files", settings.files());
    document.put("entries", settings.entries());
    document.put("operations", settings.operations());
    ObjectNode options = document.putObject("options");
    settings.options().forEach(options::put);
    ArrayNode results = document.putArray("results");
    rows.forEach(row -> write(row, results.addObject()));
    ArrayNode verdicts = document.putArray("mustShow");
    for (MustShow.Verdict verdict : MustShow.verdicts(rows)) {
      verdicts
          .addObject()
          .put("id", verdict.id())
          .put("what", verdict.what())
          .put("target", verdict.target())
          .put("measured", verdict.measured())
          .put("met", verdict.met());
    }
    try {
      return MAPPER.writeValueAsString(document);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers and text is always written", e);
    }
  }

  private void write(Row row, ObjectNode result) {
    result.put("workload", row.workload().id());
    result.put("title", row.workload().title());
    result.put("unit", row.workload().unit());
    ObjectNode link =
        result
            .putObject("link")
            .put("title", row.link().title())
            .put("roundTripMillis", row.link().roundTrip().toNanos() / 1e6)
            .put("bytesPerSecond", row.link().bytesPerSecond());
    Duration measured = idle.get(row.link());
    if (measured != null) {
      link.put("idleRoundTripMillis", measured.toNanos() / 1e6);
    }
    ObjectNode figures = result.putObject("figures");
    ObjectNode ratios = result.putObject("ratios");
    for (Map.Entry<String, List<Sample>> entry : row.samples().entrySet()) {
      String name = entry.getKey();
      Sample median = Sample.median(entry.getValue());
      ObjectNode figure = figures.putObject(name);
      figure.put("median", median.value());
      Sample early = row.early().get(name);
      if (early != null) {
        figure.put("early", early.value());
      }
      ArrayNode samples = figure.putArray("samples");
      entry.getValue().forEach(sample -> samples.add(sample.value()));
      write(median.cost(), figure);
      median.notes().forEach(figure::put);
      if (!name.equals("netfs")) {
        row.ratio(name).ifPresent(ratio -> ratios.put("netfsTo" + capital(name), ratio));
      }
    }
    row.ofLink().ifPresent(part -> ratios.put("ofLink", part));
    List<String> failed = new ArrayList<>(row.failures().keySet());
    if (!failed.isEmpty()) {
      ObjectNode failures = result.putObject("failures");
      row.failures().forEach(failures::put);
    }
  }

  private static void write(Counters cost, ObjectNode figure) {
    if (!cost.requests().isEmpty()) {
      ObjectNode requests = figure.putObject("requests");
      cost.requests().forEach(requests::put);
    }
    Map<String, Long> counts =
        Map.of(
            "fileBytesDown", cost.fileBytesDown(),
            "fileBytesUp", cost.fileBytesUp(),
            "wireBytesDown", cost.wireDown(),
            "wireBytesUp", cost.wireUp(),
            "roundTrips", cost.roundTrips());
    counts.forEach(
        (name, value) -> {
          if (value >= 0) {
            figure.put(name, value);
          }
        });
  }

  private static String capital(String name) {
    return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
  }
}
