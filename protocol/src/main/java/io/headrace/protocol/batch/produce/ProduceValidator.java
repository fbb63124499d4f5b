package io.headrace.protocol.batch.produce;

import static io.headrace.protocol.batch.BatchDescriptor.HEADER_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.LOG_OVERHEAD_BYTES;
import static io.headrace.protocol.batch.BatchDescriptor.NO_TIMESTAMP;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.produce.ProduceVerdict.Accepted;
import io.headrace.protocol.batch.produce.ProduceVerdict.Rejected;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/**
 * Judges the data that a producer sends for one partition, batch by batch and not record by record
 * (docs/adr/0002-batch-level-validation.md): structure, CRC, size, codec, times, producer fields.
 *
 * <p>Records are only looked at where nothing else tells: for keys on a compacted topic, to
 * recompress, and to name the guilty ones of a batch that is refused anyway. Stateless.
 */
public final class ProduceValidator {
    /** The first version of Produce whose data is batches of format 2. */
    private static final short FIRST_VERSION_OF_BATCHES = 3;

    /** The first version of Produce that may carry zstd (KIP-110). */
    private static final short FIRST_VERSION_OF_ZSTD = 7;

    private ProduceValidator() {}

    /**
     * Judges the data from the buffer's position to its limit. With log append time, the time is
     * written into the buffer.
     *
     * @param produceVersion the version of the Produce request: from 3 on, one batch of format 2
     */
    public static ProduceVerdict validate(
            ByteBuffer records, short produceVersion, ProduceRules rules, long nowMs) {
        int index = records.position();
        Rejected refusal = checkStructure(records, index, produceVersion);
        if (refusal == null) {
            refusal = checkFields(records, index, rules);
        }
        if (refusal == null) {
            refusal = checkTimes(records, index, rules, nowMs);
        }
        if (refusal != null) {
            return refusal;
        }
        try {
            return checkRecords(records, index, rules, nowMs);
        } catch (CorruptBatchException e) {
            return new Rejected(Errors.INVALID_RECORD, String.valueOf(e.getMessage()));
        }
    }

    private static @Nullable Rejected checkStructure(
            ByteBuffer records, int index, short produceVersion) {
        int available = records.limit() - index;
        if (produceVersion < FIRST_VERSION_OF_BATCHES) {
            return new Rejected(
                    Errors.UNSUPPORTED_FOR_MESSAGE_FORMAT,
                    "Produce version "
                            + produceVersion
                            + " carries message formats 0 and 1, which are not stored: use a client"
                            + " of Kafka 0.11 or later");
        }
        if (available == 0) {
            return invalid(
                    "Produce requests with version "
                            + produceVersion
                            + " must have at least one record batch per partition");
        }
        if (available > BatchDescriptor.MAGIC
                && BatchView.magic(records, index) != BatchDescriptor.CURRENT_MAGIC) {
            return invalid(
                    "Produce requests with version "
                            + produceVersion
                            + " are only allowed to contain record batches with magic version 2,"
                            + " not "
                            + BatchView.magic(records, index));
        }
        if (available < HEADER_BYTES) {
            return corrupt("A record batch takes at least 61 bytes, here are " + available);
        }
        int length = BatchView.length(records, index);
        if (length < HEADER_BYTES - LOG_OVERHEAD_BYTES || length > available - LOG_OVERHEAD_BYTES) {
            return corrupt(
                    "The record batch has length "
                            + length
                            + ", with "
                            + (available - LOG_OVERHEAD_BYTES)
                            + " bytes there");
        }
        if (length < available - LOG_OVERHEAD_BYTES) {
            return invalid(
                    "Produce requests with version "
                            + produceVersion
                            + " are only allowed to contain exactly one record batch per"
                            + " partition");
        }
        if (BatchView.codec(records, index) == CompressionCodec.ZSTD
                && produceVersion < FIRST_VERSION_OF_ZSTD) {
            return new Rejected(
                    Errors.UNSUPPORTED_COMPRESSION_TYPE,
                    "Produce requests with version "
                            + produceVersion
                            + " are not allowed to use ZStandard compression");
        }
        return null;
    }

