/**
 * The persistent cache, as the kernel's fscache and CacheFiles are it: what was read from a server
 * stays on the local disk, encrypted, and is there after a restart.
 *
 * <p>{@link dev.netfs.fscache.FsCache} is a directory, {@link dev.netfs.fscache.Volume} what it
 * holds of one share, {@link dev.netfs.fscache.Cookie} what it holds of one object. Nothing here
 * knows of pages or of the engine, has threads of its own, or asks a server: who uses it says which
 * state of the server's object the bytes belong to, and lets only threads call it that may block.
 */
@NullMarked
package dev.netfs.fscache;

import org.jspecify.annotations.NullMarked;
