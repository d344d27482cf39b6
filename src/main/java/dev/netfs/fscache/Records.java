package dev.netfs.fscache;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Header records: flat CBOR maps (RFC 8949) from names to texts, byte strings and whole numbers.
 * Reading is strict and bounded, since what is read may be anything: whatever is not such a map is
 * an {@link IOException}, and nothing else is thrown.
 */
final class Records {
  private static final CBORFactory CBOR = new CBORFactory();
  private static final int MAX_FIELDS = 64;

  private Records() {}

  /** Encodes a map; null values are left out. */
  static byte[] encode(Map<String, ?> fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator generator = CBOR.createGenerator(out)) {
      generator.writeStartObject();
      for (Map.Entry<String, ?> field : fields.entrySet()) {
        Object value = field.getValue();
        if (value == null) {
          continue;
        }
        generator.writeFieldName(field.getKey());
        if (value instanceof byte[] bytes) {
          generator.writeBinary(bytes);
        } else if (value instanceof Number number) {
          generator.writeNumber(number.longValue());
        } else {
          generator.writeString(value.toString());
        }
      }
      generator.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  /** Decodes what {@link #encode} made. */
  static Fields decode(byte[] bytes, int offset, int length) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    try (JsonParser parser = CBOR.createParser(bytes, offset, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("no record");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME && fields.size() < MAX_FIELDS) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if (token == JsonToken.VALUE_STRING) {
          fields.put(name, parser.getText());
        } else if (token == JsonToken.VALUE_EMBEDDED_OBJECT) {
          fields.put(name, parser.getBinaryValue());
        } else if (token == JsonToken.VALUE_NUMBER_INT) {
          fields.put(name, parser.getLongValue());
        } else {
          throw new IOException("a record with " + token);
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw new IOException("a record without an end");
      }
    } catch (RuntimeException e) {
      throw new IOException("no record", e);
    }
    return new Fields(fields);
  }

  /** A record's fields; what is not there, or of another kind, is an {@link IOException}. */
  static final class Fields {
    private final Map<String, Object> values;

    Fields(Map<String, Object> values) {
      this.values = values;
    }

    long number(String name) throws IOException {
      if (values.get(name) instanceof Long number) {
        return number;
      }
      throw new IOException("a record without the number " + name);
    }

    /** Returns a number within bounds, both included. */
    long number(String name, long min, long max) throws IOException {
      long number = number(name);
      if (number < min || number > max) {
        throw new IOException("a record whose " + name + " is " + number);
      }
      return number;
    }

    String text(String name) throws IOException {
      if (values.get(name) instanceof String text) {
        return text;
      }
      throw new IOException("a record without the text " + name);
    }

    @Nullable String optionalText(String name) {
      return values.get(name) instanceof String text ? text : null;
    }

    byte[] bytes(String name, int length) throws IOException {
      if (values.get(name) instanceof byte[] bytes && bytes.length == length) {
        return bytes;
      }
      throw new IOException("a record without " + length + " bytes of " + name);
    }

    byte[] bytes(String name) throws IOException {
      if (values.get(name) instanceof byte[] bytes) {
        return bytes;
      }
      throw new IOException("a record without the bytes " + name);
    }
  }
}
