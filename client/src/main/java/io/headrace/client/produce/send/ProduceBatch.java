package io.headrace.client.produce.send;

import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Records on their way to one partition. While it is open its queue's lock guards it; once taken
 * out of the queue it belongs to the sender's loop.
 */
final class ProduceBatch {
    private final TopicPartition partition;
    private final CompressionCodec codec;
    private final long createdMs;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final BatchBuilder builder;
    private final List<SendCallback> callbacks = new ArrayList<>();
    private long[] timestampsMs = new long[16];
    private long reservedBytes;

    private @Nullable ByteBuffer encoded;
    private long producerId = BatchDescriptor.NO_PRODUCER_ID;
    private short producerEpoch = BatchDescriptor.NO_PRODUCER_EPOCH;
    private int baseSequence = BatchDescriptor.NO_SEQUENCE;
    private boolean transactional;
    private boolean inFlight;
    private boolean maybeWritten;
    private int attempts;
    private long retryAtMs;

    ProduceBatch(
            TopicPartition partition,
            CompressionCodec codec,
            int initialBytes,
            int maxBytes,
            long reservedBytes,
            long nowMs) {
        this.partition = partition;
        this.codec = codec;
        this.createdMs = nowMs;
        this.reservedBytes = reservedBytes;
        this.builder = BatchBuilder.growing(initialBytes, maxBytes).codec(codec);
    }

    void append(ProducerRecord record, long timestampMs, SendCallback callback) {
        builder.append(timestampMs, record.key(), record.value(), record.headers());
        if (callbacks.size() == timestampsMs.length) {
            timestampsMs = Arrays.copyOf(timestampsMs, timestampsMs.length * 2);
        }
        timestampsMs[callbacks.size()] = timestampMs;
        callbacks.add(callback);
    }

    TopicPartition partition() {
        return partition;
    }

    long createdMs() {
        return createdMs;
    }

    int recordCount() {
        return callbacks.size();
    }

    int uncompressedBytes() {
        return builder.uncompressedSizeInBytes();
    }

    long reservedBytes() {
        return reservedBytes;
    }

    void addReserved(long bytes) {
        reservedBytes += bytes;
    }

    CompletableFuture<Void> done() {
        return done;
    }

    int baseSequence() {
        return baseSequence;
    }

    boolean hasSequence() {
        return baseSequence != BatchDescriptor.NO_SEQUENCE;
    }

    boolean inFlight() {
        return inFlight;
    }

    int attempts() {
        return attempts;
    }

    long retryAtMs() {
        return retryAtMs;
    }

    /** Whether an attempt ended without an answer, so that the batch may be in the log. */
    boolean maybeWritten() {
        return maybeWritten;
    }

    void onSent() {
        inFlight = true;
        attempts++;
    }

    void onReturned(boolean outcomeUnknown) {
        inFlight = false;
        maybeWritten |= outcomeUnknown;
    }

    void retryAt(long timeMs) {
        retryAtMs = timeMs;
    }

    /** The failure of a batch that was not stored in time. */
    HeadraceException tooLate(Duration deliveryTimeout) {
        return new DeadlineExceededException(
                "The records for "
                        + partition
                        + " were not stored within "
                        + deliveryTimeout
                        + ", after "
                        + attempts
                        + " attempts.",
                maybeWritten ? "They may be stored." : "They are not stored.");
    }

    /** The failure of a batch that an answer does not name. */
    HeadraceException unanswered() {
        return ServerErrorException.of(
                Errors.NETWORK_EXCEPTION, "Writing to " + partition, "the answer does not name it");
    }

    /** Makes its records part of a transaction; before its first identity. */
    void makeTransactional() {
        transactional = true;
    }

    /** Encodes the batch, or gives it another identity; not while it is in flight. */
    void identify(long producerId, short producerEpoch, int baseSequence) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        ByteBuffer old = encoded;
        if (old == null) {
            builder.producer(producerId, producerEpoch, baseSequence, transactional);
            encoded = builder.build();
            return;
        }
        // The transport may still hold the old bytes of an attempt that timed out.
        ByteBuffer copy = ByteBuffer.allocate(old.remaining()).put(old.duplicate()).flip();
        copy.putLong(BatchDescriptor.PRODUCER_ID, producerId);
        copy.putShort(BatchDescriptor.PRODUCER_EPOCH, producerEpoch);
        copy.putInt(BatchDescriptor.BASE_SEQUENCE, baseSequence);
        BatchView.rewriteCrc(copy, 0);
        encoded = copy;
    }

    /** The bytes to send, from position to limit. */
    ByteBuffer encoded() {
        ByteBuffer bytes = encoded;
        if (bytes == null) {
            throw new IllegalStateException("The batch has no identity yet");
        }
        return bytes.duplicate();
    }

    /** The same records in two batches with consecutive sequences; the second gets no memory. */
    List<ProduceBatch> split() {
        ByteBuffer bytes = encoded();
        int count = callbacks.size();
        int half = count / 2;
        List<ProduceBatch> parts = new ArrayList<>(2);
        try (RecordReader records = RecordReader.open(bytes, 0, Integer.MAX_VALUE)) {
            parts.add(part(records, 0, half, bytes.remaining(), reservedBytes));
            parts.add(part(records, half, count, bytes.remaining(), 0));
        }
        CompletableFuture.allOf(parts.getFirst().done, parts.getLast().done)
                .thenRun(() -> done.complete(null));
        return parts;
    }

    private ProduceBatch part(RecordReader records, int from, int to, int sizeHint, long reserved) {
        ProduceBatch part =
                new ProduceBatch(
                        partition, codec, sizeHint, Integer.MAX_VALUE - 8, reserved, createdMs);
        for (int i = from; i < to; i++) {
            StoredRecord record = records.next();
            part.builder.append(
                    record.timestampMs(), record.key(), record.value(), record.headers());
            part.callbacks.add(callbacks.get(i));
        }
        part.timestampsMs = Arrays.copyOfRange(timestampsMs, from, to);
        part.attempts = attempts;
        part.transactional = transactional;
        int sequence =
                hasSequence()
                        ? BatchView.incrementSequence(baseSequence, from)
                        : BatchDescriptor.NO_SEQUENCE;
        part.identify(producerId, producerEpoch, sequence);
        return part;
    }

    /** Tells every record its offset; {@code baseOffset} -1 when it is not known. */
    void succeed(long baseOffset, long logAppendTimeMs) {
        for (int i = 0; i < callbacks.size(); i++) {
            callbacks
                    .get(i)
                    .onSent(
                            new RecordMetadata(
                                    partition.topic(),
                                    partition.partition(),
                                    baseOffset < 0 ? -1 : baseOffset + i,
                                    logAppendTimeMs >= 0 ? logAppendTimeMs : timestampsMs[i]));
        }
        done.complete(null);
    }

    /** Tells every record that it failed. */
    void fail(HeadraceException error) {
        for (SendCallback callback : callbacks) {
            callback.onFailed(error);
        }
        done.complete(null);
    }
}
