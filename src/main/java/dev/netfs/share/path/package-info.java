/**
 * The transport over any {@link java.nio.file.Path} of any provider: a directory of the local file
 * system ({@code netfs+file:///mnt/nas}), or of whatever else the JVM knows ({@code
 * netfs+path:///<backing URI>}, or {@code Netfs.mount(Path)}).
 *
 * <p>The provider below is the server here. It blocks, so its calls run on threads of the
 * transport's own ({@link dev.netfs.share.path.Workers}); it names things its own way ({@link
 * dev.netfs.share.path.Backing} translates); and its file system belongs to somebody else and is
 * never closed here.
 */
@NullMarked
package dev.netfs.share.path;

import org.jspecify.annotations.NullMarked;
