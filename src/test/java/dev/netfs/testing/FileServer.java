package dev.netfs.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** A real server that a test has started, whatever it speaks. */
public interface FileServer extends AutoCloseable {
  String host();

  int port();

  /** Returns the directory that the server shows. */
  Path data();

  /** Returns the mount of {@link #data}, or of a directory below it. */
  URI uri(String below);

  /** Returns the same mount through a proxy's port. */
  URI uri(int throughPort, String below);

  /** Returns the options to sign on with. */
  Map<String, Object> options();

  /** Gives a file that the test made to the server's user. */
  void own(Path file) throws IOException;

  /** Has clients trust what they find at another port, of a proxy, as they trust the server. */
  void alsoKnownAt(int otherPort) throws IOException;

  /** Kills the processes of the sessions there are; the server itself goes on. */
  void killSessions();

  @Override
  void close();
}
