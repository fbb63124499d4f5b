package io.headrace.storage.recovery;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The most that the checkpoint files of a directory may say of each log, also after a loss of
 * power: that takes renames back, so every version counts that was written since the last one that
 * is durable. Until there is one, it is not known what an earlier life left. Not safe for use by
 * several threads.
 */
public final class CheckpointsOnDisk {
    private final Map<TopicPartition, Said> said = new HashMap<>();
    private boolean isKnown;

    /** The largest offsets of any version; -1 for no verified point. */
    private record Said(long recoveryPoint, long highWatermark, long verifiedOffset) {
        static Said of(DirectoryCheckpoints.Line line) {
            VerifiedPoint verified = line.verified();
            return new Said(
                    line.recoveryPoint(),
                    line.highWatermark(),
                    verified == null ? -1 : verified.offset());
        }

        Said orMore(Said other) {
            return new Said(
                    Math.max(recoveryPoint, other.recoveryPoint),
                    Math.max(highWatermark, other.highWatermark),
                    Math.max(verifiedOffset, other.verifiedOffset));
        }
    }

    /** The files are about to say this; some of them do, if it fails. */
    public void onWriting(List<DirectoryCheckpoints.Line> lines) {
        lines.forEach(line -> said.merge(line.id().topicPartition(), Said.of(line), Said::orMore));
    }

    /** The files say this, durably: what they said before does not come back. */
    public void onDurable(List<DirectoryCheckpoints.Line> lines) {
        said.clear();
        onWriting(lines);
        isKnown = true;
    }

    /** Whether they may have a line of a log of that name. */
    public boolean mayName(TopicIdPartition id) {
        return !isKnown || said.containsKey(id.topicPartition());
    }

    /**
     * Whether they may say more of a log than what is left of it after a cut.
     *
     * @param endOffset where the log will end; no recovery point or high watermark is to be above
     * @param verifiedOffset no verified point is to be above; -1 for none at all
     */
    public boolean mayExceed(TopicIdPartition id, long endOffset, long verifiedOffset) {
        if (!isKnown) {
            return true;
        }
        Said most = said.get(id.topicPartition());
        return most != null
                && (most.recoveryPoint() > endOffset
                        || most.highWatermark() > endOffset
                        || most.verifiedOffset() > verifiedOffset);
    }
}
