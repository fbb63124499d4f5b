package io.headrace.storage.cluster;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.forward.CoordinatorLinks;

import org.apache.kafka.common.message.AllocateProducerIdsRequestData;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Producer ids for producers without transactions, from blocks that the controller allocates
 * (KIP-730): an id is given out once in the life of the cluster. Confined to the links' loop.
 */
public final class ProducerIds {
    private static final Logger LOG = LoggerFactory.getLogger(ProducerIds.class);
    private static final ApiSchema API = ApiCatalog.get(ApiKeys.ALLOCATE_PRODUCER_IDS);
    private static final int MAX_WAITING = 10_000;

    private final int nodeId;
    private final ClusterView view;
    private final CoordinatorLinks links;
    private final ArrayDeque<CompletableFuture<Long>> waiting = new ArrayDeque<>();
    private long nextId;
    private long blockEnd;
    private boolean asking;

    public ProducerIds(int nodeId, ClusterView view, CoordinatorLinks links) {
        this.nodeId = nodeId;
        this.view = view;
        this.links = links;
    }

    /** A new id; fails while no block can be had. Any thread. */
    public CompletableFuture<Long> next() {
        CompletableFuture<Long> result = new CompletableFuture<>();
        links.loop().execute(() -> take(result));
        return result;
    }

    private void take(CompletableFuture<Long> result) {
        if (nextId < blockEnd) {
            result.complete(nextId++);
        } else if (waiting.size() >= MAX_WAITING) {
            result.completeExceptionally(Errors.COORDINATOR_LOAD_IN_PROGRESS.exception());
        } else {
            waiting.add(result);
            ask();
        }
    }

    private void ask() {
        if (asking) {
            return;
        }
        asking = true;
        AllocateProducerIdsRequestData request =
                new AllocateProducerIdsRequestData()
                        .setBrokerId(nodeId)
                        .setBrokerEpoch(view.nodeEpoch());
        links.controller()
                .thenCompose(
                        channel ->
                                channel.call(
                                        API,
                                        (short) 0,
                                        request,
                                        AllocateProducerIdsResponseData.class))
                .whenComplete(
                        (answer, failure) -> links.loop().run(() -> onAnswer(answer, failure)));
    }

    private void onAnswer(
            @Nullable AllocateProducerIdsResponseData answer, @Nullable Throwable failure) {
        asking = false;
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            LOG.warn(
                    "No block of producer ids: {}",
                    answer == null ? "no answer" : Errors.forCode(answer.errorCode()),
                    failure);
            links.onNotController(-1);
            List<CompletableFuture<Long>> failed = new ArrayList<>(waiting);
            waiting.clear();
            // Retriable: the producer asks again.
            failed.forEach(
                    each ->
                            each.completeExceptionally(
                                    Errors.COORDINATOR_LOAD_IN_PROGRESS.exception()));
            return;
        }
        nextId = answer.producerIdStart();
        blockEnd = nextId + answer.producerIdLen();
        List<CompletableFuture<Long>> again = new ArrayList<>(waiting);
        waiting.clear();
        again.forEach(this::take);
    }
}
