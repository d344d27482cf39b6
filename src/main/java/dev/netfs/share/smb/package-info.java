/** The transport over SMB 2 and 3, on a connection of its own ({@code MS-SMB2}). */
@NullMarked
package dev.netfs.share.smb;

import org.jspecify.annotations.NullMarked;
