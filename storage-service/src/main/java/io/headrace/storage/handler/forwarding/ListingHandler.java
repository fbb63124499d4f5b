package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A list that every coordinator with shards of a kind has a part of: asks all of them, and merges
 * what this node is to list.
 *
 * @param <R> the response
 */
abstract class ListingHandler<R extends ApiMessage> extends ForwardingHandler {
    private final Class<R> responseType;
    private final byte shardKind;

    ListingHandler(Services services, ApiKeys api, Class<R> responseType, byte shardKind) {
        super(
                services,
                api,
                Errors.COORDINATOR_NOT_AVAILABLE,
                body -> new ForwardTarget.Controller());
        this.responseType = responseType;
        this.shardKind = shardKind;
    }

    /** The whole list: of the answers, what this one of the nodes that live is to list. */
    abstract R merged(ApiMessage body, List<R> answers, List<Nodes.Address> live);

    @Override
    public final void handle(Request request, ApiMessage body) {
        List<CoordinatorImage> owners = ShardOwners.of(services().image(), shardKind);
        if (owners.isEmpty()) {
            // No shard was ever owned, so there is nothing to list.
            request.reply(merged(body, List.of(), List.of()));
            return;
        }
        List<CompletableFuture<ApiMessage>> answers = new ArrayList<>();
        for (CoordinatorImage owner : owners) {
            answers.add(
                    FanOut.send(
                            services(),
                            request,
                            body,
                            new ForwardTarget.Coordinator(owner),
                            Errors.COORDINATOR_NOT_AVAILABLE));
        }
        List<Nodes.Address> live = Nodes.live(services(), request);
        request.releaseFrame();
        PartitionQuestions.whenAll(
                answers,
                () -> {
                    List<R> parts = new ArrayList<>();
                    answers.forEach(answer -> parts.add(responseType.cast(answer.join())));
                    request.reply(merged(body, parts, live));
                });
    }
}
