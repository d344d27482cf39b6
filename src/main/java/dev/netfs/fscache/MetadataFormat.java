package dev.netfs.fscache;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import dev.netfs.share.FileInfo;
import dev.netfs.share.FileType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link DirectoryRecord} as it is on disk:
 *
 * <pre>
 * magic (4) | version (1) | 0 (3) | file's length (8) | record head ({@link Sealer#HEAD}) |
 * newest (8) | sealed CBOR with its tag
 * </pre>
 *
 * {@code newest} is when the latest of the record was asked: advice, which spares opening what is
 * too old to be of use. The length is for culling, which has no key.
 *
 * <p>The CBOR is an array: version of the content, path, when listed (or null), and an array for
 * each object. Reading is strict: whatever is not such a record is an {@link IOException}, and
 * nothing else is thrown.
 */
final class MetadataFormat {
  /** What comes before the sealed part. */
  static final int HEAD = 48;

  /** Larger records are neither written nor read: some 500,000 names. */
  static final int MAX_BYTES = 64 << 20;

  static final int MAGIC = 0x6e66734d; // nfsM
  static final int VERSION = 1;
  private static final int CONTENT = 1;
  static final int LENGTH = 8;
  static final int RECORD = 16;
  private static final int NEWEST = RECORD + Sealer.HEAD;
  private static final CBORFactory CBOR = new CBORFactory();

  private MetadataFormat() {}

