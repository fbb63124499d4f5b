package io.headrace.coordinator.exchange;

import io.headrace.coordinator.group.space.GroupEvent.StatesChanged;
import io.headrace.coordinator.group.space.GroupEvent.StatesSummed;
import io.headrace.coordinator.group.space.GroupEvent.TransactionVerified;
import io.headrace.coordinator.group.space.GroupTask;
import io.headrace.coordinator.group.space.GroupTask.DeleteStates;
import io.headrace.coordinator.group.space.GroupTask.InitializeStates;
import io.headrace.coordinator.group.space.GroupTask.SumStates;
import io.headrace.coordinator.group.space.GroupTask.VerifyTransaction;
import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.ShardEvent;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.shard.TaskRunner;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * Carries out the tasks of group shards: asks the owners of transactional ids and of share state.
 * Thread-safe.
 */
public final class GroupTasks implements TaskRunner {
    private static final Logger LOG = LoggerFactory.getLogger(GroupTasks.class);
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.ADD_PARTITIONS_TO_TXN);
    private static final short VERSION = 5;
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final ClusterMetadata metadata;
    private final StorageLinks links;
    private final ShareStateCalls states;
    private final LagReader lags;

    /**
     * @param loop keeps the time between attempts
     */
    public GroupTasks(ClusterMetadata metadata, StorageLinks links, Loop loop) {
        this.metadata = metadata;
        this.links = links;
        this.states = new ShareStateCalls(metadata, links, loop);
        this.lags = new LagReader(metadata, links);
    }

    @Override
    public void run(ShardTask task, int shard, int shardEpoch, Consumer<ShardEvent> events) {
        if (!(task instanceof GroupTask known)) {
            throw new IllegalArgumentException("No task of groups: " + task);
        }
        switch (known) {
            case VerifyTransaction verify -> verify(verify, shard, events);
            case InitializeStates initialize ->
                    states.ask(
                            new StateQuestions.Initialize(initialize),
                            outcomes ->
                                    events.accept(
                                            new StatesChanged(initialize.taskId(), outcomes)));
            case DeleteStates delete ->
                    states.ask(
                            new StateQuestions.Delete(delete),
                            outcomes ->
                                    events.accept(new StatesChanged(delete.taskId(), outcomes)));
            case SumStates sum ->
                    states.ask(
                            new StateQuestions.Summary(sum),
                            sums ->
                                    lags.read(
                                            sums,
                                            summaries ->
                                                    events.accept(
                                                            new StatesSummed(
                                                                    sum.taskId(), summaries))));
        }
    }

    private void verify(VerifyTransaction task, int shard, Consumer<ShardEvent> events) {
        CoordinatorImage owner = owner(task.transactionalId());
        if (owner == null) {
            events.accept(
                    new TransactionVerified(task.questionId(), Errors.COORDINATOR_NOT_AVAILABLE));
            return;
        }
        links.to(owner)
                .thenCompose(
                        channel ->
                                channel.call(
                                        API,
                                        VERSION,
                                        request(task, shard),
                                        AddPartitionsToTxnResponseData.class,
                                        TIMEOUT))
                .whenComplete(
                        (response, failure) -> {
                            if (failure != null) {
                                LOG.debug("No answer about a transaction", failure);
                            }
                            events.accept(
                                    new TransactionVerified(
                                            task.questionId(),
                                            failure == null
                                                    ? errorIn(response)
                                                    : Errors.NETWORK_EXCEPTION));
                        });
    }

    private @Nullable CoordinatorImage owner(String transactionalId) {
        MetadataImage image = metadata.image();
        TopicImage topic = image.topic(Topic.TRANSACTION_STATE_TOPIC_NAME);
        if (topic == null || topic.partitionCount() == 0) {
            return null;
        }
        ShardOwnerImage owner =
                image.shardOwner(
                        ShardOwnerImage.TRANSACTION,
                        ShardOwnerImage.shardOf(transactionalId, topic.partitionCount()));
        return owner == null ? null : image.coordinators().get(owner.ownerId());
    }

    private static AddPartitionsToTxnRequestData request(VerifyTransaction task, int shard) {
        AddPartitionsToTxnTopicCollection topics = new AddPartitionsToTxnTopicCollection();
        topics.add(
                new AddPartitionsToTxnTopic()
                        .setName(Topic.GROUP_METADATA_TOPIC_NAME)
                        .setPartitions(List.of(shard)));
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        request.transactions()
                .add(
                        new AddPartitionsToTxnTransaction()
                                .setTransactionalId(task.transactionalId())
                                .setProducerId(task.producerId())
                                .setProducerEpoch(task.producerEpoch())
                                .setVerifyOnly(!task.add())
                                .setTopics(topics));
        return request;
    }

    private static Errors errorIn(AddPartitionsToTxnResponseData response) {
        if (response.errorCode() != Errors.NONE.code()) {
            return Errors.forCode(response.errorCode());
        }
        for (var transaction : response.resultsByTransaction()) {
            for (var topic : transaction.topicResults()) {
                for (var partition : topic.resultsByPartition()) {
                    return Errors.forCode(partition.partitionErrorCode());
                }
            }
        }
        return Errors.UNKNOWN_SERVER_ERROR;
    }
}
