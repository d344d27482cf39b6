package dev.netfs.engine.locks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Lock tables as JSON. Reading is strict: what is not a table, whole and sound, is an {@link
 * IOException}.
 */
final class LockTables {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int FORMAT = 1;

  private LockTables() {}

  static byte[] encode(LockTable table) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    root.put("version", table.version());
    root.put("id", table.id());
    root.put("previous", table.previous());
    root.put("oldest", table.oldest());
    root.put("token", table.token());
    ArrayNode holders = root.putArray("holders");
    for (LockTable.Holder holder : table.holders()) {
      ObjectNode entry = holders.addObject();
      entry.put("id", holder.id());
      entry.put("renewed", holder.renewed());
      ArrayNode locks = entry.putArray("locks");
      for (LockTable.Range range : holder.locks()) {
        ObjectNode lock = locks.addObject();
        lock.put("number", range.number());
        lock.put("token", range.token());
        lock.put("position", range.position());
        lock.put("size", range.size());
        lock.put("shared", range.shared());
      }
    }
    try {
      return JSON.writeValueAsBytes(root);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  /**
   * Decodes what {@link #encode} made.
   *
   * @param name what the table is called, for the message of a failure
   */
  static LockTable decode(byte[] bytes, String name) throws IOException {
    try {
      JsonNode root = JSON.readTree(bytes);
      if (number(root, "format") != FORMAT) {
        throw new IOException("its format is " + root.get("format") + ", not " + FORMAT);
      }
      List<LockTable.Holder> holders = new ArrayList<>();
      for (JsonNode entry : array(root, "holders")) {
        List<LockTable.Range> locks = new ArrayList<>();
        for (JsonNode lock : array(entry, "locks")) {
          locks.add(range(lock));
        }
        holders.add(new LockTable.Holder(text(entry, "id"), number(entry, "renewed"), locks));
      }
      return new LockTable(
          number(root, "version"),
          text(root, "id"),
          text(root, "previous"),
          number(root, "oldest"),
          number(root, "token"),
          holders);
    } catch (IOException | RuntimeException e) {
      throw new IOException(name + " is no lock table: " + e.getMessage(), e);
    }
  }

  private static LockTable.Range range(JsonNode lock) throws IOException {
    long position = number(lock, "position");
    long size = number(lock, "size");
    if (size < 1 || size > Long.MAX_VALUE - position) {
      throw new IOException("it locks " + size + " bytes at " + position);
    }
    JsonNode shared = lock.path("shared");
    if (!shared.isBoolean()) {
      throw new IOException("shared is missing");
    }
    return new LockTable.Range(
        number(lock, "number"), number(lock, "token"), position, size, shared.booleanValue());
  }

  private static long number(JsonNode node, String name) throws IOException {
    JsonNode value = node.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new IOException(name + " is missing");
    }
    return value.longValue();
  }

  private static String text(JsonNode node, String name) throws IOException {
    JsonNode value = node.path(name);
    if (!value.isTextual()) {
      throw new IOException(name + " is missing");
    }
    return value.textValue();
  }

  private static JsonNode array(JsonNode node, String name) throws IOException {
    JsonNode value = node.path(name);
    if (!value.isArray()) {
      throw new IOException(name + " is missing");
    }
    return value;
  }
}
