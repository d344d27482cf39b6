package dev.netfs.share;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.CharBuffer;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A mount's options by name, with typed getters whose errors name the option, its value and what
 * would be right. Immutable and safe for use by several threads.
 *
 * <p>Values come as text (from a URI's query or a configuration file) or as objects (from an {@code
 * env} map). Secrets are {@code char[]}, {@link CharSequence} or a {@link Supplier} of either, are
 * never converted to text here, and never appear in {@link #toString} or a message.
 */
public final class ShareOptions {
  /** The names of the options whose values must never be shown. */
  public static final Set<String> SECRETS =
      Set.of("password", "privateKeyPassphrase", "secretKey", "encryptionKey");

  /**
   * The names of the options whose values name local files or directories, for whoever has to know
   * without knowing the transport: in a configuration file, relative ones start at its directory.
   */
  public static final Set<String> FILES =
      Set.of("passwordFile", "privateKey", "knownHosts", "disk", "encryptionKeyFile");

  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,18})\\s*([kmgt]?)((?<=[kmgt])ib|b)?", Pattern.CASE_INSENSITIVE);
  private static final Pattern DURATION =
      Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)", Pattern.CASE_INSENSITIVE);

  private final Map<String, Object> values;

  private ShareOptions(Map<String, Object> values) {
    this.values = values;
  }

  /**
   * Returns options with the given values, which are copied.
   *
   * @param values values by name; no name and no value is null
   */
  public static ShareOptions of(Map<String, ?> values) {
    Map<String, Object> copy = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          if (value == null) {
            throw new IllegalArgumentException("option '" + name + "' is null; leave it out");
          }
          copy.put(name, value instanceof char[] chars ? chars.clone() : value);
        });
    return new ShareOptions(copy);
  }

  /** Returns the names of the options that are set. */
  public Set<String> names() {
    return Set.copyOf(values.keySet());
  }

  /** Returns whether an option is set. */
  public boolean isSet(String name) {
    return values.containsKey(name);
  }

  /** Returns an option's value as it was given, or null if it is not set. Not for secrets. */
  public @Nullable Object get(String name) {
    rejectSecret(name);
    return values.get(name);
  }

  /** Returns an option as text, or null if it is not set. */
  public @Nullable String string(String name) {
    Object value = get(name);
    return value == null ? null : value.toString();
  }

  /**
   * Returns an option that has to be one of some words, written in any case.
   *
   * @param defaultValue what holds where it is not set
   * @param allowed the words
   */
  public String choice(String name, String defaultValue, String... allowed) {
    String value = string(name);
    if (value == null) {
      return defaultValue;
    }
    String word = value.toLowerCase(Locale.ROOT);
    if (!Arrays.asList(allowed).contains(word)) {
      throw malformed(name, value, "one of " + String.join(", ", allowed));
    }
    return word;
  }

  /** Returns an option that is {@code true} or {@code false}. */
  public boolean bool(String name, boolean defaultValue) {
    return choice(name, Boolean.toString(defaultValue), "true", "false").equals("true");
  }

  /** Returns an option that is a whole number within bounds, both included. */
  public int integer(String name, int defaultValue, int min, int max) {
    return (int) number(name, defaultValue, min, max, text -> Long.parseLong(text.trim()), "");
  }

  /**
   * Returns an option that is a number of bytes within bounds, both included: a number, or text
   * such as {@code 64KiB}, {@code 1m} or {@code 10GB}, all in powers of 1,024.
   */
  public long size(String name, long defaultValue, long min, long max) {
    return number(name, defaultValue, min, max, ShareOptions::parseSize, " such as 64KiB or 1GiB");
  }

  /**
   * Returns an option that is a time: a {@link Duration}, or text such as {@code 500ms}, {@code
   * 3s}, {@code 10m}.
   */
  public Duration duration(String name, Duration defaultValue) {
    Object value = get(name);
    if (value == null) {
      return defaultValue;
    }
    if (value instanceof Duration duration && !duration.isNegative()) {
      return duration;
    }
    Matcher matcher = DURATION.matcher(value.toString().trim());
    if (!matcher.matches()) {
      throw malformed(name, value, "a time such as 500ms, 3s or 10m");
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  /** Returns an option that is a local file: a {@link Path} or its text; null if it is not set. */
  public @Nullable Path path(String name) {
    Object value = get(name);
    if (value == null || value instanceof Path) {
      return (Path) value;
    }
    try {
      return Path.of(value.toString());
    } catch (InvalidPathException e) {
      throw malformed(name, value, "the path of a file");
    }
  }

  /**
   * Returns a secret's characters, a new array that the caller overwrites after use, or null if it
   * is not set. A supplier is asked at every call.
   */
  public char @Nullable [] secret(String name) {
    Object value = values.get(name);
    if (value instanceof Supplier<?> supplier) {
      value = supplier.get();
    }
    if (value == null) {
      return null;
    }
    if (value instanceof char[] chars) {
      return chars.clone();
    }
    if (value instanceof CharSequence text) {
      char[] chars = new char[text.length()];
      CharBuffer.wrap(text).get(chars);
      return chars;
    }
    throw new IllegalArgumentException(
        "option '"
            + name
            + "' must be a char[], a CharSequence or a Supplier of one, was a "
            + value.getClass().getName());
  }

  /**
   * Returns a secret, given itself or by a file that holds it (as UTF-8 text whose trailing line
   * break does not count), or null if neither is set.
   *
   * @param name the option with the secret
   * @param fileName the option with the file's path
   * @throws IllegalArgumentException if both are set, or the file cannot be read
   */
  public char @Nullable [] secret(String name, String fileName) {
    if (!isSet(fileName)) {
      return secret(name);
    }
    if (isSet(name)) {
      throw new IllegalArgumentException(
          "options '" + name + "' and '" + fileName + "' exclude each other; leave one out");
    }
    Path file = java.util.Objects.requireNonNull(path(fileName));
    try {
      return trimLineBreak(Files.readString(file)).toCharArray();
    } catch (IOException | UncheckedIOException e) {
      throw new IllegalArgumentException(
          "option '" + fileName + "' names " + file + ", which cannot be read: " + e, e);
    }
  }

  /** Returns the error for an option whose value is not what it has to be. */
  public static IllegalArgumentException malformed(String name, Object value, String expected) {
    return new IllegalArgumentException(
        "option '" + name + "' is '" + value + "', but has to be " + expected);
  }

  private static String trimLineBreak(String text) {
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == '\n' || text.charAt(end - 1) == '\r')) {
      end--;
    }
    return text.substring(0, end);
  }

  private long number(
      String name,
      long defaultValue,
      long min,
      long max,
      Function<String, Long> parser,
      String example) {
    Object value = get(name);
    if (value == null) {
      return defaultValue;
    }
    long number;
    try {
      number = value instanceof Number n ? exact(n) : parser.apply(value.toString());
    } catch (IllegalArgumentException e) {
      throw malformed(name, value, "a whole number" + example);
    }
    if (number < min || number > max) {
      throw malformed(name, value, "from " + min + " to " + max);
    }
    return number;
  }

  private static long exact(Number number) {
    if (number.doubleValue() != (double) number.longValue()) {
      throw new IllegalArgumentException("not whole");
    }
    return number.longValue();
  }

  private static long parseSize(String text) {
    Matcher matcher = SIZE.matcher(text.trim());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text);
    }
    int shift =
        switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          case "t" -> 40;
          default -> 0;
        };
    long amount = Long.parseLong(matcher.group(1));
    if (amount > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException(text);
    }
    return amount << shift;
  }

  private static void rejectSecret(String name) {
    if (SECRETS.contains(name)) {
      throw new IllegalArgumentException("option '" + name + "' is a secret; use secret()");
    }
  }

  /** Names the options and their values, secrets and objects of foreign types excepted. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    values.forEach(
        (name, value) -> {
          boolean plain =
              !SECRETS.contains(name)
                  && (value instanceof CharSequence
                      || value instanceof Number
                      || value instanceof Boolean
                      || value instanceof Duration
                      || value instanceof Path);
          text.append(text.length() > 1 ? ", " : "").append(name).append('=');
          text.append(plain ? value : "***");
        });
    return text.append('}').toString();
  }
}
