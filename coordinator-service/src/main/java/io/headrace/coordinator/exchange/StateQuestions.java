package io.headrace.coordinator.exchange;

import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.space.GroupTask.DeleteStates;
import io.headrace.coordinator.group.space.GroupTask.InitializeStates;
import io.headrace.coordinator.group.space.GroupTask.SumStates;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.DeleteShareGroupStateRequestData.DeleteStateData;
import org.apache.kafka.common.message.DeleteShareGroupStateResponseData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData.InitializeStateData;
import org.apache.kafka.common.message.InitializeShareGroupStateResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData.ReadStateSummaryData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The questions to the owners of share state, by the tasks of group shards. */
final class StateQuestions {
    private static final int NO_LEADER_EPOCH = -1;

    private StateQuestions() {}

    /** InitializeShareGroupState. */
    record Initialize(InitializeStates task)
            implements StateQuestion<InitializeShareGroupStateResponseData, Errors> {
        @Override
        public ApiKeys api() {
            return ApiKeys.INITIALIZE_SHARE_GROUP_STATE;
        }

        @Override
        public short version() {
            return 0;
        }

        @Override
        public String groupId() {
            return task.groupId();
        }

        @Override
        public Collection<StatePlace> places() {
            return task.startOffsets().keySet();
        }

        @Override
        public ApiMessage request(Collection<StatePlace> some) {
            Map<Uuid, InitializeStateData> topics = new LinkedHashMap<>();
            for (StatePlace place : some) {
                topics.computeIfAbsent(
                                place.topicId(), id -> new InitializeStateData().setTopicId(id))
                        .partitions()
                        .add(
                                new InitializeShareGroupStateRequestData.PartitionData()
                                        .setPartition(place.partition())
                                        .setStateEpoch(task.stateEpoch())
                                        .setStartOffset(
                                                task.startOffsets().getOrDefault(place, -1L)));
            }
            return new InitializeShareGroupStateRequestData()
                    .setGroupId(groupId())
                    .setTopics(List.copyOf(topics.values()));
        }

        @Override
        public Class<InitializeShareGroupStateResponseData> responseType() {
            return InitializeShareGroupStateResponseData.class;
        }

        @Override
        public Map<StatePlace, Errors> read(InitializeShareGroupStateResponseData response) {
            Map<StatePlace, Errors> outcomes = new HashMap<>();
            for (var topic : response.results()) {
                for (var partition : topic.partitions()) {
                    outcomes.put(
                            new StatePlace(topic.topicId(), partition.partition()),
                            Errors.forCode(partition.errorCode()));
                }
            }
            return outcomes;
        }

        @Override
        public Errors errorOf(Errors outcome) {
            return outcome;
        }

        @Override
        public Errors failed(Errors error) {
            return error;
        }
    }

    /** DeleteShareGroupState. */
    record Delete(DeleteStates task)
            implements StateQuestion<DeleteShareGroupStateResponseData, Errors> {
        @Override
        public ApiKeys api() {
            return ApiKeys.DELETE_SHARE_GROUP_STATE;
        }

        @Override
        public short version() {
            return 0;
        }

        @Override
        public String groupId() {
            return task.groupId();
        }

        @Override
        public Collection<StatePlace> places() {
            return task.places();
        }

        @Override
        public ApiMessage request(Collection<StatePlace> some) {
            Map<Uuid, DeleteStateData> topics = new LinkedHashMap<>();
            for (StatePlace place : some) {
                topics.computeIfAbsent(place.topicId(), id -> new DeleteStateData().setTopicId(id))
                        .partitions()
                        .add(
                                new DeleteShareGroupStateRequestData.PartitionData()
                                        .setPartition(place.partition()));
            }
            return new DeleteShareGroupStateRequestData()
                    .setGroupId(groupId())
                    .setTopics(List.copyOf(topics.values()));
        }

        @Override
        public Class<DeleteShareGroupStateResponseData> responseType() {
            return DeleteShareGroupStateResponseData.class;
        }

        @Override
        public Map<StatePlace, Errors> read(DeleteShareGroupStateResponseData response) {
            Map<StatePlace, Errors> outcomes = new HashMap<>();
            for (var topic : response.results()) {
                for (var partition : topic.partitions()) {
                    outcomes.put(
                            new StatePlace(topic.topicId(), partition.partition()),
                            Errors.forCode(partition.errorCode()));
                }
            }
            return outcomes;
        }

        @Override
        public Errors errorOf(Errors outcome) {
            return outcome;
        }

        @Override
        public Errors failed(Errors error) {
            return error;
        }
    }

    /**
     * What ReadShareGroupStateSummary says of a share partition.
     *
     * @param completeCount records from the start offset on that are done; -1 if not known
     */
    record Sum(Errors error, long startOffset, int leaderEpoch, int completeCount) {}

    /** ReadShareGroupStateSummary. */
    record Summary(SumStates task)
            implements StateQuestion<ReadShareGroupStateSummaryResponseData, Sum> {
        @Override
        public ApiKeys api() {
            return ApiKeys.READ_SHARE_GROUP_STATE_SUMMARY;
        }

        @Override
        public short version() {
            return 1;
        }

        @Override
        public String groupId() {
            return task.groupId();
        }

        @Override
        public Collection<StatePlace> places() {
            return task.places();
        }

        @Override
        public ApiMessage request(Collection<StatePlace> some) {
            Map<Uuid, ReadStateSummaryData> topics = new LinkedHashMap<>();
            for (StatePlace place : some) {
                topics.computeIfAbsent(
                                place.topicId(), id -> new ReadStateSummaryData().setTopicId(id))
                        .partitions()
                        .add(
                                new ReadShareGroupStateSummaryRequestData.PartitionData()
                                        .setPartition(place.partition())
                                        .setLeaderEpoch(NO_LEADER_EPOCH));
            }
            return new ReadShareGroupStateSummaryRequestData()
                    .setGroupId(groupId())
                    .setTopics(List.copyOf(topics.values()));
        }

        @Override
        public Class<ReadShareGroupStateSummaryResponseData> responseType() {
            return ReadShareGroupStateSummaryResponseData.class;
        }

        @Override
        public Map<StatePlace, Sum> read(ReadShareGroupStateSummaryResponseData response) {
            Map<StatePlace, Sum> outcomes = new HashMap<>();
            for (var topic : response.results()) {
                for (var partition : topic.partitions()) {
                    outcomes.put(
                            new StatePlace(topic.topicId(), partition.partition()),
                            new Sum(
                                    Errors.forCode(partition.errorCode()),
                                    partition.startOffset(),
                                    partition.leaderEpoch(),
                                    partition.deliveryCompleteCount()));
                }
            }
            return outcomes;
        }

        @Override
        public Errors errorOf(Sum outcome) {
            return outcome.error();
        }

        @Override
        public Sum failed(Errors error) {
            return new Sum(error, -1, 0, -1);
        }
    }
}
