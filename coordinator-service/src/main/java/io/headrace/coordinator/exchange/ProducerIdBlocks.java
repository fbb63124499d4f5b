package io.headrace.coordinator.exchange;

import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Producer ids for transactional producers, from blocks that the controller allocates (KIP-730): an
 * id is given out once in the life of the cluster. Thread-safe.
 */
public final class ProducerIdBlocks {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerIdBlocks.class);
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.ALLOCATE_PRODUCER_IDS);
    private static final int MAX_WAITING = 10_000;

    private final int coordinatorId;
    private final ClusterMetadata metadata;
    private final StorageLinks links;
    private final Deque<CompletableFuture<Long>> waiting = new ArrayDeque<>();
    private long nextId;
    private long blockEnd;
    private boolean asking;

    public ProducerIdBlocks(int coordinatorId, ClusterMetadata metadata, StorageLinks links) {
        this.coordinatorId = coordinatorId;
        this.metadata = metadata;
        this.links = links;
    }

    /** A new id; fails when none can be had now. */
    public CompletableFuture<Long> next() {
        CompletableFuture<Long> result = new CompletableFuture<>();
        boolean isToAsk = false;
        Long found = null;
        synchronized (this) {
            if (nextId < blockEnd) {
                found = nextId++;
            } else if (waiting.size() < MAX_WAITING) {
                waiting.add(result);
                isToAsk = !asking;
                asking = true;
            } else {
                result.completeExceptionally(Errors.COORDINATOR_LOAD_IN_PROGRESS.exception());
            }
        }
        if (found != null) {
            result.complete(found);
        }
        if (isToAsk) {
            ask();
        }
        return result;
    }

    private void ask() {
        MetadataImage image = metadata.image();
        CoordinatorImage controller = image.coordinators().get(image.controllerId());
        if (controller == null) {
            onAnswer(null, new IllegalStateException("No controller is known"));
            return;
        }
        AllocateProducerIdsRequestData request =
                new AllocateProducerIdsRequestData().setBrokerId(coordinatorId).setBrokerEpoch(-1);
        links.to(controller)
                .thenCompose(
                        channel ->
                                channel.call(
                                        API,
                                        (short) 0,
                                        request,
                                        AllocateProducerIdsResponseData.class))
                .whenComplete(this::onAnswer);
    }

    private void onAnswer(
            @Nullable AllocateProducerIdsResponseData answer, @Nullable Throwable failure) {
        boolean isGranted = answer != null && answer.errorCode() == Errors.NONE.code();
        List<CompletableFuture<Long>> served = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        boolean isToAsk;
        synchronized (this) {
            if (answer != null && isGranted) {
                nextId = answer.producerIdStart();
                blockEnd = nextId + answer.producerIdLen();
            }
            CompletableFuture<Long> next = waiting.poll();
            while (next != null) {
                served.add(next);
                if (nextId < blockEnd) {
                    ids.add(nextId++);
                }
                next = isGranted && nextId >= blockEnd ? null : waiting.poll();
            }
            isToAsk = !waiting.isEmpty();
            asking = isToAsk;
        }
        if (!isGranted) {
            LOG.warn(
                    "No block of producer ids: {}",
                    answer == null ? "no answer" : Errors.forCode(answer.errorCode()),
                    failure);
        }
        for (int i = 0; i < served.size(); i++) {
            if (i < ids.size()) {
                served.get(i).complete(ids.get(i));
            } else {
                served.get(i)
                        .completeExceptionally(Errors.COORDINATOR_LOAD_IN_PROGRESS.exception());
            }
        }
        if (isToAsk) {
            ask();
        }
    }
}
