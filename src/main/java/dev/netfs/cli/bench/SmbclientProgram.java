package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Samba's {@code smbclient}, which does not ask for files to be on the server's disk. */
final class SmbclientProgram implements StockClient {
  private final CommandSession session;

  /**
   * @param program the program and what it needs to connect
   */
  SmbclientProgram(List<String> program) throws IOException {
    session = new CommandSession(name(), program);
    session.run("pwd");
  }

  @Override
  public String name() {
    return "smbclient";
  }

  @Override
  public void get(String remote, Path local) throws IOException {
    checked(session.run("get " + there(remote) + " " + CommandSession.quoted(local.toString())));
  }

  @Override
  public void put(Path local, String remote) throws IOException {
    checked(session.run("put " + CommandSession.quoted(local.toString()) + " " + there(remote)));
  }

  private static void checked(String output) throws BenchException {
    if (output.contains("NT_STATUS_")) {
      throw new BenchException("smbclient failed: " + output);
    }
  }

  private static String there(String remote) {
    return '"' + remote.replace('/', '\\') + '"';
  }

  @Override
  public void close() {
    session.close();
  }
}
