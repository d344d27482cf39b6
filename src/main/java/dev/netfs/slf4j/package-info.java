/**
 * What the SLF4J inside {@code netfs-all.jar} logs through: {@link java.lang.System.Logger}, as
 * netfs itself does.
 *
 * <p>Client libraries log to SLF4J. The all jar bundles it under a name of its own, where no
 * provider of the application can reach it; without one of its own it would print a warning and
 * drop what the libraries say. Only the all jar registers this provider. With the thin jar an
 * application has SLF4J and its provider under its own control.
 */
@NullMarked
package dev.netfs.slf4j;

import org.jspecify.annotations.NullMarked;
