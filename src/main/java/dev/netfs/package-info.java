/**
 * The public API of netfs: mounting a share, its options, and what a {@code FileSystem} cannot say.
 */
@NullMarked
package dev.netfs;

import org.jspecify.annotations.NullMarked;
