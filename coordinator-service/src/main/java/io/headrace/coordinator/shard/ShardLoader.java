package io.headrace.coordinator.shard;

import io.headrace.coordinator.shard.ShardLog.Appended;
import io.headrace.coordinator.shard.ShardLog.Read;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * Takes a shard over: appends the fence, waits for its commit, replays the log up to it. Every step
 * is repeated until it succeeds or the owner is fenced. Confined to the shard's loop.
 */
final class ShardLoader {
    private static final Logger LOG = LoggerFactory.getLogger(ShardLoader.class);
    private static final int READ_WAIT_MS = 500;

    private final ShardLog log;
    private final Loop loop;
    private final int shardEpoch;
    private final ShardProperties properties;
    private final ByteBuffer fence;
    private final Listener listener;
    private final Backoff backoff;
    private boolean closed;

    /** What a take-over leads to. */
    interface Listener {
        void onRecord(ShardRecord record);

        /** All records below {@code endOffset} were handed over, and it is the log's end. */
        void onLoaded(long endOffset);

        void onFenced();

        void onBroken(String reason);
    }

    ShardLoader(
            ShardLog log,
            Loop loop,
            int shardEpoch,
            int ownerId,
            long nowMs,
            ShardProperties properties,
            Listener listener) {
        this.log = log;
        this.loop = loop;
        this.shardEpoch = shardEpoch;
        this.properties = properties;
        this.fence =
                BatchEncoder.encode(
                        List.of(FenceRecords.of(shardEpoch, ownerId)),
                        properties.maxBatchBytes(),
                        nowMs);
        this.listener = listener;
        this.backoff = new Backoff(properties);
    }

    void start() {
        if (closed) {
            return;
        }
        Answers.deliver(
                log.append(shardEpoch, ShardLog.ANY_END, fence.duplicate()), loop, this::onFence);
    }

    void close() {
        closed = true;
    }

    private void onFence(@Nullable Appended answer) {
        if (closed) {
            return;
        }
        if (answer == null) {
            loop.schedule(this::start, backoff.nextMs());
        } else if (answer.error() == Errors.FENCED_STATE_EPOCH) {
            listener.onFenced();
        } else if (answer.error() != Errors.NONE) {
            loop.schedule(this::start, backoff.nextMs());
        } else {
            backoff.reset();
            read(0, answer.baseOffset());
        }
    }

    private void read(long fromOffset, long fenceOffset) {
        if (closed) {
            return;
        }
        if (fromOffset >= fenceOffset) {
            listener.onLoaded(fenceOffset + 1);
            return;
        }
        Answers.deliver(
                log.read(fromOffset, properties.readBytes(), READ_WAIT_MS),
                loop,
                answer -> onRead(fromOffset, fenceOffset, answer));
    }

    private void onRead(long fromOffset, long fenceOffset, @Nullable Read answer) {
        if (closed) {
            return;
        }
        if (answer != null
                && answer.error() == Errors.OFFSET_OUT_OF_RANGE
                && answer.logStartOffset() > fromOffset) {
            read(answer.logStartOffset(), fenceOffset);
            return;
        }
        if (answer == null || answer.error() != Errors.NONE) {
            retry(fromOffset, fenceOffset);
            return;
        }
        long nextOffset;
        try {
            nextOffset =
                    BatchDecoder.read(answer.batches(), fromOffset, fenceOffset, this::onRecord);
        } catch (RuntimeException e) {
            LOG.error("Cannot replay the shard's log from offset {}", fromOffset, e);
            listener.onBroken("the log cannot be replayed from " + fromOffset);
            return;
        }
        if (nextOffset == fromOffset) {
            retry(fromOffset, fenceOffset);
        } else {
            backoff.reset();
            read(nextOffset, fenceOffset);
        }
    }

    private void onRecord(ShardRecord record) {
        if (!FenceRecords.isFence(record.key())) {
            listener.onRecord(record);
        }
    }

    private void retry(long fromOffset, long fenceOffset) {
        loop.schedule(() -> read(fromOffset, fenceOffset), backoff.nextMs());
    }
}
