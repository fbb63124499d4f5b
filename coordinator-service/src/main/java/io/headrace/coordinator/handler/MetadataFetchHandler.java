package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.MetadataLog;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.EpochEndOffset;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.message.FetchResponseData.SnapshotId;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Fetch of the metadata log. A node's fetch is its sign of life and says what it has applied; at
 * the end of the log it waits without a thread until a commit wakes it. An observer that does not
 * wait is answered when the database was read since it asked.
 *
 * <p>The reader names the take-over of the last batch that it applied in the replica directory id
 * (KIP-858's field, of no other use here). When that batch is not in this history, the answer has a
 * diverging epoch (KIP-595): METADATA_REGRESSED.
 */
final class MetadataFetchHandler implements NodeHandler {
    private static final short MIN_VERSION = 15;
    private static final short MAX_VERSION = 18;
    private static final int MAX_BYTES = 8 << 20;
    private static final long LOOK_AGAIN_MS = 10;

    private final Controller controller;
    private final long maxWaitMs;

    MetadataFetchHandler(Controller controller, long maxWaitMs) {
        this.controller = controller;
        this.maxWaitMs = maxWaitMs;
    }

    @Override
    public short apiKey() {
        return ApiKeys.FETCH.id;
    }

    @Override
    public short minVersion() {
        return MIN_VERSION;
    }

    @Override
    public short maxVersion() {
        return MAX_VERSION;
    }

    @Override
    public void handle(NodeRequest request) {
        FetchRequestData body = request.body(FetchRequestData.class);
        FetchPartition wanted = partitionOf(body);
        MetadataImage image = controller.metadataLog().image();
        if (wanted == null) {
            request.reply(
                    new FetchResponseData().setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code()));
        } else if (body.clusterId() != null && !body.clusterId().equals(image.clusterId())) {
            request.reply(
                    new FetchResponseData().setErrorCode(Errors.INCONSISTENT_CLUSTER_ID.code()));
        } else if (!controller.mayDecide()) {
            onStandby(request, body, wanted, image);
        } else {
            onActive(request, body, wanted, image);
        }
    }

    /**
     * The active controller. A node whose history is not this one is told so before anything else:
     * it must not register anew in metadata that has lost it.
     */
    private void onActive(
            NodeRequest request,
            FetchRequestData body,
            FetchPartition wanted,
            MetadataImage image) {
        Poll poll = new Poll(request, wanted, Math.min(body.maxBytes(), MAX_BYTES));
        boolean isCurrent = isCurrent(body, image);
        if (isCurrent) {
            onPoll(request, body, wanted);
        }
        if (isCurrent || poll.read().diverged()) {
            serve(poll, body);
        } else {
            request.reply(refusal(image, Errors.STALE_BROKER_EPOCH));
        }
    }

    private static @Nullable FetchPartition partitionOf(FetchRequestData body) {
        if (body.topics().size() != 1) {
            return null;
        }
        var topic = body.topics().getFirst();
        boolean metadata =
                topic.topicId().equals(MetadataRecords.TOPIC_ID) && topic.partitions().size() == 1;
        return metadata && topic.partitions().getFirst().partition() == 0
                ? topic.partitions().getFirst()
                : null;
    }

    private static boolean isCurrent(FetchRequestData body, MetadataImage image) {
        int nodeId = body.replicaState().replicaId();
        if (nodeId < 0) {
            return true;
        }
        NodeImage node = image.nodes().get(nodeId);
        return node != null && node.nodeEpoch() == body.replicaState().replicaEpoch();
    }

    private void onPoll(NodeRequest request, FetchRequestData body, FetchPartition wanted) {
        int nodeId = body.replicaState().replicaId();
        if (nodeId >= 0) {
            long nodeEpoch = body.replicaState().replicaEpoch();
            request.connection().onPoll(nodeId, nodeEpoch);
            controller.onPoll(nodeId, nodeEpoch, wanted.fetchOffset());
        }
    }

    /**
     * A coordinator that may not decide. Observers may follow it while it hears from SQL. A
     * registered node belongs to the active controller, and is told so together with what it
     * misses, so that it knows where that one is.
     */
    private void onStandby(
            NodeRequest request,
            FetchRequestData body,
            FetchPartition wanted,
            MetadataImage image) {
        Poll poll = new Poll(request, wanted, Math.min(body.maxBytes(), MAX_BYTES));
        if (controller.isActive()) {
            onPoll(request, body, wanted); // it was heard, whatever becomes of SQL
        }
        boolean fresh = controller.isFresh();
        MetadataLog.Slice slice = poll.read();
        if (fresh && body.replicaState().replicaId() < 0 && !slice.diverged()) {
            serve(poll, body);
        } else if (fresh && !slice.diverged() && !slice.snapshotNeeded()) {
            poll.refuse(slice);
        } else {
            request.reply(refusal(image, Errors.NOT_LEADER_OR_FOLLOWER));
        }
    }

    private void serve(Poll poll, FetchRequestData body) {
        if (body.replicaState().replicaId() < 0 && body.maxWaitMs() <= 0) {
            poll.answerNewest(maxWaitMs);
            return;
        }
        MetadataLog.Slice slice = poll.read();
        if (slice.diverged()) {
            poll.confirmDiverged();
            return;
        }
        boolean somethingToSay = !slice.batches().isEmpty() || slice.snapshotNeeded();
        long waitMs = Math.clamp(body.maxWaitMs(), 0, maxWaitMs);
        if (somethingToSay || waitMs == 0 || body.minBytes() <= 0) {
            poll.answer(slice);
        } else {
            poll.park(waitMs);
        }
    }

    /** One fetch, answered once. Confined to its connection's loop but for the wake-up. */
    private final class Poll {
        private final NodeRequest request;
        private final FetchPartition wanted;
        private final int maxBytes;
        private final Loop loop;
        private boolean answered;
        private @Nullable Object token;
        private Loop.@Nullable ScheduledTask timer;

        Poll(NodeRequest request, FetchPartition wanted, int maxBytes) {
            this.request = request;
            this.wanted = wanted;
            this.maxBytes = Math.min(maxBytes, Math.max(1, wanted.partitionMaxBytes()));
            this.loop = request.connection().connection().loop();
        }

        MetadataLog.Slice read() {
            return controller
                    .metadataLog()
                    .read(wanted.fetchOffset(), wanted.replicaDirectoryId(), maxBytes);
        }

        /**
         * Answers with what is at least as new as this request. A node that starts asks so: logs of
         * topics that it is not told of it puts out of the way, though they may be of topics made a
         * moment ago.
         */
        void answerNewest(long patienceMs) {
            long askedMs = controller.clockMs();
            request.inbound().releaseFrame();
            if (controller.isActive()) {
                controller.confirm(); // SQL is asked at once; the answer is looked at below
            }
            awaitHeard(askedMs, askedMs + patienceMs);
        }

        private void awaitHeard(long askedMs, long deadlineMs) {
            if (controller.hasHeardSince(askedMs)) {
                answer(read());
            } else if (controller.clockMs() >= deadlineMs) {
                answered = true;
                request.reply(
                        refusal(controller.metadataLog().image(), Errors.NOT_LEADER_OR_FOLLOWER));
            } else {
                loop.schedule(() -> awaitHeard(askedMs, deadlineMs), LOOK_AGAIN_MS);
            }
        }

        void park(long waitMs) {
            request.inbound().releaseFrame();
            token =
                    controller
                            .metadataLog()
                            .await(wanted.fetchOffset(), () -> loop.execute(this::finish));
            if (token == null) {
                finish();
            } else {
                timer = loop.schedule(this::finish, waitMs);
            }
        }

        private void finish() {
            if (answered) {
                return;
            }
            Loop.ScheduledTask running = timer;
            if (running != null) {
                running.cancel();
            }
            Object waiting = token;
            if (waiting != null) {
                controller.metadataLog().cancel(waiting);
            }
            answer(read());
        }

        void answer(MetadataLog.Slice slice) {
            if (slice.diverged()) {
                confirmDiverged();
            } else {
                answered = true;
                request.reply(response(slice));
            }
        }

        /** Answers that this is not the controller, with what there is to know. */
        void refuse(MetadataLog.Slice slice) {
            answered = true;
            FetchResponseData response = response(slice);
            response.responses()
                    .getFirst()
                    .partitions()
                    .getFirst()
                    .setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code());
            request.reply(response);
        }

        /**
         * Says METADATA_REGRESSED only if SQL, asked after the request, says that this controller
         * has the role: another one may be ahead.
         */
        void confirmDiverged() {
            answered = true;
            request.inbound().releaseFrame();
            controller
                    .confirm()
                    .thenAccept(
                            confirmed ->
                                    loop.execute(
                                            () -> {
                                                MetadataLog.Slice slice = read();
                                                request.reply(
                                                        confirmed || !slice.diverged()
                                                                ? response(slice)
                                                                : refusal(
                                                                        controller
                                                                                .metadataLog()
                                                                                .image(),
                                                                        Errors
                                                                                .NOT_LEADER_OR_FOLLOWER));
                                            }));
        }

        private FetchResponseData response(MetadataLog.Slice slice) {
            MetadataImage image = controller.metadataLog().image();
            PartitionData data =
                    partition(image)
                            .setHighWatermark(slice.nextOffset())
                            .setLastStableOffset(slice.nextOffset())
                            .setLogStartOffset(slice.logStartOffset());
            if (slice.diverged()) {
                data.setDivergingEpoch(
                        new EpochEndOffset()
                                .setEpoch((int) slice.controllerEpoch())
                                .setEndOffset(slice.nextOffset()));
            } else if (slice.snapshotNeeded()) {
                var snapshot = controller.metadataLog().newestSnapshot();
                data.setSnapshotId(
                        new SnapshotId()
                                .setEndOffset(snapshot.endOffset())
                                .setEpoch((int) snapshot.controllerEpoch()));
            }
            List<OutboundFrame.Part> parts = new ArrayList<>();
            slice.batches().forEach(batch -> parts.add(OutboundFrame.Bytes.of(batch)));
            data.setRecords(parts.isEmpty() ? RecordsField.empty() : RecordsField.of(parts));
            return wrap(data);
        }
    }

    private FetchResponseData refusal(MetadataImage image, Errors error) {
        return wrap(
                partition(image)
                        .setErrorCode(error.code())
                        .setHighWatermark(-1)
                        .setRecords(RecordsField.empty()));
    }

    private PartitionData partition(MetadataImage image) {
        boolean unknown =
                image.controllerId() == controller.controllerId() && !controller.mayDecide();
        return new PartitionData()
                .setPartitionIndex(0)
                .setCurrentLeader(
                        new LeaderIdAndEpoch()
                                .setLeaderId(unknown ? -1 : image.controllerId())
                                .setLeaderEpoch((int) image.controllerEpoch()));
    }

    private static FetchResponseData wrap(PartitionData data) {
        return new FetchResponseData()
                .setResponses(
                        List.of(
                                new FetchableTopicResponse()
                                        .setTopicId(MetadataRecords.TOPIC_ID)
                                        .setPartitions(List.of(data))));
    }
}
