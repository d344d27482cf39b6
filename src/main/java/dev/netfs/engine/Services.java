package dev.netfs.engine;

import dev.netfs.engine.locks.CooperativeLocks;
import org.jspecify.annotations.Nullable;

/**
 * What the parts of one mount's engine share.
 *
 * @param background time and threads
 * @param options the mount's options
 * @param session the connection
 * @param pages the memory
 * @param depth how many reads and writes, and bytes of them, may be outstanding
 * @param uploads how many bytes of writes may be outstanding, within that
 * @param link how long and how wide the way from the server is
 * @param uplink how long and how wide the way to the server is
 * @param dirty how many dirty bytes there are, and who waits for fewer
 * @param attributes what is known of attributes
 * @param inodes what is known of files
 * @param delayedCloses the files that are kept open on the server after their last close
 * @param disk the cache on disk, or null
 * @param cooperative the locks that are kept on the share, if the mount is to have such; or null
 * @param deferred what is acknowledged and not sent, or null where there is no cache on disk
 * @param stats the counters
 * @param rsize the most bytes of one read
 * @param wsize the most bytes of one write
 */
record Services(
    Background background,
    MountOptions options,
    ShareSession session,
    PageCache pages,
    DepthLimit depth,
    DepthLimit uploads,
    LinkEstimate link,
    LinkEstimate uplink,
    DirtyLimit dirty,
    AttributeCache attributes,
    InodeTable inodes,
    DelayedCloses delayedCloses,
    @Nullable DiskCache disk,
    @Nullable CooperativeLocks cooperative,
    @Nullable Deferred deferred,
    Stats stats,
    int rsize,
    int wsize) {}
