/**
 * The service provider interface of netfs: what a transport implements, and all that it needs to
 * know.
 *
 * <p>A transport supplies a {@link dev.netfs.share.ShareProvider}, found by {@link
 * java.util.ServiceLoader}, which connects a {@link dev.netfs.share.Share}; the share opens {@link
 * dev.netfs.share.ShareFile}s, whose two hooks move bytes: {@link dev.netfs.share.ShareFile#read
 * read} and {@link dev.netfs.share.ShareFile#write write}. Everything above that (caching,
 * planning, splitting, retrying, reconnecting, locking inside the JVM) belongs to the engine. A
 * transport never sees a page or a cache, and never loops.
 */
@NullMarked
package dev.netfs.share;

import org.jspecify.annotations.NullMarked;
