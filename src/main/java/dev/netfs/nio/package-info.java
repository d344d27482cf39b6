/** The JSR-203 face: the provider, its file system, paths, channels and attribute views. */
@NullMarked
package dev.netfs.nio;

import org.jspecify.annotations.NullMarked;
