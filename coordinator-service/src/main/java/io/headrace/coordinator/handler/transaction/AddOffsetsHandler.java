package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.handler.routing.OneShardHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.shard.OwnedShards;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.protocol.ApiKeys;

/** AddOffsetsToTxn: a transaction may be the first that asks for the topic of offsets. */
final class AddOffsetsHandler extends OneShardHandler<AddOffsetsToTxnRequestData> {
    private final ShardRouter router;
    private final OwnedShards groups;

    AddOffsetsHandler(ShardRouter router, OwnedShards groups) {
        super(
                ApiKeys.ADD_OFFSETS_TO_TXN,
                AddOffsetsToTxnRequestData.class,
                AddOffsetsToTxnRequestData::transactionalId,
                router);
        this.router = router;
        this.groups = groups;
    }

    @Override
    public void handle(ForwardedRequest request) {
        if (!groups.hasTopic()) {
            router.create(Topic.GROUP_METADATA_TOPIC_NAME);
        }
        super.handle(request);
    }
}
