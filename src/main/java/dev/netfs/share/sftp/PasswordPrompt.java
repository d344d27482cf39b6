package dev.netfs.share.sftp;

import org.apache.sshd.client.auth.keyboard.UserInteraction;
import org.apache.sshd.client.session.ClientSession;
import org.jspecify.annotations.Nullable;

/**
 * Answers a server that asks in words (RFC 4256, "keyboard-interactive"): the password, once, where
 * it asks for one thing that must not be shown. MINA knows "Password:" itself; this is for the same
 * in other words and languages.
 */
final class PasswordPrompt implements UserInteraction {
  private final String password;
  private boolean asked; // confined to the session's thread

  PasswordPrompt(String password) {
    this.password = password;
  }

  @Override
  public String @Nullable [] interactive(
      ClientSession session,
      String name,
      String instruction,
      String lang,
      String[] prompt,
      boolean[] echo) {
    if (asked || prompt.length != 1 || echo[0]) {
      return null;
    }
    asked = true;
    return new String[] {password};
  }

  /** A password that has to be changed is changed elsewhere. */
  @Override
  public @Nullable String getUpdatedPassword(ClientSession session, String prompt, String lang) {
    return null;
  }
}
