package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.ProducerIdsRecord;

import org.springframework.data.annotation.Id;

/**
 * The only row of {@code producer_ids}.
 *
 * @param id always {@link #ID}
 */
public record ProducerIdRow(@Id int id, int nodeId, long nextProducerId) {
    static final int ID = 1;

    /** The record that made this row. */
    public ProducerIdsRecord toRecord() {
        return new ProducerIdsRecord().setNodeId(nodeId).setNextProducerId(nextProducerId);
    }
}
