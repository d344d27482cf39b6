/** The engine: caches, plans, stitches, writes back and retries the I/O of a share. */
@NullMarked
package dev.netfs.engine;

import org.jspecify.annotations.NullMarked;
