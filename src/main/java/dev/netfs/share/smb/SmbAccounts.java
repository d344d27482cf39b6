package dev.netfs.share.smb;

import dev.netfs.share.ShareDisconnectedException;
import dev.netfs.share.SharePrincipal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is who on a server: names for security identifiers and the other way round, asked for over
 * the pipe {@code lsarpc}. What was learnt is kept for the life of the connection. A server that
 * tells no names is no failure: the identifiers do for names then. Safe for use by several threads.
 */
final class SmbAccounts {
  /** More than any server shows; a hostile one cannot fill the memory. */
  private static final int MOST_KEPT = 10_000;

  /** What is asked for at once. */
  private static final int BATCH = 32;

  private final SmbPipes pipes;
  private final Map<Sid, SharePrincipal> known = new ConcurrentHashMap<>();

  SmbAccounts(SmbPipes pipes) {
    this.pipes = pipes;
  }

  /** Returns whom identifiers stand for, each of them. Fails with the connection only. */
  CompletableFuture<Map<Sid, SharePrincipal>> principals(Collection<Sid> sids) {
    List<Sid> unknown = new ArrayList<>(new LinkedHashSet<>(sids));
    unknown.removeAll(known.keySet());
    Map<Sid, SharePrincipal> all = new HashMap<>();
    sids.forEach(sid -> all.put(sid, known.getOrDefault(sid, nameless(sid))));
    if (unknown.isEmpty()) {
      return CompletableFuture.completedFuture(all);
    }
    return Steps.recover(
        dialogue((pipe, policy) -> lookUp(pipe, policy, unknown, all)),
        failure ->
            failure instanceof ShareDisconnectedException
                ? CompletableFuture.failedFuture(failure)
                : CompletableFuture.completedFuture(all));
  }

  /**
   * Returns whom a name or an identifier stands for.
   *
   * @param group whether an identifier that the server does not know is taken for a group's
   * @return fails with {@link UserPrincipalNotFoundException} if the server knows no such name
   */
  CompletableFuture<SharePrincipal> principal(String name, boolean group) {
    Sid sid = Sid.of(name);
    if (sid != null) {
      return Steps.map(
          principals(List.of(sid)),
          all -> {
            SharePrincipal found = all.getOrDefault(sid, nameless(sid));
            boolean named = !found.getName().equals(found.id());
            return named || !group ? found : new SharePrincipal.Group(found.id(), found.id());
          });
    }
    return Steps.compose(
        Steps.recover(
            dialogue(
                (pipe, policy) ->
                    Steps.map(
                        ask(pipe, Lsa.LOOKUP_NAMES, Lsa.lookupName(policy, name)),
                        results -> Lsa.account(results, name))),
            failure ->
                CompletableFuture.failedFuture(
                    failure instanceof ShareDisconnectedException
                        ? failure
                        : SmbFailures.withCause(
                            new IOException(
                                "the server does not say who '"
                                    + name
                                    + "' is; use the security identifier (S-1-...) in place of the"
                                    + " name"),
                            failure))),
        account -> {
          if (account == null) {
            throw new UserPrincipalNotFoundException(name);
          }
          // By its own name, which may be written otherwise than it was asked for.
          return Steps.map(
              principals(List.of(account.sid())),
              all -> all.getOrDefault(account.sid(), keep(account)));
        });
  }

  private static SharePrincipal nameless(Sid sid) {
    return new SharePrincipal(sid.toString(), sid.toString());
  }

  private CompletableFuture<Map<Sid, SharePrincipal>> lookUp(
      SmbPipes.Pipe pipe, byte[] policy, List<Sid> sids, Map<Sid, SharePrincipal> all) {
    if (sids.isEmpty()) {
      return CompletableFuture.completedFuture(all);
    }
    int count = Math.min(sids.size(), BATCH);
    List<Sid> part = sids.subList(0, count);
    return Steps.compose(
        ask(pipe, Lsa.LOOKUP_SIDS, Lsa.lookupSids(policy, part)),
        results -> {
          for (Lsa.Account account : Lsa.accounts(results, part)) {
            all.put(account.sid(), keep(account));
          }
          return lookUp(pipe, policy, sids.subList(count, sids.size()), all);
        });
  }

  private SharePrincipal keep(Lsa.Account account) {
    String id = account.sid().toString();
    String name =
        account.domain().isEmpty() ? account.name() : account.domain() + "\\" + account.name();
    SharePrincipal principal =
        account.group() ? new SharePrincipal.Group(id, name) : new SharePrincipal(id, name);
    if (known.size() < MOST_KEPT) {
      known.put(account.sid(), principal);
    }
    return principal;
  }

  /** What is asked once the pipe is open and the server is ready to tell names. */
  private interface Questions<T> {
    CompletableFuture<T> ask(SmbPipes.Pipe pipe, byte[] policy);
  }

  private <T> CompletableFuture<T> dialogue(Questions<T> questions) {
    return Steps.compose(
        pipes.open("lsarpc"),
        pipe -> {
          CompletableFuture<T> all =
              Steps.compose(
                  pipe.ask(Lsa.bind()),
                  answer -> {
                    Lsa.bound(answer.get(0));
                    return Steps.compose(
                        ask(pipe, Lsa.OPEN_POLICY, Lsa.openPolicy()),
                        opened -> questions.ask(pipe, Lsa.policy(opened)));
                  });
          all.whenComplete((done, failure) -> pipe.close());
          return all;
        });
  }

  private static CompletableFuture<ByteBuffer> ask(
      SmbPipes.Pipe pipe, int operation, byte[] arguments) {
    return Steps.map(pipe.ask(Lsa.request(operation, arguments)), Lsa::results);
  }
}
