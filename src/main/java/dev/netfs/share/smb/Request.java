package dev.netfs.share.smb;

import dev.netfs.share.IoSegments;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of it.
 *
 * <p>{@link #messageId} is set by the sending thread before the request is on its way; {@link
 * #asyncId} by the receiving one, when the server says that it will take its time.
 */
final class Request {
  /** A payload of so many bytes is paid with one credit (MS-SMB2 3.1.5.2). */
  private static final int CREDIT_BYTES = 65_536;

  /** No tree has this number. */
  static final int NO_TREE = -1;

  final int command;

  /** What follows the header, up to the payload. */
  final byte[] body;

  /** What a WRITE carries, or null. */
  final @Nullable IoSegments source;

  /** Where a READ's bytes go, or null. */
  final @Nullable IoSegments sink;

  /** How many bytes of {@link #source} are sent, or of the sink are asked for. */
  final int length;

  /** Fails with {@link SmbStatus} where the server refuses. */
  final CompletableFuture<Response> answer = new CompletableFuture<>();

  private final int answerBytes;

  /** The tree that it is for, or {@link #NO_TREE} for the connection's share. */
  int treeId = NO_TREE;

  /** Whether the bytes of this request and of its answer are kept: for the hash of a sign-on. */
  boolean kept;

  volatile byte @Nullable [] sent;
  volatile long messageId = -1;
  volatile long asyncId;

  /** Run on the receiving thread when the server says that it will take its time. */
  Runnable whenPending = () -> {};

  /** For {@link Smb2#CANCEL}: the request to be cancelled. */
  final @Nullable Request target;

  private Request(
      int command,
      byte[] body,
      @Nullable IoSegments source,
      @Nullable IoSegments sink,
      int length,
      int answerBytes,
      @Nullable Request target) {
    this.command = command;
    this.body = body;
    this.source = source;
    this.sink = sink;
    this.length = length;
    this.answerBytes = answerBytes;
    this.target = target;
  }

  /**
   * A request without a payload.
   *
   * @param answerBytes the most bytes that its answer may carry
   */
  static Request of(int command, byte[] body, int answerBytes) {
    return new Request(command, body, null, null, 0, answerBytes, null);
  }

  /** A request that carries bytes. */
  static Request sending(int command, byte[] body, IoSegments source, int length) {
    return new Request(command, body, source, null, length, 0, null);
  }

  /** A request whose answer's bytes go into memory. */
  static Request filling(int command, byte[] body, IoSegments sink, int length) {
    return new Request(command, body, null, sink, length, length, null);
  }

  /** Asks the server to give up another request, which it answers with what became of it. */
  static Request cancelling(Request target) {
    byte[] body = {4, 0, 0, 0};
    return new Request(Smb2.CANCEL, body, null, null, 0, 0, target);
  }

  /** Sends it to another tree than the connection's share. */
  Request on(int otherTree) {
    treeId = otherTree;
    return this;
  }

  /** Returns how many bytes follow the header. */
  int bodyBytes() {
    return body.length + (source == null ? 0 : length);
  }

  /** Returns what it costs: by what it carries, without what stands before that. */
  int charge() {
    int payload = Math.max(source == null ? body.length : length, answerBytes);
    return payload <= CREDIT_BYTES ? 1 : 1 + (payload - 1) / CREDIT_BYTES;
  }
}
