/** The {@code netfs} command. */
@NullMarked
package dev.netfs.cli;

import org.jspecify.annotations.NullMarked;
