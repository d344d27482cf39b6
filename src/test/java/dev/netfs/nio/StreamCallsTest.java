package dev.netfs.nio;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams. */
class StreamCallsTest extends CallsDifferential {
  @ParameterizedTest(name = "{0}")
  @MethodSource("streams")
  @Tag("J6")
  @Tag("J10")
  void streamCallsAreAsTheJdks(String name) throws Exception {
    check(name, streamCalls());
  }

  static Set<String> streams() {
    return streamCalls().keySet();
  }

  private interface StreamCall {
    Object use(InputStream in) throws Exception;
  }

  private static Map<String, Twins.Deed> streamCalls() {
    Map<String, Twins.Deed> calls = new LinkedHashMap<>();
    Map<String, StreamCall> uses = new LinkedHashMap<>();
    uses.put("read", in -> in.read() + " " + in.read());
    uses.put(
        "read array",
        in -> in.read(new byte[4]) + " " + in.read(new byte[40]) + " " + in.read(new byte[4]));
    uses.put("read nothing", in -> in.read(new byte[0]) + " " + in.read(new byte[3], 3, 0));
    uses.put("read out of bounds", in -> in.read(new byte[3], 2, 2));
    uses.put("read null", in -> in.read(null));
    uses.put("skip", in -> in.skip(3) + " " + in.read() + " " + in.skip(100) + " " + in.read());
    uses.put(
        "skip back",
        in ->
            in.skip(-1)
                + " "
                + in.skip(3)
                + " "
                + in.skip(-2)
                + " "
                + in.read()
                + " "
                + in.skip(Long.MIN_VALUE)
                + " "
                + in.read());
    uses.put(
        "skip n",
        in -> {
          in.skipNBytes(4);
          return in.read();
        });
    uses.put(
        "skip too many",
        in -> {
          in.skipNBytes(40);
          return in.read();
        });
    uses.put("available", in -> in.available() + " " + in.read() + " " + in.available());
    uses.put(
        "all", in -> in.read() + " " + new String(in.readAllBytes()) + in.readAllBytes().length);
    uses.put(
        "n",
        in ->
            new String(in.readNBytes(4)) + in.readNBytes(0).length + new String(in.readNBytes(40)));
    uses.put("n negative", in -> in.readNBytes(-1));
    uses.put("n into", in -> in.readNBytes(new byte[20], 3, 15));
    uses.put(
        "transfer",
        in -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          in.read();
          return in.transferTo(out) + out.toString() + in.read();
        });
    uses.put("transfer null", in -> in.transferTo(null));
    uses.put("mark", in -> in.markSupported());
    uses.put(
        "reset",
        in -> {
          in.reset();
          return "reset";
        });
    uses.forEach(
        (name, use) -> {
          calls.put(
              name,
              r -> {
                try (InputStream in = Files.newInputStream(r.resolve("file"))) {
                  return use.use(in);
                }
              });
          if (!List.of("read nothing", "mark", "skip back", "n negative", "reset").contains(name)) {
            calls.put(
                name + " closed",
                r -> {
                  InputStream in = Files.newInputStream(r.resolve("file"));
                  in.close();
                  in.close();
                  return use.use(in);
                });
          }
        });
    for (OpenOption option :
        new OpenOption[] {
          READ,
          WRITE,
          APPEND,
          CREATE,
          CREATE_NEW,
          TRUNCATE_EXISTING,
          NOFOLLOW_LINKS,
          Unknown.UNKNOWN
        }) {
      for (String name : List.of("file", "missing", "link", "dir")) {
        calls.put(
            "in " + name + " " + option,
            r -> {
              try (InputStream in = Files.newInputStream(r.resolve(name), option)) {
                return in.read();
              }
            });
        calls.put(
            "out " + name + " " + option,
            r -> {
              try (OutputStream out = Files.newOutputStream(r.resolve(name), option)) {
                out.write(1);
                out.write(new byte[] {1, 2, 3, 4}, 1, 2);
                out.flush();
                return "written";
              }
            });
      }
    }
    calls.put("in null option", r -> Files.newInputStream(r.resolve("file"), (OpenOption) null));
    calls.put("out null option", r -> Files.newOutputStream(r.resolve("file"), (OpenOption) null));
    calls.put(
        "out",
        r -> {
          try (OutputStream out = Files.newOutputStream(r.resolve("x"))) {
            out.write("hello".getBytes());
            out.write(33);
          }
          return Files.readString(r.resolve("x"));
        });
    calls.put(
        "out out of bounds",
        r -> {
          try (OutputStream out = Files.newOutputStream(r.resolve("x"))) {
            out.write(new byte[3], 2, 2);
            return "written";
          }
        });
    calls.put(
        "out closed",
        r -> {
          OutputStream out = Files.newOutputStream(r.resolve("x"));
          out.close();
          out.close();
          out.write(1);
          return "written";
        });
    calls.put(
        "append twice",
        r -> {
          Files.writeString(r.resolve("file"), "a", APPEND);
          Files.writeString(r.resolve("file"), "b", APPEND);
          return Files.readString(r.resolve("file"));
        });
    calls.put("lines", r -> Files.readAllLines(r.resolve("file")));
    return calls;
  }
}
