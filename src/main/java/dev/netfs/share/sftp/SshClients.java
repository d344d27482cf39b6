package dev.netfs.share.sftp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.sshd.client.ClientBuilder;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.auth.UserAuthFactory;
import org.apache.sshd.client.auth.keyboard.UserAuthKeyboardInteractiveFactory;
import org.apache.sshd.client.auth.password.UserAuthPasswordFactory;
import org.apache.sshd.client.auth.pubkey.UserAuthPublicKeyFactory;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.global.OpenSshHostKeysHandler;
import org.apache.sshd.common.NamedFactory;
import org.apache.sshd.common.OptionalFeature;
import org.apache.sshd.common.cipher.BuiltinCiphers;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.global.KeepAliveHandler;
import org.apache.sshd.common.io.nio2.Nio2ServiceFactoryFactory;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.signature.BuiltinSignatures;
import org.apache.sshd.common.signature.Signature;
import org.apache.sshd.core.CoreModuleProperties;

/** Makes MINA's clients, one for each connection, set up for it and nothing else. */
final class SshClients {
  /** Fills 1 Gbit/s at a round trip of 250 ms. Costs memory only as far as the server fills it. */
  private static final long WINDOW = 32L << 20;

  /** OpenSSH sends 32 KiB in most packets however much one takes; other servers may send more. */
  private static final long PACKET = 64L << 10;

  /** What one read of the socket takes at most: some packets, so that it is woken up less often. */
  private static final int READ_BUFFER = 128 << 10;

  /** A dead peer is noticed after four times this at the latest. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private static final int MISSED_HEARTBEATS = 3;

  /**
   * RFC 4344 section 3.2 allows 64 GiB with blocks of 16 bytes; MINA sees by itself to ciphers with
   * smaller ones. Its own limit of 1 GiB is for all of them.
   */
  private static final long REKEY_BYTES = 16L << 30;

  /** AES-GCM is fastest by far with the JDK's intrinsics, chacha20 is plain Java in MINA. */
  private static final List<BuiltinCiphers> CIPHERS =
      List.of(
          BuiltinCiphers.aes128gcm,
          BuiltinCiphers.aes256gcm,
          BuiltinCiphers.aes128ctr,
          BuiltinCiphers.aes192ctr,
          BuiltinCiphers.aes256ctr,
          BuiltinCiphers.cc20p1305_openssh);

  /** No SHA-1 ({@code ssh-rsa}); no certificates, since {@link KnownHosts} knows none. */
  private static final List<BuiltinSignatures> SIGNATURES =
      List.of(
          BuiltinSignatures.ed25519,
          BuiltinSignatures.nistp256,
          BuiltinSignatures.nistp384,
          BuiltinSignatures.nistp521,
          BuiltinSignatures.rsaSHA512,
          BuiltinSignatures.rsaSHA256);

  private SshClients() {}

  /**
   * Makes a client, not started yet. It reads no configuration file and asks nobody.
   *
   * @param knownTypes the types of the host keys that are known for the server
   */
  static SshClient create(Credentials credentials, Set<String> knownTypes, Duration timeout) {
    JdkEd25519Registrar.install();
    SshClient client = ClientBuilder.builder().build();
    client.setIoServiceFactoryFactory(new Nio2ServiceFactoryFactory()); // it would look for others
    client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
    client.setKeyIdentityProvider(KeyIdentityProvider.wrapKeyPairs(credentials.keys()));
    client.setFilePasswordProvider(FilePasswordProvider.EMPTY);
    client.setGlobalRequestHandlers(
        List.of(OpenSshHostKeysHandler.INSTANCE, KeepAliveHandler.INSTANCE)); // both do nothing
    client.setChannelFactories(List.of());
    client.setCipherFactories(supported(CIPHERS));
    client.setSignatureFactories(signatures(knownTypes));
    client.setUserAuthFactories(methods(credentials));
    if (credentials.agentSocket() != null) {
      client.setAgentFactory(SshAgentSocket.factory(credentials.agentSocket()));
    }
    if (credentials.password() != null) {
      client.addPasswordIdentity(credentials.password());
      client.setUserInteraction(new PasswordPrompt(credentials.password()));
    }

    CoreModuleProperties.TCP_NODELAY.set(client, true);
    CoreModuleProperties.SOCKET_KEEPALIVE.set(client, true);
    CoreModuleProperties.WINDOW_SIZE.set(client, WINDOW);
    CoreModuleProperties.MAX_PACKET_SIZE.set(client, PACKET);
    CoreModuleProperties.NIO2_READ_BUFFER_SIZE.set(client, READ_BUFFER);
    CoreModuleProperties.NIO_WORKERS.set(client, 2);
    CoreModuleProperties.HEARTBEAT_INTERVAL.set(client, HEARTBEAT);
    CoreModuleProperties.HEARTBEAT_REQUEST.set(client, "keepalive@openssh.com");
    CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(client, MISSED_HEARTBEATS);
    CoreModuleProperties.IDLE_TIMEOUT.set(client, Duration.ZERO);
    CoreModuleProperties.AUTH_TIMEOUT.set(client, timeout);
    CoreModuleProperties.IO_CONNECT_TIMEOUT.set(client, timeout);
    CoreModuleProperties.PASSWORD_PROMPTS.set(client, 1);
    CoreModuleProperties.REKEY_BYTES_LIMIT.set(client, REKEY_BYTES);
    return client;
  }

  /**
   * Returns the algorithms for host keys: those that fit the known keys first, as OpenSSH does, so
   * that a server with several keys shows one that can be checked.
   */
  private static List<NamedFactory<Signature>> signatures(Set<String> knownTypes) {
    List<BuiltinSignatures> ordered = new ArrayList<>();
    for (boolean known : new boolean[] {true, false}) {
      for (BuiltinSignatures signature : SIGNATURES) {
        String keyType = KeyUtils.getCanonicalKeyType(signature.getName());
        if (knownTypes.contains(keyType) == known) {
          ordered.add(signature);
        }
      }
    }
    return supported(ordered);
  }

  private static <T, F extends NamedFactory<T> & OptionalFeature> List<NamedFactory<T>> supported(
      List<F> factories) {
    List<NamedFactory<T>> supported = new ArrayList<>();
    for (F factory : factories) {
      if (factory.isSupported()) {
        supported.add(factory);
      }
    }
    return supported;
  }

  private static List<UserAuthFactory> methods(Credentials credentials) {
    List<UserAuthFactory> methods = new ArrayList<>();
    if (!credentials.keys().isEmpty() || credentials.agentSocket() != null) {
      methods.add(UserAuthPublicKeyFactory.INSTANCE);
    }
    if (credentials.password() != null) {
      methods.add(UserAuthPasswordFactory.INSTANCE);
      methods.add(UserAuthKeyboardInteractiveFactory.INSTANCE);
    }
    return methods;
  }
}
