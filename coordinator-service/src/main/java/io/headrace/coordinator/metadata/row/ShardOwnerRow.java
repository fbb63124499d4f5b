package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.ShardOwnerRecord;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Embedded;

/** A row of {@code shard_owners}. */
public record ShardOwnerRow(@Id @Embedded.Empty Key id, int ownerId, int shardEpoch) {

    /** The primary key. */
    public record Key(short shardKind, int shard) {}

    static ShardOwnerRow of(ShardOwnerRecord record) {
        return new ShardOwnerRow(
                new Key(record.kind(), record.shard()), record.ownerId(), record.shardEpoch());
    }

    /** The record that made this row. */
    public ShardOwnerRecord toRecord() {
        return new ShardOwnerRecord()
                .setKind((byte) id.shardKind())
                .setShard(id.shard())
                .setOwnerId(ownerId)
                .setShardEpoch(shardEpoch);
    }
}
