package io.headrace.protocol.metadata;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.record.MetadataRecordType;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.utils.ByteUtils;

import java.nio.ByteBuffer;

/**
 * Metadata records as the values of log records.
 *
 * <pre>
 * varint  frame version, 1
 * varint  record type, the schema's apiKey
 * varint  record version
 * bytes   the record, as its schema says
 * </pre>
 */
public final class MetadataRecords {
    /** The internal topic that carries the metadata log, partition 0. */
    public static final String TOPIC = "__cluster_metadata";

    /** The id of {@link #TOPIC}, the same in every cluster, as in Kafka. */
    public static final Uuid TOPIC_ID = Uuid.METADATA_TOPIC_ID;

    private static final int FRAME_VERSION = 1;

    private MetadataRecords() {}

    /** Encodes a record in its highest version. */
    public static ByteBuffer encode(ApiMessage record) {
        short version = record.highestSupportedVersion();
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int size =
                ByteUtils.sizeOfUnsignedVarint(FRAME_VERSION)
                        + ByteUtils.sizeOfUnsignedVarint(record.apiKey())
                        + ByteUtils.sizeOfUnsignedVarint(version)
                        + record.size(cache, version);
        ByteBuffer buffer = ByteBuffer.allocate(size);
        ByteUtils.writeUnsignedVarint(FRAME_VERSION, buffer);
        ByteUtils.writeUnsignedVarint(record.apiKey(), buffer);
        ByteUtils.writeUnsignedVarint(version, buffer);
        record.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.flip();
    }

    /**
     * Decodes a record.
     *
     * @throws MalformedFrameException if the bytes are no record that this version of the software
     *     knows
     */
    public static ApiMessage decode(ByteBuffer value) throws MalformedFrameException {
        ByteBuffer buffer = value.duplicate();
        try {
            int frameVersion = ByteUtils.readUnsignedVarint(buffer);
            if (frameVersion != FRAME_VERSION) {
                throw new MalformedFrameException("Metadata frame version " + frameVersion);
            }
            short type = (short) ByteUtils.readUnsignedVarint(buffer);
            short version = (short) ByteUtils.readUnsignedVarint(buffer);
            ApiMessage record = MetadataRecordType.fromId(type).newMetadataRecord();
            if (version < record.lowestSupportedVersion()
                    || version > record.highestSupportedVersion()) {
                throw new MalformedFrameException(
                        "Metadata record type " + type + " has unknown version " + version);
            }
            record.read(new ByteBufferAccessor(buffer), version);
            return record;
        } catch (RuntimeException e) {
            throw new MalformedFrameException("Cannot read a metadata record", e);
        }
    }
}
