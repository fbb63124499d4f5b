package io.headrace.simulation.planted;

import io.headrace.coordinator.metadata.MetadataRewriting;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.PrivateFields;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.ShardAppendRequestData;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.simulation.network.Tamper;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Protocol bugs, planted on the wire: each makes a server behave as if its code had the bug. */
public final class PlantedBugs {
    private PlantedBugs() {}

    /** Changes the partitions of replicas' fetches. */
    abstract static class OfReplicaFetches implements Tamper {
        @Override
        public boolean touches(short apiKey) {
            return apiKey == ApiKeys.FETCH.id;
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            FetchRequestData fetch = (FetchRequestData) body;
            if (to.startsWith("s") && fetch.replicaState().replicaId() >= 0) {
                change(fetch);
                fetch.topics().forEach(topic -> topic.partitions().forEach(this::change));
            }
        }

        void change(FetchRequestData fetch) {}

        void change(FetchPartition partition) {}
    }

    /** A leader answers acks=all when its own log has it, whoever else has it. */
    public static final class AcknowledgesBeforeIsr implements Tamper {
        @Override
        public boolean touches(short apiKey) {
            return apiKey == ApiKeys.PRODUCE.id;
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            ((ProduceRequestData) body).setAcks((short) 1);
        }
    }

    /** A follower reports what it has written as flushed. */
    public static final class ReportsUnflushed extends OfReplicaFetches {
        @Override
        void change(FetchPartition partition) {
            partition
                    .unknownTaggedFields()
                    .removeIf(field -> field.tag() == PrivateFields.FLUSHED_OFFSET);
            int check = PrivateFields.getInt(partition, PrivateFields.LEADER_CHECK, -1);
            partition.unknownTaggedFields().clear();
            PrivateFields.addLong(partition, PrivateFields.FLUSHED_OFFSET, partition.fetchOffset());
            PrivateFields.addInt(partition, PrivateFields.LEADER_CHECK, check);
        }
    }

    /**
     * A leader does not compare epochs: whatever a follower's log holds, it goes on from its end.
     */
    public static final class SkipsEpochCheck extends OfReplicaFetches {
        @Override
        void change(FetchPartition partition) {
            partition.setLastFetchedEpoch(-1);
        }
    }

    /**
     * A dead incarnation's fetches count for the one that lives, at the leader and in proposals.
     */
    public static final class CountsDeadIncarnations extends OfReplicaFetches {
        private final Truth truth;

        public CountsDeadIncarnations(Truth truth) {
            this.truth = truth;
        }

        @Override
        public boolean touches(short apiKey) {
            return super.touches(apiKey) || apiKey == ApiKeys.ALTER_PARTITION.id;
        }

        private long epochOf(int nodeId, long said) {
            var node = truth.image().nodes().get(nodeId);
            return node == null ? said : node.nodeEpoch();
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            if (body instanceof AlterPartitionRequestData alter) {
                for (var topic : alter.topics()) {
                    for (var partition : topic.partitions()) {
                        partition
                                .newIsrWithEpochs()
                                .forEach(
                                        member ->
                                                member.setBrokerEpoch(
                                                        epochOf(
                                                                member.brokerId(),
                                                                member.brokerEpoch())));
                    }
                }
            } else {
                super.onRequest(from, to, head, body);
            }
        }

        @Override
        void change(FetchRequestData fetch) {
            var state = fetch.replicaState();
            state.setReplicaEpoch(epochOf(state.replicaId(), state.replicaEpoch()));
        }
    }

    /** A shard's log takes appends from whoever comes, at whatever end. */
    public static final class ShardAppendWithoutFence implements Tamper {
        private int highestEpoch;

        @Override
        public boolean touches(short apiKey) {
            return apiKey == ApiCatalog.SHARD_APPEND;
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            ShardAppendRequestData append = (ShardAppendRequestData) body;
            highestEpoch = Math.max(highestEpoch, append.shardEpoch());
            append.setShardEpoch(highestEpoch).setExpectedEndOffset(-1);
        }
    }

    /**
     * A controller whom polls reached after it was deposed, and before it knew, hears no poll any
     * more when it has the role again.
     */
    public static final class DeafAfterDeposition implements Tamper {
        private final Truth truth;
        private final Set<Uuid> deaf = new HashSet<>();

        public DeafAfterDeposition(Truth truth) {
            this.truth = truth;
        }

