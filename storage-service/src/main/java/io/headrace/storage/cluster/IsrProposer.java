package io.headrace.storage.cluster;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.storage.partition.IsrProposals;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.replication.IsrVerdict;
import io.headrace.storage.replication.ReplicationEffect.ProposeIsr;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.transport.channel.ChannelClosedException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionRequestData.BrokerState;
import org.apache.kafka.common.message.AlterPartitionRequestData.TopicData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.AlterPartitionResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes proposals of in-sync sets to the active controller: one AlterPartition request at a time
 * with all that wait, sent again until the outcome of each is known or overtaken. Confined to the
 * links' loop but for {@link #propose}.
 */
public final class IsrProposer implements IsrProposals {
    private static final Logger LOG = LoggerFactory.getLogger(IsrProposer.class);
    private static final ApiSchema ALTER_PARTITION = ApiCatalog.get(ApiKeys.ALTER_PARTITION);
    private static final short VERSION = 3;
    private static final int MAX_PARTITIONS = 2_000;
    private static final long RETRY_PAUSE_MS = 50;

    private final int nodeId;
    private final ClusterView view;
    private final CoordinatorLinks links;
    private final Loop loop;
    private final Map<Key, Asked> waiting = new LinkedHashMap<>();
    private boolean sending;

    private record Key(Uuid topicId, int partition) {
        static Key of(Partition partition) {
            return new Key(partition.id().topicId(), partition.id().partition());
        }
    }

    /**
     * A proposal on its way.
     *
     * @param uncertain whether an earlier attempt may have reached the controller
     */
    private record Asked(Partition partition, ProposeIsr proposal, boolean uncertain) {}

    public IsrProposer(int nodeId, ClusterView view, CoordinatorLinks links) {
        this.nodeId = nodeId;
        this.view = view;
        this.links = links;
        this.loop = links.loop();
    }

    @Override
    public void propose(Partition partition, ProposeIsr proposal) {
        loop.execute(
                () -> {
                    waiting.put(Key.of(partition), new Asked(partition, proposal, false));
                    maybeSend();
                });
    }

    private void maybeSend() {
        if (sending || waiting.isEmpty()) {
            return;
        }
        sending = true;
        Map<Key, Asked> round = new HashMap<>();
        Map<Uuid, TopicData> topics = new LinkedHashMap<>();
        var each = waiting.entrySet().iterator();
        while (each.hasNext() && round.size() < MAX_PARTITIONS) {
            var next = each.next();
            each.remove();
            round.put(next.getKey(), next.getValue());
            topics.computeIfAbsent(
                            next.getKey().topicId(),
                            id -> new TopicData().setTopicId(id).setPartitions(new ArrayList<>()))
                    .partitions()
                    .add(encode(next.getKey().partition(), next.getValue().proposal()));
        }
        AlterPartitionRequestData request =
                new AlterPartitionRequestData()
                        .setBrokerId(nodeId)
                        .setBrokerEpoch(view.nodeEpoch())
                        .setTopics(new ArrayList<>(topics.values()));
        links.controller()
                .whenComplete(
                        (channel, unconnected) -> {
                            if (channel == null) {
                                loop.run(() -> onFailed(round, false));
                                return;
                            }
                            channel.call(
                                            ALTER_PARTITION,
                                            VERSION,
                                            request,
                                            AlterPartitionResponseData.class)
                                    .whenComplete(
                                            (answer, failure) ->
                                                    loop.run(
                                                            () ->
                                                                    onAnswer(
                                                                            round, answer,
                                                                            failure)));
                        });
    }

    private static AlterPartitionRequestData.PartitionData encode(int index, ProposeIsr proposal) {
        List<BrokerState> isr = new ArrayList<>(proposal.isr().size());
        for (IsrMember member : proposal.isr()) {
            isr.add(
                    new BrokerState()
                            .setBrokerId(member.nodeId())
                            .setBrokerEpoch(member.nodeEpoch()));
        }
        return new AlterPartitionRequestData.PartitionData()
                .setPartitionIndex(index)
                .setLeaderEpoch(proposal.leaderEpoch())
                .setPartitionEpoch(proposal.partitionEpoch())
                .setNewIsrWithEpochs(isr);
    }

