package dev.netfs.cli.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** OpenSSH's {@code sftp}. */
final class SftpProgram implements StockClient {
  private final CommandSession session;
  private final String directory;

  SftpProgram(Path program, BenchServer.Login login, Line line) throws IOException {
    directory = login.directory();
    session =
        new CommandSession(
            name(),
            List.of(
                program.toString(),
                "-q",
                "-F",
                "/dev/null",
                "-b",
                "-",
                "-P",
                Integer.toString(line.address().getPort()),
                "-i",
                login.privateKey().toString(),
                "-o",
                "IdentitiesOnly=yes",
                // The server is the benchmark's own, on loopback, and is sent no secret.
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                "UserKnownHostsFile=/dev/null",
                "-o",
                "LogLevel=ERROR",
                login.user() + "@127.0.0.1"));
    session.run("pwd");
  }

  @Override
  public String name() {
    return "sftp";
  }

  @Override
  public void get(String remote, Path local) throws IOException {
    session.run("get " + there(remote) + " " + CommandSession.quoted(local.toString()));
  }

  /** With {@code -f}, which asks the server to have it on its disk, as {@code force} does. */
  @Override
  public void put(Path local, String remote) throws IOException {
    session.run("put -f " + CommandSession.quoted(local.toString()) + " " + there(remote));
  }

  private String there(String remote) {
    return CommandSession.quoted(directory + "/" + remote);
  }

  @Override
  public void close() {
    session.close();
  }
}
