package dev.netfs.cli;

import dev.netfs.share.ShareOptions;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a command's URIs are mounted: options that all commands with URIs have. */
final class MountArguments {
  @Option(
      names = {"-o", "--option"},
      paramLabel = "NAME=VALUE",
      description =
          "An option of the mount, as in the README's table: hostKey=accept-new, cache=none, ..."
              + " An option of one URI alone goes into its query: URI?NAME=VALUE.")
  private final Map<String, String> options = new LinkedHashMap<>();

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description =
          "The file with the password. Without it: the environment variable NETFS_PASSWORD, keys,"
              + " or a question on the terminal.")
  private @Nullable String passwordFile;

  /**
   * Returns the options for a mount.
   *
   * @param scheme the URI's
   * @throws UsageException if a secret stands on the command line
   */
  Map<String, Object> env(String scheme, Terminal terminal) {
    Map<String, Object> env = new HashMap<>(plain());
    if (passwordFile != null) {
      env.put("passwordFile", passwordFile);
    }
    if (Mounts.isLocal(scheme)) {
      return env; // where the variables mean nothing
    }
    for (String name : ShareOptions.SECRETS) {
      String value = terminal.environment(variable(name));
      boolean replaced = name.equals("password") && env.containsKey("passwordFile");
      if (value != null && !value.isEmpty() && !replaced) {
        env.put(name, value.toCharArray());
      }
    }
    return env;
  }

  /**
   * Returns the options that are given by name and value.
   *
   * @throws UsageException if a secret stands on the command line
   */
  Map<String, String> plain() {
    for (String name : options.keySet()) {
      if (ShareOptions.SECRETS.contains(name)) {
        throw new UsageException(
            "option '"
                + name
                + "' is a secret, which every user of this machine could see on a command line; "
                + (name.equals("password")
                    ? "use --password-file FILE or the environment variable NETFS_PASSWORD"
                    : "set the environment variable " + variable(name)));
      }
    }
    return options;
  }

  /** {@code privateKeyPassphrase} is {@code NETFS_PRIVATE_KEY_PASSPHRASE}. */
  private static String variable(String option) {
    return "NETFS_" + option.replaceAll("([A-Z])", "_$1").toUpperCase(java.util.Locale.ROOT);
  }
}
