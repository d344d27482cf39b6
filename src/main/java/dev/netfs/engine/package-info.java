/**
 * The engine: what Linux's netfs library is to the kernel's network filesystems. It plans, caches,
 * stitches, sends, retries and locks, so that a transport has to move bytes only.
 *
 * <p>{@link dev.netfs.engine.Mount} is the door: names and attributes; {@link
 * dev.netfs.engine.OpenFile} is an open file of it. Nothing here is exported.
 */
@NullMarked
package dev.netfs.engine;

import org.jspecify.annotations.NullMarked;
