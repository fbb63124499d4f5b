package io.headrace.storage.cluster;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchRequestData.ReplicaState;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;

/**
 * Follows the metadata log with long-poll fetches, and registers this node once it may.
 *
 * <p>Before registration it fetches as an observer. Afterwards its fetches name the node and its
 * epoch: they are this node's sign of life, and their offset says what it has applied. Confined to
 * its loop.
 */
public final class MetadataTail {
    private static final Logger LOG = LoggerFactory.getLogger(MetadataTail.class);
    private static final ApiSchema FETCH = ApiCatalog.get(ApiKeys.FETCH);
    private static final ApiSchema REGISTER = ApiCatalog.get(ApiCatalog.REGISTER_NODE);
    private static final short FETCH_VERSION = 17;
    private static final int MAX_WAIT_MS = 500;
    private static final int REGISTERING_WAIT_MS = 10;
    private static final int MAX_BYTES = 16 << 20;
    private static final long RETRY_PAUSE_MS = 50;

    /** Above the wait for news: a controller that does not even say that there are none. */
    private static final Duration FETCH_TIMEOUT = Duration.ofMillis(MAX_WAIT_MS + 1_500);

    private static final Duration REGISTER_TIMEOUT = Duration.ofSeconds(10);
    private static final long SETTLE_MS = 1_000;

    private final ClusterView view;
    private final CoordinatorLinks links;
    private final Loop loop;
    private final Listener listener;
    private final CompletableFuture<MetadataImage> firstSync = new CompletableFuture<>();
    private final CompletableFuture<Void> registered = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private @Nullable Registration registration;
    private MetadataImage told = MetadataImage.EMPTY; // ahead of the view while it settles
    private boolean registering;
    private boolean stopped;

    /** Who acts on changes of the metadata; called on the tail's loop. */
    public interface Listener {
        /**
         * The image changed, or this node's epoch did.
         *
         * @return completes when the change has taken effect on this node
         */
        CompletableFuture<Void> onChange(MetadataChange change, long nodeEpoch);
    }

    public MetadataTail(ClusterView view, CoordinatorLinks links, Listener listener) {
        this.view = view;
        this.links = links;
        this.loop = links.loop();
        this.listener = listener;
    }

    /**
     * Starts to follow.
     *
     * @return the first image that was complete when it was fetched
     */
    public CompletableFuture<MetadataImage> start() {
        loop.execute(this::fetch);
        return firstSync;
    }

    /**
     * Registers this node, again whenever the controller asks for it.
     *
     * @return completes when this node is registered and no longer fenced; fails with {@link
     *     RegistrationRefusedException}
     */
    public CompletableFuture<Void> register(Registration node) {
        loop.execute(
                () -> {
                    registration = node;
                    sendRegistration();
                });
        return registered;
    }

    /** Fails with {@link RegistrationRefusedException} when the controller wants this node not. */
    public CompletableFuture<Void> ended() {
        return ended;
    }

    /** Ends fetching; nothing more is applied. */
    public void stop() {
        loop.execute(() -> stopped = true);
    }

    // Registration.

