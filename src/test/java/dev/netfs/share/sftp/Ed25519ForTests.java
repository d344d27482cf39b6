package dev.netfs.share.sftp;

/** Lets the servers of other packages' tests have Ed25519 keys. */
public final class Ed25519ForTests {

  private Ed25519ForTests() {}

  /** Makes MINA in this JVM do Ed25519. */
  public static void install() {
    JdkEd25519Registrar.install();
  }
}
