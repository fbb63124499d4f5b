package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.TextCheckpoint;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The checkpoint files of a log directory.
 *
 * <pre>
 *   recovery-point-offset-checkpoint       topic partition offset      Kafka's
 *   log-start-offset-checkpoint            topic partition offset      Kafka's
 *   replication-offset-checkpoint          topic partition offset      Kafka's: high watermarks
 *   verified-offset-checkpoint             bootId, then: topicId partition offset segment position
 *                                          snapshot replayFrom
 *   lost-page-cache-checkpoint             topicId partition offset: what may be missing since a
 *                                          boot, until a leader brought it; often not there
 *   .headrace-clean-shutdown               exists only between a clean stop and the next start
 * </pre>
 */
public final class DirectoryCheckpoints {
    private static final String RECOVERY_POINTS = "recovery-point-offset-checkpoint";
    private static final String LOG_STARTS = "log-start-offset-checkpoint";
    private static final String HIGH_WATERMARKS = "replication-offset-checkpoint";
    private static final String LOST = "lost-page-cache-checkpoint";
    private static final String VERIFIED = "verified-offset-checkpoint";
    private static final String CLEAN = ".headrace-clean-shutdown";
    private static final int VERIFIED_FIELDS = 7;

    private final Path directory;

    /**
     * What is checkpointed of one log.
     *
     * @param lostFromOffset from where on it may miss what was in the page cache only; -1: nothing
     */
    public record Line(
            TopicIdPartition id,
            long recoveryPoint,
            long logStartOffset,
            long highWatermark,
            long lostFromOffset,
            @Nullable VerifiedPoint verified) {}

    /**
     * What an earlier life checkpointed.
     *
     * @param clean whether it stopped cleanly
     * @param lostFrom logs that it had not whole again after it lost what was in the page cache
     * @param verified good only if clean, or if it ran under the boot id
     */
    public record Loaded(
            boolean clean,
            String bootId,
            Map<String, Long> recoveryPoints,
            Map<String, Long> logStarts,
            Map<String, Long> highWatermarks,
            Map<String, Long> lostFrom,
            Map<String, VerifiedPoint> verified) {}

    public DirectoryCheckpoints(Path directory) {
        this.directory = directory;
    }

    /** Writes all; {@code durable} files survive a power loss, others a process crash. */
    public void write(String bootId, List<Line> lines, boolean durable) throws IOException {
        List<String> recoveryPoints = new ArrayList<>(lines.size());
        List<String> logStarts = new ArrayList<>();
        List<String> highWatermarks = new ArrayList<>(lines.size());
        List<String> lost = new ArrayList<>(0);
        List<String> verified = new ArrayList<>(lines.size());
        verified.add(bootId + " - - - - - -");
        for (Line line : lines) {
            String name = line.id().topic() + " " + line.id().partition() + " ";
            recoveryPoints.add(name + line.recoveryPoint());
            highWatermarks.add(name + line.highWatermark());
            if (line.logStartOffset() > 0) {
                logStarts.add(name + line.logStartOffset());
            }
            if (line.lostFromOffset() >= 0) {
                lost.add(keyOf(line.id()) + " " + line.lostFromOffset());
            }
            VerifiedPoint point = line.verified();
            if (point != null) {
                verified.add(
                        keyOf(line.id())
                                + " "
                                + point.offset()
                                + " "
                                + point.segmentBaseOffset()
                                + " "
                                + point.position()
                                + " "
                                + point.snapshotOffset()
                                + " "
                                + point.replayFromOffset());
            }
        }
        // Log starts before the rest: what is deleted must never come back into sight.
        put(LOG_STARTS, logStarts, durable);
        put(RECOVERY_POINTS, recoveryPoints, durable);
        put(HIGH_WATERMARKS, highWatermarks, durable);
        // Before the boot id, which vouches for all logs but these.
        if (!lost.isEmpty()) {
            put(LOST, lost, durable);
        } else {
            Files.deleteIfExists(directory.resolve(LOST));
        }
        put(VERIFIED, verified, durable);
    }

    private void put(String fileName, List<String> lines, boolean durable) throws IOException {
        Path file = directory.resolve(fileName);
        byte[] content = TextCheckpoint.encode(lines).getBytes(StandardCharsets.UTF_8);
        if (durable) {
            Directories.replace(file, content);
        } else {
            Directories.replaceUnflushed(file, content);
        }
    }

    /** The key of a log in {@link Loaded#verified} and {@link Loaded#lostFrom}. */
    public static String keyOf(TopicIdPartition id) {
        return id.topicId() + " " + id.partition();
    }

    /** The key of a log in the other maps of {@link Loaded}. */
    public static String nameOf(String topic, int partition) {
        return topic + " " + partition;
    }

    /** Reads all, and removes the marker of a clean stop, durably. */
    public Loaded load() throws IOException {
        Map<String, VerifiedPoint> verified = new HashMap<>();
        String bootId = "";
        List<String[]> lines =
                TextCheckpoint.readIfWhole(directory.resolve(VERIFIED), VERIFIED_FIELDS);
        if (lines != null && !lines.isEmpty()) {
            bootId = lines.getFirst()[0];
            for (String[] fields : lines.subList(1, lines.size())) {
                verified.put(
                        fields[0] + " " + fields[1],
                        new VerifiedPoint(
                                Long.parseLong(fields[2]),
                                Long.parseLong(fields[3]),
                                Long.parseLong(fields[4]),
                                Long.parseLong(fields[5]),
                                Long.parseLong(fields[6])));
            }
        }
        boolean clean = Files.deleteIfExists(directory.resolve(CLEAN));
        if (clean) {
            Directories.flush(directory);
        }
        return new Loaded(
                clean,
                bootId,
                offsets(RECOVERY_POINTS),
                offsets(LOG_STARTS),
                offsets(HIGH_WATERMARKS),
                offsets(LOST),
                verified);
    }

    private Map<String, Long> offsets(String fileName) throws IOException {
        Map<String, Long> offsets = new HashMap<>();
        List<String[]> lines = TextCheckpoint.readIfWhole(directory.resolve(fileName), 3);
        if (lines != null) {
            for (String[] fields : lines) {
                offsets.put(fields[0] + " " + fields[1], Long.parseLong(fields[2]));
            }
        }
        return offsets;
    }

    /** Says that the directory was left in order; durable. */
    public void markClean() throws IOException {
        Directories.replace(directory.resolve(CLEAN), "version: 0\n");
    }
}
