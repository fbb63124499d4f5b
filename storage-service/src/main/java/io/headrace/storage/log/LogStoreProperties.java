package io.headrace.storage.log;

import com.sun.management.OperatingSystemMXBean;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How a node stores its logs.
 *
 * @param logDirs one directory per disk, at least one
 * @param clusterId whose data this is: a directory of another cluster is refused
 * @param nodeId whose data this is: a directory of another node is refused
 * @param recoveryThreads how many logs are recovered at once
 * @param openFilesMax how many files of closed segments may be open
 * @param warmBytes how many recent bytes per disk count as being in memory
 * @param producerIdsMax how many producer ids the node remembers, over all partitions
 * @param producerIdExpiration how long a silent producer id is remembered
 * @param flushThreads how many files of one group commit are flushed at once, per disk
 * @param journalBytes the size of each of the three files that take the records of small rounds,
 *     per disk, less on a disk below 256 times as much; 0: every round flushes the logs' own files
 * @param checkpointInterval how often offsets are checkpointed
 * @param checkpointBytes after so many bytes in a directory they are, too: a restart after a kill
 *     has no more than these to read, and what came while the checkpoint was written
 * @param retentionCheckInterval how often retention runs
 */
public record LogStoreProperties(
        List<Path> logDirs,
        String clusterId,
        int nodeId,
        int recoveryThreads,
        int openFilesMax,
        long warmBytes,
        int producerIdsMax,
        Duration producerIdExpiration,
        int flushThreads,
        int journalBytes,
        Duration checkpointInterval,
        long checkpointBytes,
        Duration retentionCheckInterval) {

    /**
     * An eighth of the machine's memory: the page cache keeps so many recent bytes also where
     * others use it. At least 256 MiB, at most 8 GiB.
     */
    private static final long WARM_BYTES = warmBytesByMemory();

    private static final int JOURNAL_BYTES = 4 << 20;

    public LogStoreProperties {
        logDirs = List.copyOf(logDirs);
        if (logDirs.isEmpty()) {
            throw new IllegalArgumentException("At least one log directory is needed");
        }
        if (recoveryThreads < 1 || openFilesMax < 1 || flushThreads < 1 || producerIdsMax < 1) {
            throw new IllegalArgumentException(
                    "recoveryThreads, openFilesMax, flushThreads and producerIdsMax must be at"
                            + " least 1");
        }
        if (warmBytes < 0) {
            throw new IllegalArgumentException("warmBytes must not be negative");
        }
        if (journalBytes != 0 && (journalBytes < 64 << 10 || journalBytes > 64 << 20)) {
            throw new IllegalArgumentException("journalBytes must be 0, or 64 KiB to 64 MiB");
        }
    }

    /** Defaults for all but what has none. */
    public static LogStoreProperties of(List<Path> logDirs, String clusterId, int nodeId) {
        return new LogStoreProperties(
                logDirs,
                clusterId,
                nodeId,
                Math.max(2, Runtime.getRuntime().availableProcessors()),
                1_000,
                WARM_BYTES,
                1_000_000,
                Duration.ofDays(1),
                4,
                JOURNAL_BYTES,
                Duration.ofSeconds(5),
                256L << 20,
                Duration.ofMinutes(5));
    }

    private static long warmBytesByMemory() {
        long memoryBytes =
                ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                        ? system.getTotalMemorySize()
                        : 0;
        return Math.clamp(memoryBytes / 8, 256L << 20, 8L << 30);
    }
}
