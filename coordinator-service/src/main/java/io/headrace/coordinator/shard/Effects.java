package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;

/** What a step of a {@link ShardCore} wants done. Filled by the core, carried out by the shard. */
public final class Effects {
    private final List<ShardRecord> records = new ArrayList<>();
    private final List<Reply> replies = new ArrayList<>();
    private final List<ShardTask> tasks = new ArrayList<>();

    /** When a reply may leave. */
    public enum ReplyWhen {
        /** At once: it promises nothing. */
        NOW,
        /** When every record decided so far is committed. */
        COMMITTED,
        /**
         * As {@link #COMMITTED}, and the log confirmed after the request that this owner is not
         * fenced.
         */
        CHECKED
    }

    /** A response to a request. */
    public record Reply(long requestId, ApiMessage response, ReplyWhen when) {}

    /** Appends a record; the core has applied it to its state already. */
    public void append(ShardRecord record) {
        records.add(record);
    }

    /** Answers a request once. */
    public void reply(long requestId, ApiMessage response, ReplyWhen when) {
        replies.add(new Reply(requestId, response, when));
    }

    /** Has a task begun once all that was decided before it is committed. */
    public void run(ShardTask task) {
        tasks.add(task);
    }

    public List<ShardTask> tasks() {
        return tasks;
    }

    public List<ShardRecord> records() {
        return records;
    }

    public List<Reply> replies() {
        return replies;
    }
}
