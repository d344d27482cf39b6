package dev.netfs.engine;

/** How the server of a model check behaves, as its seed chooses. */
final class Behaviour {
  int rsize = 64 * 1024;
  int wsize = 64 * 1024;
  int depth = 8;

  /** How often a read or write stops short. */
  double shortRate;

  /** How often an operation finds the connection broken: half before it is done, half after. */
  double disconnectRate;

  /** How often an operation fails with an error. */
  double errorRate;

  /** How often an operation is never answered. */
  double lostReplyRate;

  /** How often nobody answers who connects. */
  double refusalRate;

  int maxDelayMicros;

  /** Whether files get the times at which they are changed, in whole seconds. */
  boolean freshTimes;

  /** Whether files show versions. */
  boolean versions;

  /** Whether a file that was written to has another time when the handle ends. */
  boolean closeTouches;
}
