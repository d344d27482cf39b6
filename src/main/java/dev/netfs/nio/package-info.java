/**
 * The JSR-203 face: what {@link java.nio.file.Files}, {@link java.nio.channels.FileChannel} and the
 * libraries on top of them see of a mount.
 *
 * <p>{@link dev.netfs.nio.NetfsFileSystemProvider} turns the provider's methods into calls of the
 * engine's {@link dev.netfs.engine.Mount}, and has one subclass a URI scheme, {@link
 * dev.netfs.nio.NamedMountProvider} for the mounts of {@code netfs.json}; {@code MountRegistry}
 * knows which roots are mounted; {@code NetfsPath} is text with the JDK's rules; {@code
 * NetfsFileChannel} and its neighbours put the JDK's channel contract on the engine's {@link
 * dev.netfs.engine.OpenFile}. Nothing here caches, and nothing here talks to a server but through
 * those two.
 *
 * <p>Behaviour that the JDK's documentation leaves open is that of the JDK's own provider on Linux,
 * which programs are tested on; the tests compare the two operation by operation.
 */
@NullMarked
package dev.netfs.nio;

import org.jspecify.annotations.NullMarked;
