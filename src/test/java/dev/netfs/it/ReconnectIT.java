package dev.netfs.it;

import dev.netfs.testing.FileServer;
import dev.netfs.testing.OpenSshServer;
import java.io.IOException;

/** Connections to a real OpenSSH server that break in the middle of things. */
class ReconnectIT extends ReconnectContract {
  @Override
  FileServer startServer() throws IOException {
    return OpenSshServer.start();
  }
}
