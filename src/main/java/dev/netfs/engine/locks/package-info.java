/**
 * The option {@code locks=cooperative}: byte-range locks for shares whose servers have none, kept
 * in tables on the share itself.
 *
 * <p>{@link dev.netfs.engine.locks.CooperativeLocks} is all that the engine sees. {@link
 * dev.netfs.engine.locks.Agent} takes, renews and gives back the locks of one file, {@link
 * dev.netfs.engine.locks.TableFiles} replaces a table by compare-and-swap, {@link
 * dev.netfs.engine.locks.LockTables} is a table's JSON.
 */
@NullMarked
package dev.netfs.engine.locks;

import org.jspecify.annotations.NullMarked;
