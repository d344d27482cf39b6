package dev.netfs;

import java.util.Map;

/**
 * What a mount has done since it was made. A snapshot; its figures are each exact but not taken at
 * one instant.
 *
 * @param requests how many requests of each kind ({@code read}, {@code write}, {@code open}, {@code
 *     stat}, {@code list}...) were made to the server, retries included
 * @param bytesFromServer bytes of file content that the server sent
 * @param bytesToServer bytes of file content that the server took
 * @param bytesFromMemory bytes that readers got out of memory
 * @param bytesFromZero bytes that readers got as zeros of which the server was not asked
 * @param retries requests made again after a failure
 * @param reconnects connections made again after one was lost
 * @param cachedBytes bytes of memory that hold file content now
 * @param dirtyBytes written bytes that the server does not have yet
 * @param listingsAhead directories that were listed before anybody asked, since a program seemed to
 *     walk a tree
 * @param listingsAheadUsed how many of those somebody asked for then; the others were of no use, or
 *     are not yet
 * @param filesAhead small files that were fetched before anybody opened them, since a program
 *     seemed to open a directory's files one after another
 * @param filesAheadUsed how many of those somebody opened then
 * @param bytesFromDisk bytes of file content that came out of the disk cache
 * @param bytesToDisk bytes of file content that were written to the disk cache
 * @param diskBytes what the disk cache's directory holds now, of all mounts that use it, as far as
 *     is known; 0 without one
 * @param diskFailures how often something could not be read from the disk cache or written to it,
 *     or did not prove itself; nobody but this counter hears of it
 * @param backlog how many files have something on the local disk that the server may not have yet
 * @param conflicts how many files somebody else had changed when what was written here was to be
 *     sent, which is beside them now
 */
public record NetfsStats(
    Map<String, Long> requests,
    long bytesFromServer,
    long bytesToServer,
    long bytesFromMemory,
    long bytesFromZero,
    long retries,
    long reconnects,
    long cachedBytes,
    long dirtyBytes,
    long listingsAhead,
    long listingsAheadUsed,
    long filesAhead,
    long filesAheadUsed,
    long bytesFromDisk,
    long bytesToDisk,
    long diskBytes,
    long diskFailures,
    long backlog,
    long conflicts) {

  public NetfsStats {
    requests = Map.copyOf(requests);
  }

  /** Returns how many requests were made to the server in all. */
  public long totalRequests() {
    return requests.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns how many requests of one kind were made. */
  public long requests(String kind) {
    return requests.getOrDefault(kind, 0L);
  }
}