    private void sendRegistration() {
        Registration node = registration;
        if (stopped || registering || node == null) {
            return;
        }
        registering = true;
        links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                                REGISTER,
                                                (short) 0,
                                                node.toRequest(view.nodeEpoch()),
                                                RegisterNodeResponseData.class,
                                                REGISTER_TIMEOUT)
                                        .whenComplete(
                                                (answer, failure) -> {
                                                    if (failure != null) {
                                                        links.onNoAnswer(channel.address());
                                                    }
                                                }))
                .whenComplete(
                        (answer, failure) -> loop.run(() -> onRegistered(node, answer, failure)));
    }

    private void onRegistered(
            Registration node,
            @Nullable RegisterNodeResponseData answer,
            @Nullable Throwable failure) {
        registering = false;
        if (stopped) {
            return;
        }
        if (answer == null) {
            LOG.debug("Registration failed, will try again", failure);
            loop.schedule(this::sendRegistration, RETRY_PAUSE_MS);
            return;
        }
        Errors error = Errors.forCode(answer.errorCode());
        switch (error) {
            case NONE -> {
                view.registered(answer.nodeEpoch());
                LOG.info(
                        "Registered node {} in cluster {} with node epoch {}",
                        node.nodeId(),
                        answer.clusterId(),
                        answer.nodeEpoch());
                // From now on this incarnation may lead what the metadata names it for. Nobody may
                // be told of an older image than before.
                listener.onChange(MetadataChange.replaced(told, told), view.nodeEpoch());
                maybeCompleteRegistration();
            }
            case NOT_CONTROLLER -> {
                links.onNotController(answer.controllerId());
                loop.schedule(this::sendRegistration, RETRY_PAUSE_MS);
            }
            case INCONSISTENT_CLUSTER_ID, INVALID_REQUEST, CLUSTER_AUTHORIZATION_FAILED ->
                    refused(
                            "The controller refuses this node: "
                                    + (answer.errorMessage() == null
                                            ? error.message()
                                            : answer.errorMessage()));
            default -> {
                LOG.info("Not registered yet: {} {}", error, answer.errorMessage());
                loop.schedule(this::sendRegistration, RETRY_PAUSE_MS * 4);
            }
        }
    }

    private void refused(String why) {
        RegistrationRefusedException refusal = new RegistrationRefusedException(why);
        registered.completeExceptionally(refusal);
        ended.completeExceptionally(refusal);
    }

    private void maybeCompleteRegistration() {
        long nodeEpoch = view.nodeEpoch();
        Registration node = registration;
        if (node != null && view.image().isActive(node.nodeId(), nodeEpoch)) {
            registered.complete(null);
        }
    }

    // Following.

    private void fetch() {
        if (stopped) {
            return;
        }
        CompletableFuture<ClientChannel> opening = links.controller();
        opening.thenCompose(
                        channel ->
                                channel.call(
                                                FETCH,
                                                FETCH_VERSION,
                                                fetchRequest(),
                                                FetchResponseData.class,
                                                FETCH_TIMEOUT)
                                        .whenComplete(
                                                (answer, failure) -> {
                                                    if (failure != null) {
                                                        links.onNoAnswer(channel.address());
                                                    }
                                                })
                                        .thenAccept(
                                                answer ->
                                                        loop.run(() -> onAnswer(channel, answer))))
                .whenComplete(
                        (done, failure) -> {
                            if (failure != null) {
                                loop.run(() -> onFetchFailed(failure));
                            }
                        });
    }

    private void onFetchFailed(Throwable failure) {
        LOG.debug("Fetch of the metadata log failed", failure);
        loop.schedule(this::fetch, RETRY_PAUSE_MS);
    }

    private FetchRequestData fetchRequest() {
        MetadataImage image = view.image();
        Registration node = registration;
        ReplicaState replica = new ReplicaState();
        if (node != null && view.nodeEpoch() >= 0) {
            replica.setReplicaId(node.nodeId()).setReplicaEpoch(view.nodeEpoch());
        }
        FetchPartition partition =
                new FetchPartition()
                        .setPartition(0)
                        .setFetchOffset(image.nextOffset())
                        .setLastFetchedEpoch((int) image.controllerEpoch())
                        .setReplicaDirectoryId(image.takeOverId())
                        .setPartitionMaxBytes(MAX_BYTES);
        return new FetchRequestData()
                .setClusterId(image.clusterId().isEmpty() ? null : image.clusterId())
                .setReplicaState(replica)
                .setMaxWaitMs(maxWaitMs())
                .setMinBytes(1)
                .setMaxBytes(MAX_BYTES)
                .setTopics(
                        List.of(
                                new FetchTopic()
                                        .setTopicId(MetadataRecords.TOPIC_ID)
                                        .setPartitions(List.of(partition))));
    }

    /**
     * How long an answer may wait for news. While the registration is under way only briefly: a
     * poll sent before its answer does not name this incarnation, and it is such a poll that ends
     * the fencing.
     */
    private int maxWaitMs() {
        if (!firstSync.isDone()) {
            return 0;
        }
        return registering ? REGISTERING_WAIT_MS : MAX_WAIT_MS;
    }

    private void onAnswer(ClientChannel channel, FetchResponseData answer) {
        if (stopped) {
            return;
        }
        Errors error = Errors.forCode(answer.errorCode());
        PartitionData data = null;
        if (error == Errors.NONE) {
            if (answer.responses().size() == 1
                    && answer.responses().getFirst().partitions().size() == 1) {
                data = answer.responses().getFirst().partitions().getFirst();
                error = Errors.forCode(data.errorCode());
            } else {
                error = Errors.UNKNOWN_SERVER_ERROR;
            }
        }
        if (data == null || error != Errors.NONE) {
            onFetchError(channel, error, data);
            return;
        }
        if (data.divergingEpoch().endOffset() >= 0) {
            onRegressed(data);
            return;
        }
        view.regressed(false);
        if (data.snapshotId().endOffset() >= 0) {
            fetchSnapshot(channel, data);
            return;
        }
        applyOrComplain(data);
    }

    private static boolean hasRecords(PartitionData data) {
        ByteBuffer bytes = RecordsField.bytes(data.records());
        return bytes != null && bytes.hasRemaining();
    }

    private void applyOrComplain(PartitionData data) {
        try {
            applyBatches(data);
        } catch (MalformedFrameException | RuntimeException e) {
            LOG.error("The metadata log cannot be applied: this node needs another version", e);
            loop.schedule(this::fetch, SETTLE_MS);
        }
    }

    private void applyBatches(PartitionData data) throws MalformedFrameException {
        ByteBuffer bytes = RecordsField.bytes(data.records());
        MetadataImage before = view.image();
        if (bytes == null || !bytes.hasRemaining()) {
            onSynced(data.highWatermark());
            fetch();
            return;
        }
        MetadataBatches batches = MetadataBatches.decode(bytes, before.nextOffset());
        apply(
                MetadataChange.of(before, batches.records(), batches.nextOffset()),
                data.highWatermark());
    }

    /** Clients see a change once it has taken effect here, or takes too long to. */
    private void apply(MetadataChange change, long highWatermark) {
        told = change.after();
        CompletableFuture<Void> settled = listener.onChange(change, view.nodeEpoch()).copy();
        Loop.ScheduledTask timeout =
                loop.schedule(
                        () -> settled.completeExceptionally(new TimeoutException()), SETTLE_MS);
        settled.whenComplete((done, failure) -> timeout.cancel())
                .whenComplete(
                        (done, failure) ->
                                loop.run(
                                        () -> {
                                            if (failure != null) {
                                                LOG.debug("A change takes long to settle", failure);
                                            }
                                            onApplied(change, highWatermark);
                                        }));
    }

    private void onApplied(MetadataChange change, long highWatermark) {
        view.publish(change.after());
        if (change.before().controllerEpoch() != change.after().controllerEpoch()
                || !change.before().coordinators().equals(change.after().coordinators())) {
            links.onControllerChanged();
        }
        onSynced(highWatermark);
        fetch();
    }

    private void onSynced(long highWatermark) {
        MetadataImage image = view.image();
        if (image.nextOffset() >= highWatermark && !image.clusterId().isEmpty()) {
            firstSync.complete(image);
        }
        maybeCompleteRegistration();
    }

    /**
     * The cluster's metadata has lost what this node has applied, as after a database was restored
     * from a backup. This node changes nothing more and goes on serving until an operator decides.
     */
    private void onRegressed(PartitionData data) {
        if (!view.isRegressed()) {
            LOG.error(
                    "The controller's metadata ends at offset {} and does not hold what this node"
                            + " has applied up to offset {}: the database has lost committed"
                            + " changes. This node keeps what it has and serves on; restore the"
                            + " database, or run 'headrace metadata recover'",
                    data.divergingEpoch().endOffset(),
                    view.image().nextOffset());
        }
        view.regressed(true);
        loop.schedule(this::fetch, SETTLE_MS);
    }

    private void onFetchError(ClientChannel channel, Errors error, @Nullable PartitionData data) {
        LOG.debug("Fetch of the metadata log answered {}", error);
        switch (error) {
            case STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED, DUPLICATE_BROKER_REGISTRATION ->
                    sendRegistration();
            case NOT_CONTROLLER, NOT_LEADER_OR_FOLLOWER -> {
                links.onNotController(
                        channel.address(), data == null ? -1 : data.currentLeader().leaderId());
                // A standby says what this node misses: who the controller is, among others.
                if (data != null && hasRecords(data)) {
                    applyOrComplain(data);
                    return;
                }
            }
            default -> links.onNotController(channel.address(), -1);
        }
        loop.schedule(this::fetch, RETRY_PAUSE_MS);
    }

    private void fetchSnapshot(ClientChannel channel, PartitionData data) {
        new SnapshotDownload(channel, data.snapshotId().endOffset(), data.snapshotId().epoch())
                .run()
                .whenComplete((bytes, failure) -> loop.run(() -> onSnapshot(data, bytes, failure)));
    }

    private void onSnapshot(
            PartitionData data, @Nullable ByteBuffer bytes, @Nullable Throwable failure) {
        if (stopped) {
            return;
        }
        if (bytes == null) {
            LOG.warn("Cannot fetch the metadata snapshot, will try again", failure);
            loop.schedule(this::fetch, RETRY_PAUSE_MS);
            return;
        }
        try {
            MetadataBatches batches = MetadataBatches.decode(bytes, 0);
            MetadataImage after =
                    MetadataImage.EMPTY.applyAll(batches.records(), data.snapshotId().endOffset());
            apply(MetadataChange.replaced(view.image(), after), data.highWatermark());
        } catch (MalformedFrameException | RuntimeException e) {
            LOG.error("The metadata snapshot cannot be applied", e);
            loop.schedule(this::fetch, SETTLE_MS);
        }
    }

    /** The failure inside a future's wrapping. */
    public static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
