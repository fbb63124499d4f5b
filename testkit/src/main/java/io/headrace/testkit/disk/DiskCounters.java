package io.headrace.testkit.disk;

/**
 * What a {@link SimulatedDisk} has done since it was made.
 *
 * @param writes calls that wrote bytes
 * @param bytesWritten bytes that these calls wrote
 * @param reads calls that read bytes
 * @param forces successful forces of files
 * @param directoryForces successful forces of directories
 * @param entryChanges directory entries made, renamed and removed
 */
public record DiskCounters(
        long writes,
        long bytesWritten,
        long reads,
        long forces,
        long directoryForces,
        long entryChanges) {}
