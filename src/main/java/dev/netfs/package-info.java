/**
 * The public API of netfs: {@link dev.netfs.Netfs} mounts a share, {@link
 * dev.netfs.NetfsFileSystem} says of a mount what a {@link java.nio.file.FileSystem} cannot.
 *
 * <p>Most programs need neither: with netfs on the class path, {@link
 * java.nio.file.FileSystems#newFileSystem(java.net.URI, java.util.Map)} mounts a share and {@link
 * java.nio.file.Files} works on it.
 */
@NullMarked
package dev.netfs;

import org.jspecify.annotations.NullMarked;
