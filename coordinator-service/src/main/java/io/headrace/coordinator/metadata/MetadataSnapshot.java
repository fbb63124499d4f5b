package io.headrace.coordinator.metadata;

import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;

import java.nio.ByteBuffer;

/**
 * An image as record batches, for readers that are behind the log's start. Offsets in it count its
 * own records; the image that it makes is the one before {@code endOffset}.
 *
 * @param bytes the batches, one after the other
 */
public record MetadataSnapshot(long endOffset, long controllerEpoch, ByteBuffer bytes) {
    static MetadataSnapshot of(MetadataImage image) {
        return new MetadataSnapshot(
                image.nextOffset(), image.controllerEpoch(), MetadataBatches.snapshot(image));
    }
}