    private static @Nullable Rejected checkFields(
            ByteBuffer records, int index, ProduceRules rules) {
        int size = BatchView.sizeInBytes(records, index);
        if (size > rules.maxBatchBytes()) {
            return new Rejected(
                    Errors.MESSAGE_TOO_LARGE,
                    "The record batch size is "
                            + size
                            + " bytes, which exceeds max.message.bytes of "
                            + rules.maxBatchBytes());
        }
        if (!BatchView.isCrcValid(records, index)) {
            return corrupt(
                    "Record is corrupt: the CRC of the batch (stored "
                            + BatchView.crc(records, index)
                            + ") is not that of its bytes");
        }
        if (BatchView.codec(records, index) == null) {
            return corrupt("The record batch names an unknown compression type");
        }
        if (BatchView.baseOffset(records, index) != 0) {
            return invalid(
                    "The base offset of a produced record batch should be 0, but it is "
                            + BatchView.baseOffset(records, index));
        }
        int count = BatchView.recordCount(records, index);
        int lastOffsetDelta = BatchView.lastOffsetDelta(records, index);
        if (count <= 0 || lastOffsetDelta != count - 1) {
            return invalid(
                    "Inconsistent record batch: "
                            + count
                            + " records, last offset delta "
                            + lastOffsetDelta);
        }
        if (BatchView.isControl(records, index)) {
            return invalid("Clients are not allowed to write control records");
        }
        if (BatchView.hasDeleteHorizon(records, index)) {
            return invalid("Clients are not allowed to set a delete horizon");
        }
        return checkProducer(records, index);
    }

    private static @Nullable Rejected checkProducer(ByteBuffer records, int index) {
        long producerId = BatchView.producerId(records, index);
        if (BatchView.hasProducerId(records, index)) {
            if (BatchView.baseSequence(records, index) < 0) {
                return invalid(
                        "Invalid sequence number "
                                + BatchView.baseSequence(records, index)
                                + " in record batch with producerId "
                                + producerId);
            }
            if (BatchView.producerEpoch(records, index) < 0) {
                return invalid(
                        "Invalid producer epoch "
                                + BatchView.producerEpoch(records, index)
                                + " in record batch with producerId "
                                + producerId);
            }
        } else if (BatchView.isTransactional(records, index)) {
            return invalid("A transactional record batch needs a producerId, not " + producerId);
        }
        return null;
    }

    private static @Nullable Rejected checkTimes(
            ByteBuffer records, int index, ProduceRules rules, long nowMs) {
        if (BatchView.timestampType(records, index) == TimestampType.LOG_APPEND_TIME) {
            return new Rejected(
                    Errors.INVALID_TIMESTAMP,
                    "Producer should not set timestamp type to LogAppendTime");
        }
        if (rules.timestampType() == TimestampType.LOG_APPEND_TIME
                || (RecordScan.isTimeAllowed(
                                BatchView.baseTimestampMs(records, index), rules, nowMs)
                        && RecordScan.isTimeAllowed(
                                BatchView.maxTimestampMs(records, index), rules, nowMs))) {
            return null;
        }
        try {
            Rejected guilty = new RecordScan(rules, nowMs, null).run(records, index);
            return guilty != null
                    ? guilty
                    : new Rejected(
                            Errors.INVALID_TIMESTAMP,
                            "The timestamps of the record batch are not within "
                                    + RecordScan.allowedTimes(rules, nowMs));
        } catch (CorruptBatchException e) {
            return invalid(String.valueOf(e.getMessage()));
        }
    }

    private static ProduceVerdict checkRecords(
            ByteBuffer records, int index, ProduceRules rules, long nowMs) {
        CompressionCodec target = rules.topicCodec();
        boolean rewrite = target != null && target != BatchView.codec(records, index);
        BatchBuilder builder = rewrite ? BatchBuilder.copyOfHeader(records, index) : null;
        if (rewrite || rules.keysRequired()) {
            Rejected refusal = new RecordScan(rules, nowMs, builder).run(records, index);
            if (refusal != null) {
                return refusal;
            }
        }
        ByteBuffer batch = records;
        if (builder != null && target != null) {
            batch = builder.codec(target, rules.compressionLevel()).build();
            if (batch.remaining() > rules.maxBatchBytes()) {
                return new Rejected(
                        Errors.MESSAGE_TOO_LARGE,
                        "The record batch takes "
                                + batch.remaining()
                                + " bytes with the topic's compression, which exceeds"
                                + " max.message.bytes of "
                                + rules.maxBatchBytes());
            }
        }
        boolean logAppendTime = rules.timestampType() == TimestampType.LOG_APPEND_TIME;
        if (logAppendTime) {
            BatchView.setLogAppendTime(batch, batch.position(), nowMs);
        }
        return new Accepted(
                batch,
                BatchView.recordCount(batch, batch.position()),
                BatchView.maxTimestampMs(batch, batch.position()),
                logAppendTime ? nowMs : NO_TIMESTAMP,
                rewrite);
    }

    private static Rejected invalid(String message) {
        return new Rejected(Errors.INVALID_RECORD, message);
    }

    private static Rejected corrupt(String message) {
        return new Rejected(Errors.CORRUPT_MESSAGE, message);
    }
}
