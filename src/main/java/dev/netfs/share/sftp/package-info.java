/** The transport over SFTP, on Apache MINA SSHD's client. */
@NullMarked
package dev.netfs.share.sftp;

import org.jspecify.annotations.NullMarked;