  /** Encodes a record; null if it is too large. */
  static @Nullable ByteBuffer encode(DirectoryRecord record, Sealer sealer, ByteBuffer binding) {
    ByteArrayOutputStream plain = new ByteArrayOutputStream(256 + 128 * record.objects().size());
    try (JsonGenerator out = CBOR.createGenerator(plain)) {
      out.writeStartArray();
      out.writeNumber(CONTENT);
      out.writeString(record.path());
      if (record.isListed()) {
        out.writeNumber(record.listedMillis());
      } else {
        out.writeNull();
      }
      for (Map.Entry<String, KnownObject> entry : record.objects().entrySet()) {
        write(out, entry.getKey(), entry.getValue());
      }
      out.writeEndArray();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    if (plain.size() > MAX_BYTES - HEAD - Sealer.TAG) {
      return null;
    }
    int length = HEAD + plain.size() + Sealer.TAG;
    ByteBuffer file = ByteBuffer.allocate(length);
    file.putInt(MAGIC).put((byte) VERSION);
    file.putLong(LENGTH, length).putLong(NEWEST, record.newestMillis());
    file.position(HEAD);
    sealer.seal(binding, ByteBuffer.wrap(plain.toByteArray()), file, RECORD);
    return file.flip();
  }

  private static void write(JsonGenerator out, String name, KnownObject object) throws IOException {
    FileInfo info = object.info();
    out.writeStartArray();
    out.writeString(name);
    out.writeNumber(object.saidMillis());
    out.writeBoolean(object.shared());
    out.writeString(object.target());
    out.writeString(info.type().name());
    out.writeNumber(info.size());
    write(out, info.modified());
    write(out, info.accessed());
    write(out, info.created());
    write(out, info.changed());
    out.writeNumber(info.mode());
    out.writeNumber(info.uid());
    out.writeNumber(info.gid());
    out.writeString(info.owner());
    out.writeString(info.group());
    out.writeNumber(info.links());
    if (info.fileKey() instanceof Long number) {
      out.writeNumber(number);
    } else if (info.fileKey() instanceof String || object.key() == null) {
      out.writeString(object.key());
    } else {
      // Of a kind that cannot be made of its text: only good for telling states apart.
      out.writeBinary(object.key().getBytes(StandardCharsets.UTF_8));
    }
    out.writeString(info.version());
    out.writeNumber(info.dos());
    out.writeEndArray();
  }

  private static void write(JsonGenerator out, @Nullable FileTime time) throws IOException {
    if (time == null) {
      out.writeNull();
      return;
    }
    Instant instant = time.toInstant();
    out.writeStartArray();
    out.writeNumber(instant.getEpochSecond());
    out.writeNumber(instant.getNano());
    out.writeEndArray();
  }

  /**
   * Returns when the latest of a record was asked, as its head says it, which proves nothing; null
   * if it is no such head.
   */
  static @Nullable Long newest(ByteBuffer head) {
    return head.remaining() < HEAD || head.getInt(0) != MAGIC || head.get(4) != VERSION
        ? null
        : head.getLong(NEWEST);
  }

  /**
   * Decodes a record.
   *
   * @param file all of the file
   * @param path the directory that it must be of; null if only the binding says that
   * @throws IOException if it is none, or of another directory or volume
   */
  static DirectoryRecord decode(
      ByteBuffer file, Sealer sealer, ByteBuffer binding, @Nullable String path)
      throws IOException {
    if (newest(file) == null || file.remaining() < HEAD + Sealer.TAG) {
      throw new IOException("no record");
    }
    ByteBuffer plain = ByteBuffer.allocate(file.remaining() - HEAD - Sealer.TAG);
    ByteBuffer sealed = file.slice(HEAD, file.remaining() - HEAD);
    if (!sealer.open(binding, file, RECORD, sealed, plain)) {
      throw new IOException("a record that does not prove itself");
    }
    try (JsonParser in = CBOR.createParser(plain.array(), 0, plain.position())) {
      DirectoryRecord record = new Reader(in).record();
      if (path != null && !record.path().equals(path)) {
        throw new IOException("a record of another directory");
      }
      return record;
    } catch (DateTimeException | ArithmeticException | IllegalArgumentException e) {
      throw new IOException("a record that makes no sense", e);
    }
  }

  /** Reads what was written; strictly. */
  private record Reader(JsonParser in) {
    DirectoryRecord record() throws IOException {
      expect(JsonToken.START_ARRAY);
      if (number() != CONTENT) {
        throw new IOException("a record of another kind");
      }
      String path = text();
      if (path == null) {
        throw new IOException("a record without a path");
      }
      DirectoryRecord.Builder record = DirectoryRecord.builder(path, null);
      if (in.nextToken() != JsonToken.VALUE_NULL) {
        record.listed(current());
      }
      JsonToken next = in.nextToken();
      while (next == JsonToken.START_ARRAY) {
        object(record);
        next = in.nextToken();
      }
      if (next != JsonToken.END_ARRAY) {
        throw new IOException("a record without an end");
      }
      return record.build();
    }

    private void object(DirectoryRecord.Builder record) throws IOException {
      String name = text();
      long said = number();
      boolean shared = in.nextToken() == JsonToken.VALUE_TRUE;
      String target = text();
      String type = text();
      if (name == null || type == null) {
        throw new IOException("an object without a name or type");
      }
      FileInfo.Builder info = FileInfo.of(FileType.valueOf(type)).size(number());
      FileTime modified = time();
      if (modified == null) {
        throw new IOException("an object without a time");
      }
      info.modified(modified).accessed(time()).created(time()).changed(time());
      info.mode((int) number()).uid((int) number()).gid((int) number());
      info.owner(text()).group(text()).links((int) number());
      String key = null;
      switch (in.nextToken()) {
        case VALUE_NUMBER_INT -> {
          key = Long.toString(current());
          info.fileKey(current());
        }
        case VALUE_STRING -> {
          key = in.getText();
          info.fileKey(key);
        }
        case VALUE_EMBEDDED_OBJECT -> key = new String(in.getBinaryValue(), StandardCharsets.UTF_8);
        case VALUE_NULL -> {}
        default -> throw new IOException("an object with a strange key");
      }
      info.version(text()).dos((int) number());
      expect(JsonToken.END_ARRAY);
      record.put(name, new KnownObject(info.build(), said, shared, target, key));
    }

    private void expect(JsonToken token) throws IOException {
      if (in.nextToken() != token) {
        throw new IOException("a record with " + in.currentToken());
      }
    }

    private long number() throws IOException {
      in.nextToken();
      return current();
    }

    private long current() throws IOException {
      if (in.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw new IOException("a record with " + in.currentToken());
      }
      return in.getLongValue();
    }

    private @Nullable String text() throws IOException {
      JsonToken token = in.nextToken();
      if (token == JsonToken.VALUE_NULL) {
        return null;
      }
      if (token != JsonToken.VALUE_STRING) {
        throw new IOException("a record with " + token);
      }
      return in.getText();
    }

    private @Nullable FileTime time() throws IOException {
      JsonToken token = in.nextToken();
      if (token == JsonToken.VALUE_NULL) {
        return null;
      }
      if (token != JsonToken.START_ARRAY) {
        throw new IOException("a record with " + token);
      }
      Instant instant = Instant.ofEpochSecond(number(), number());
      expect(JsonToken.END_ARRAY);
      return FileTime.from(instant);
    }
  }
}
