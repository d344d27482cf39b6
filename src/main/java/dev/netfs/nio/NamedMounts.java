package dev.netfs.nio;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dev.netfs.engine.MountSpec;
import dev.netfs.share.ShareOptions;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The mounts that {@code netfs.json} describes:
 *
 * <pre>{@code
 * {
 *   "mounts": {
 *     "data": {
 *       "uri": "netfs+sftp://me@server/data",
 *       "options": { "passwordFile": "server.password", "memory": "512MiB" }
 *     }
 *   }
 * }
 * }</pre>
 *
 * <p>It is read strictly, the whole of it: what is not understood is an error, wherever in the file
 * it is, as a misspelt option that counts for nothing does more harm than a mount that fails. A
 * message names the file, the line, the mount and the field, and what is expected there; it never
 * repeats a value that might be a secret, which is why none of the parser's own is passed on.
 *
 * <p>This is the one class of its package that knows Jackson.
 *
 * @param mounts the mounts, by name
 * @param looked where the file was looked for, for messages
 */
record NamedMounts(SortedMap<String, NamedMount> mounts, List<String> looked) {
  /** A name: what a URI can hold as a host, and some cannot; in lower case, as hosts compare so. */
  static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]*");

  private static final JsonFactory JSON = new JsonFactory();

  /** The options that name a file with a secret in it, by the option that is the secret. */
  private static final Map<String, String> SECRET_FILES =
      Map.of("password", "passwordFile", "encryptionKey", "encryptionKeyFile");

  NamedMounts {
    mounts = Collections.unmodifiableSortedMap(mounts);
    looked = List.copyOf(looked);
  }

  /** Returns the option that names a file with a given secret in it, or null if there is none. */
  static @Nullable String fileOf(String secret) {
    return SECRET_FILES.get(secret);
  }

  /**
   * Finds and reads the file; without one there are no mounts.
   *
   * @throws IllegalArgumentException if it is malformed; says where and how
   * @throws IOException if it cannot be read
   */
  static NamedMounts read(NamedMountFile.Surroundings surroundings) throws IOException {
    List<String> looked = new ArrayList<>();
    NamedMountFile file = NamedMountFile.find(surroundings, looked);
    return new NamedMounts(file == null ? new TreeMap<>() : parse(file), looked);
  }

  /**
   * Reads a file's text.
   *
   * @throws IllegalArgumentException if it is malformed; says where and how
   */
  static SortedMap<String, NamedMount> parse(NamedMountFile file) throws IOException {
    try (JsonParser parser = JSON.createParser(file.text())) {
      return new Reader(file, parser).file();
    } catch (JsonProcessingException e) {
      // Not as the cause: its message repeats what it met.
      throw new IllegalArgumentException(
          file.name()
              + ", line "
              + (e.getLocation() == null ? 1 : e.getLocation().getLineNr())
              + ": "
              + syntaxError(e));
    }
  }

  private static String syntaxError(JsonProcessingException e) {
    String message = e.getOriginalMessage();
    if (e instanceof JsonEOFException) {
      return "the text ends too early; a quote, a bracket or a brace is not closed";
    }
    if (message.contains("comment") || message.startsWith("Unexpected character ('#'")) {
      return "comments are not JSON; take them out";
    }
    return "this is not JSON, which has names and text between double quotes, ':' after a name,"
        + " ',' between two fields but not after the last, and no comments";
  }

  /** Reads one file, token by token, so that it knows the line of each. */
  private static final class Reader {
    private final NamedMountFile file;
    private final JsonParser parser;

    /** Where in the file we are, for messages: "mount 'data': option 'memory'"; or empty. */
    private String place = "";

    Reader(NamedMountFile file, JsonParser parser) {
      this.file = file;
      this.parser = parser;
    }

    SortedMap<String, NamedMount> file() throws IOException {
      @Nullable JsonToken first = parser.nextToken();
      if (first == null) {
        throw error("the file is empty; expected is {\"mounts\": {...}}");
      }
      @Nullable SortedMap<String, NamedMount> mounts = null;
      Set<String> seen = new HashSet<>();
      expectObject(first, "an object, {\"mounts\": {...}}");
      for (String field = field(seen); field != null; field = field(seen)) {
        if (!field.equals("mounts")) {
          throw error("unknown field '" + field + "'; the only one here is 'mounts'");
        }
        mounts = mounts();
        place = "";
      }
      if (mounts == null) {
        throw error("the field 'mounts' is missing; expected is {\"mounts\": {...}}");
      }
      if (parser.nextToken() != null) {
        throw error("something follows the end of the object; the file holds one object alone");
      }
      return mounts;
    }

    private SortedMap<String, NamedMount> mounts() throws IOException {
      place = "field 'mounts'";
      expectObject(parser.nextToken(), "an object of mounts by name");
      SortedMap<String, NamedMount> mounts = new TreeMap<>();
      Set<String> seen = new HashSet<>();
      for (String name = field(seen); name != null; name = field(seen)) {
        if (!NAME.matcher(name).matches()) {
          throw error(
              "'"
                  + name
                  + "' cannot be a mount's name, which is of the letters a to z, digits, '.', '-'"
                  + " and '_' and begins with a letter or a digit");
        }
        mounts.put(name, mount(name));
        place = "field 'mounts'";
      }
      return mounts;
    }

    private NamedMount mount(String name) throws IOException {
      String mount = "mount '" + name + "'";
      place = mount;
      String origin = file.name() + ", line " + line();
      expectObject(parser.nextToken(), "an object with 'uri' and 'options'");
      @Nullable URI uri = null;
      Map<String, String> options = Map.of();
      Set<String> seen = new HashSet<>();
      for (String field = field(seen); field != null; field = field(seen)) {
        switch (field) {
          case "uri" -> {
            place = mount + ": field 'uri'";
            uri = uri();
          }
          case "options" -> options = options(mount);
          default -> throw error("unknown field '" + field + "'; there are 'uri' and 'options'");
        }
        place = mount;
      }
      if (uri == null) {
        throw error("the field 'uri' is missing; it is the URI of the share to mount");
      }
      return new NamedMount(name, uri, options, origin);
    }

    /** Reads the URI; messages do not repeat it, as somebody may have put a password there. */
    private URI uri() throws IOException {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw wrongType("text, such as \"netfs+sftp://user@host/directory\"");
      }
      URI uri;
      try {
        uri = new URI(parser.getText());
      } catch (URISyntaxException e) {
        throw error(
            "is not a URI such as netfs+sftp://user@host/directory: "
                + e.getReason()
                + (e.getIndex() < 0 ? "" : " at character " + (e.getIndex() + 1)));
      }
      if (uri.getRawQuery() != null) {
        throw error("has a query; write its options in the field 'options' instead");
      }
      if ("netfs".equalsIgnoreCase(uri.getScheme())) {
        throw error("names a mount; expected is a share, such as netfs+sftp://user@host/directory");
      }
      try {
        MountSpec.root(uri);
      } catch (IllegalArgumentException e) {
        throw error(String.valueOf(e.getMessage()));
      }
      return uri;
    }

    private Map<String, String> options(String mount) throws IOException {
      place = mount + ": field 'options'";
      expectObject(parser.nextToken(), "an object of options by name");
      Map<String, String> options = new LinkedHashMap<>();
      Set<String> seen = new HashSet<>();
      for (String name = field(seen); name != null; name = field(seen)) {
        place = mount + ": option '" + name + "'";
        if (ShareOptions.SECRETS.contains(name)) {
          throw secret(name);
        }
        String value = value();
        options.put(name, ShareOptions.FILES.contains(name) ? absolute(value) : value);
        place = mount + ": field 'options'";
      }
      return options;
    }

    /** Returns an option's value as the text that a URI's query would hold. */
    private String value() throws IOException {
      return switch (parser.nextToken()) {
        case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE ->
            parser.getText();
        default -> throw wrongType("text, a number, true or false");
      };
    }

    private String absolute(String value) {
      try {
        if (value.startsWith("~/")) {
          return Path.of(System.getProperty("user.home", ""))
              .resolve(value.substring(2))
              .toString();
        }
        Path path = Path.of(value);
        if (path.isAbsolute()) {
          return value;
        }
        if (file.directory() == null) {
          throw error("is a relative path, but this file is in a jar; write an absolute one");
        }
        return file.directory().resolve(path).normalize().toString();
      } catch (InvalidPathException e) {
        throw error("has to be the path of a file, but is '" + value + "'");
      }
    }

    private IllegalArgumentException secret(String name) {
      String fileOption = fileOf(name);
      return error(
          "is a secret, which must not stand in this file in plain text; "
              + (fileOption == null ? "" : "set '" + fileOption + "' to a file that holds it, or ")
              + "pass it in the env map of FileSystems.newFileSystem");
    }

    /** Returns the next field's name, or null at the end of the object. */
    private @Nullable String field(Set<String> seen) throws IOException {
      if (parser.nextToken() != JsonToken.FIELD_NAME) {
        return null;
      }
      String name = parser.currentName();
      if (!seen.add(name)) {
        throw error("'" + name + "' is there twice; take one out");
      }
      return name;
    }

    private void expectObject(JsonToken token, String expected) {
      if (token != JsonToken.START_OBJECT) {
        throw wrongType(expected);
      }
    }

    private IllegalArgumentException wrongType(String expected) {
      JsonToken token = parser.currentToken();
      String is =
          switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "text";
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "true or false";
            case VALUE_NULL -> "null";
            default -> "nothing";
          };
      return error("expected is " + expected + ", but there is " + is);
    }

    private IllegalArgumentException error(String what) {
      return new IllegalArgumentException(
          file.name() + ", line " + line() + ": " + (place.isEmpty() ? "" : place + ": ") + what);
    }

    private int line() {
      return parser.currentTokenLocation().getLineNr();
    }
  }
}
