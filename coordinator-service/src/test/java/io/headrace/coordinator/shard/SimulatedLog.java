package io.headrace.coordinator.shard;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * A shard's partition as its leader would serve it, over a network that delays, loses and repeats
 * requests and answers as a seed says.
 */
public final class SimulatedLog implements ShardLog {
    private final SimulatedLoop loop;
    private final RandomGenerator random;
    private final List<ByteBuffer> batches = new ArrayList<>();
    private int faultPercent;
    private boolean isLeaderless;
    private long endOffset;
    private int highestEpoch = -1;
    private int appendCount;

    public SimulatedLog(SimulatedLoop loop, RandomGenerator random) {
        this.loop = loop;
        this.random = random;
    }

    /** How many of a hundred messages meet with a fault. */
    public void setFaultPercent(int percent) {
        faultPercent = percent;
    }

    /** Whether every request is answered that there is no leader. */
    public void setLeaderless(boolean leaderless) {
        isLeaderless = leaderless;
    }

    public int appendCount() {
        return appendCount;
    }

    public long endOffset() {
        return endOffset;
    }

    /** The epoch of the owner that wrote each batch, in order. */
    public List<Integer> epochs() {
        return batches.stream().map(batch -> BatchView.baseSequence(batch, 0)).toList();
    }

    @Override
    public CompletableFuture<Appended> append(
            int shardEpoch, long expectedEndOffset, ByteBuffer records) {
        ByteBuffer sent = copy(records);
        return call(() -> onAppend(shardEpoch, expectedEndOffset, copy(sent)));
    }

    @Override
    public CompletableFuture<Read> read(long offset, int maxBytes, int maxWaitMs) {
        return call(() -> onRead(offset, maxBytes));
    }

    @Override
    public CompletableFuture<Errors> check(int shardEpoch) {
        return call(
                () -> {
                    if (isLeaderless) {
                        return Errors.NOT_LEADER_OR_FOLLOWER;
                    }
                    return shardEpoch < highestEpoch ? Errors.FENCED_STATE_EPOCH : Errors.NONE;
                });
    }

    /** What the leader does when a request arrives. */
    private interface Service<T> {
        T serve();
    }

    private <T> CompletableFuture<T> call(Service<T> service) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        boolean requestIsLost = fault();
        boolean answerIsLost = fault();
        boolean arrivesTwice = fault();
        if (!requestIsLost) {
            loop.schedule(
                    () -> {
                        T served = service.serve();
                        if (!answerIsLost) {
                            loop.schedule(() -> answer.complete(served), delayMs());
                        }
                    },
                    delayMs());
        }
        if (arrivesTwice) {
            loop.schedule(service::serve, delayMs() + random.nextInt(2_000));
        }
        loop.schedule(() -> answer.completeExceptionally(new IOException("no answer")), 300);
        return answer;
    }

    private boolean fault() {
        return random.nextInt(100) < faultPercent;
    }

    private long delayMs() {
        return fault() ? random.nextInt(600) : 1 + random.nextInt(5);
    }

    private Appended onAppend(int shardEpoch, long expectedEndOffset, ByteBuffer records) {
        if (isLeaderless) {
            return new Appended(Errors.NOT_LEADER_OR_FOLLOWER, -1, -1);
        }
        if (shardEpoch < highestEpoch) {
            return new Appended(Errors.FENCED_STATE_EPOCH, -1, -1);
        }
        if (expectedEndOffset != ANY_END && expectedEndOffset != endOffset) {
            return new Appended(Errors.OFFSET_OUT_OF_RANGE, -1, endOffset);
        }
        highestEpoch = shardEpoch;
        appendCount++;
        long baseOffset = endOffset;
        BatchSet set = BatchSet.of(records);
        while (set.next()) {
            ByteBuffer batch =
                    copy(records.slice(set.index(), BatchView.sizeInBytes(records, set.index())));
            BatchView.setBaseOffset(batch, 0, endOffset);
            batch.putInt(BatchDescriptor.BASE_SEQUENCE, shardEpoch);
            BatchView.rewriteCrc(batch, 0);
            batches.add(batch);
            endOffset = BatchView.nextOffset(batch, 0);
        }
        return new Appended(Errors.NONE, baseOffset, endOffset);
    }

    private Read onRead(long offset, int maxBytes) {
        if (isLeaderless) {
            return new Read(Errors.NOT_LEADER_OR_FOLLOWER, -1, ByteBuffer.allocate(0));
        }
        if (offset > endOffset) {
            return new Read(Errors.OFFSET_OUT_OF_RANGE, 0, ByteBuffer.allocate(0));
        }
        List<ByteBuffer> found = new ArrayList<>();
        int size = 0;
        for (ByteBuffer batch : batches) {
            boolean fits = found.isEmpty() || size + batch.remaining() <= maxBytes;
            if (BatchView.nextOffset(batch, 0) > offset && fits) {
                found.add(batch);
                size += batch.remaining();
            }
        }
        ByteBuffer answer = ByteBuffer.allocate(size);
        found.forEach(batch -> answer.put(batch.duplicate()));
        return new Read(Errors.NONE, 0, answer.flip());
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
    }
}
