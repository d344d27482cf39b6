/** The transport over any {@code Path} of any other provider. */
@NullMarked
package dev.netfs.share.path;

import org.jspecify.annotations.NullMarked;
