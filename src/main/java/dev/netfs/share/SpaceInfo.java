package dev.netfs.share;

/**
 * How full the share is, in bytes, as {@link java.nio.file.FileStore} reports it.
 *
 * @param total the size of the store
 * @param free the unallocated bytes
 * @param usable the bytes that this user may still allocate
 * @param blockSize the size of an allocation block
 * @param readOnly whether the store refuses writes
 */
public record SpaceInfo(long total, long free, long usable, long blockSize, boolean readOnly) {}
