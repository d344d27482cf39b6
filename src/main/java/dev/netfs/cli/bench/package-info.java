/** {@code netfs bench}: what it measures, and with what. */
@NullMarked
package dev.netfs.cli.bench;

import org.jspecify.annotations.NullMarked;