        @Override
        public boolean touches(short apiKey) {
            return apiKey == ApiKeys.FETCH.id;
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            FetchRequestData poll = (FetchRequestData) body;
            if (!to.startsWith("c")
                    || poll.replicaState().replicaId() < 0
                    || !truth.takesItselfForActive(to)) {
                return;
            }
            var self = truth.image().coordinators().get(1000 + Integer.parseInt(to.substring(1)));
            if (self == null) {
                return;
            }
            if (truth.image().controllerId() != self.coordinatorId()) {
                deaf.add(self.incarnationId());
            } else if (deaf.contains(self.incarnationId())) {
                poll.setReplicaState(new FetchRequestData.ReplicaState());
            }
        }
    }

    /** Changes the metadata log on its way to storage nodes. */
    abstract static class OfMetadata implements Tamper {
        @Override
        public boolean touches(short apiKey) {
            return apiKey == ApiKeys.FETCH.id;
        }

        @Override
        public void onAnswer(String client, String server, short apiKey, ApiMessage body) {
            if (!client.startsWith("s")
                    || !server.startsWith("c")
                    || !(body instanceof FetchResponseData fetch)) {
                return;
            }
            for (var topic : fetch.responses()) {
                for (var partition : topic.partitions()) {
                    ByteBuffer records = RecordsField.bytes(partition.records());
                    if (topic.topicId().equals(MetadataRecords.TOPIC_ID)
                            && records != null
                            && records.hasRemaining()) {
                        Consumer<ApiMessage> change =
                                record -> {
                                    if (record instanceof PartitionRecord known) {
                                        change(known);
                                    }
                                };
                        partition.setRecords(
                                RecordsField.of(MetadataRewriting.rewrite(records, change)));
                    }
                }
            }
        }

        abstract void change(PartitionRecord record);
    }

    /**
     * A leader takes a lowered min.insync.replicas before the controller has given up whom it
     * counted on under the old one.
     */
    public static final class MinInSyncRacesShrink extends OfMetadata {
        @Override
        void change(PartitionRecord record) {
            record.setMinInSyncReplicas(1);
        }
    }

    /** A leader that starts again goes on in the leader epoch that it had. */
    public static final class RestartsInSameEpoch extends OfMetadata {
        private record Key(Uuid topicId, int partition) {}

        private record Shown(int leaderId, int epoch) {}

        private final Map<Key, NavigableMap<Integer, Shown>> byRealEpoch = new HashMap<>();

        @Override
        public boolean touches(short apiKey) {
            return super.touches(apiKey) || apiKey == ApiKeys.ALTER_PARTITION.id;
        }

        @Override
        void change(PartitionRecord record) {
            NavigableMap<Integer, Shown> known = known(record.topicId(), record.partitionId());
            Shown shown = known.get(record.leaderEpoch());
            if (shown == null) {
                var before = known.floorEntry(record.leaderEpoch());
                boolean again = before != null && before.getValue().leaderId() == record.leader();
                shown =
                        new Shown(
                                record.leader(),
                                again ? before.getValue().epoch() : record.leaderEpoch());
                known.put(record.leaderEpoch(), shown);
            }
            record.setLeaderEpoch(shown.epoch());
        }

        private NavigableMap<Integer, Shown> known(Uuid topicId, int partition) {
            return byRealEpoch.computeIfAbsent(new Key(topicId, partition), key -> new TreeMap<>());
        }

        @Override
        public void onRequest(String from, String to, RequestHead head, ApiMessage body) {
            if (body instanceof AlterPartitionRequestData alter) {
                for (var topic : alter.topics()) {
                    for (var partition : topic.partitions()) {
                        int said = partition.leaderEpoch();
                        known(topic.topicId(), partition.partitionIndex())
                                .forEach(
                                        (real, shown) -> {
                                            if (shown.epoch() == said) {
                                                partition.setLeaderEpoch(real);
                                            }
                                        });
                    }
                }
            }
        }

        @Override
        public void onAnswer(String client, String server, short apiKey, ApiMessage body) {
            if (body instanceof AlterPartitionResponseData answer) {
                for (var topic : answer.topics()) {
                    for (var partition : topic.partitions()) {
                        Shown shown =
                                known(topic.topicId(), partition.partitionIndex())
                                        .get(partition.leaderEpoch());
                        if (shown != null) {
                            partition.setLeaderEpoch(shown.epoch());
                        }
                    }
                }
            } else {
                super.onAnswer(client, server, apiKey, body);
            }
        }
    }
}