    private void onAnswer(
            Map<Key, Asked> round,
            @Nullable AlterPartitionResponseData answer,
            @Nullable Throwable failure) {
        if (answer == null) {
            LOG.debug("AlterPartition failed", failure);
            boolean written =
                    !(MetadataTail.unwrap(
                                            failure == null
                                                    ? new IllegalStateException("No answer")
                                                    : failure)
                                    instanceof ChannelClosedException closed)
                            || closed.sent();
            onFailed(round, written);
            return;
        }
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE) {
            LOG.debug("AlterPartition answered {}", error);
            onFailed(round, error != Errors.NOT_CONTROLLER && error != Errors.STALE_BROKER_EPOCH);
            return;
        }
        for (AlterPartitionResponseData.TopicData topic : answer.topics()) {
            for (PartitionData partition : topic.partitions()) {
                Key key = new Key(topic.topicId(), partition.partitionIndex());
                Asked asked = round.get(key);
                if (asked != null && onDecided(asked, partition)) {
                    round.remove(key);
                }
            }
        }
        if (round.isEmpty()) {
            sending = false;
            maybeSend();
        } else {
            onFailed(round, true);
        }
    }

    /** Tells the partition what the controller said; false if that was nothing final. */
    private static boolean onDecided(Asked asked, PartitionData said) {
        Errors error = Errors.forCode(said.errorCode());
        ProposeIsr proposal = asked.proposal();
        @Nullable IsrVerdict verdict =
                switch (error) {
                    case NONE -> verdictOf(proposal, said);
                    case INELIGIBLE_REPLICA, INVALID_REQUEST, OPERATION_NOT_ATTEMPTED ->
                            IsrVerdict.REFUSED;
                    case FENCED_LEADER_EPOCH,
                            NEW_LEADER_ELECTED,
                            INVALID_UPDATE_VERSION,
                            UNKNOWN_TOPIC_ID,
                            UNKNOWN_TOPIC_OR_PARTITION ->
                            IsrVerdict.OUT_OF_DATE;
                    default -> null;
                };
        if (verdict == null) {
            return false;
        }
        if (error != Errors.NONE) {
            LOG.info(
                    "{}: the controller answered {} to {}",
                    asked.partition().id(),
                    error,
                    proposal);
        }
        IsrVerdict told =
                verdict == IsrVerdict.REFUSED && asked.uncertain() ? IsrVerdict.UNCERTAIN : verdict;
        IsrDecided decided =
                new IsrDecided(
                        proposal.leaderEpoch(),
                        proposal.partitionEpoch(),
                        told,
                        said.partitionEpoch());
        Partition partition = asked.partition();
        partition.loop().execute(() -> partition.onIsrDecided(decided));
        return true;
    }

    private static IsrVerdict verdictOf(ProposeIsr proposal, PartitionData said) {
        Set<Integer> asked = new HashSet<>();
        proposal.isr().forEach(member -> asked.add(member.nodeId()));
        boolean same =
                said.leaderEpoch() == proposal.leaderEpoch()
                        && asked.equals(new HashSet<>(said.isr()));
        if (!same) {
            return IsrVerdict.OUT_OF_DATE;
        }
        return said.partitionEpoch() > proposal.partitionEpoch()
                ? IsrVerdict.COMMITTED
                : IsrVerdict.REFUSED; // nothing was changed
    }

    /** Sends them again after a pause, but for those overtaken by a newer proposal. */
    private void onFailed(Map<Key, Asked> round, boolean mayBeCommitted) {
        links.onNotController(-1);
        round.forEach(
                (key, asked) ->
                        waiting.putIfAbsent(
                                key,
                                new Asked(
                                        asked.partition(),
                                        asked.proposal(),
                                        asked.uncertain() || mayBeCommitted)));
        loop.schedule(
                () -> {
                    sending = false;
                    maybeSend();
                },
                RETRY_PAUSE_MS);
    }
}
