/** The SPI of the transports: read these bytes, write these bytes. */
@NullMarked
package dev.netfs.share;

import org.jspecify.annotations.NullMarked;
