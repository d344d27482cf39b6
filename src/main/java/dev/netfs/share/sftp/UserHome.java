package dev.netfs.share.sftp;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What the user has set up for SSH on this machine.
 *
 * @param directory the directory with {@code known_hosts} and the keys, normally {@code ~/.ssh}
 * @param systemKnownHosts the keys of servers that the whole machine knows
 * @param agentSocket the socket of the user's SSH agent, or null
 */
record UserHome(Path directory, Path systemKnownHosts, @Nullable Path agentSocket) {
  static UserHome ofThisUser() {
    String socket = System.getenv("SSH_AUTH_SOCK");
    return new UserHome(
        Path.of(System.getProperty("user.home", ""), ".ssh"),
        Path.of("/etc/ssh/ssh_known_hosts"),
        socket == null || socket.isEmpty() ? null : Path.of(socket));
  }

  Path knownHosts() {
    return directory.resolve("known_hosts");
  }
}
