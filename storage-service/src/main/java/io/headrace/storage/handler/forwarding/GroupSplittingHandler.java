package io.headrace.storage.handler.forwarding;

import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.PartitionQuestions;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** An API about several groups, or transactional ids: each part goes to the owner of its shard. */
final class GroupSplittingHandler extends ForwardingHandler {
    private final GroupSplit split;
    private final Function<String, ForwardTarget> ownerOf;

    /**
     * @param ownerOf whom to ask about a group or transactional id
     */
    GroupSplittingHandler(
            Services services,
            ApiKeys api,
            GroupSplit split,
            Function<String, ForwardTarget> ownerOf) {
        super(services, api, Errors.NOT_COORDINATOR, body -> new ForwardTarget.Controller());
        this.split = split;
        this.ownerOf = ownerOf;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        Map<ForwardTarget, Set<String>> byOwner = new LinkedHashMap<>();
        for (String group : split.groups(body)) {
            byOwner.computeIfAbsent(ownerOf.apply(group), owner -> new HashSet<>()).add(group);
        }
        if (byOwner.size() <= 1) {
            ForwardTarget only =
                    byOwner.isEmpty()
                            ? new ForwardTarget.Controller()
                            : byOwner.keySet().iterator().next();
            forward(request, body, only);
            return;
        }
        List<CompletableFuture<ApiMessage>> answers = new ArrayList<>();
        byOwner.forEach(
                (owner, groups) ->
                        answers.add(
                                FanOut.send(
                                        services(),
                                        request,
                                        split.only(body, groups),
                                        owner,
                                        Errors.NOT_COORDINATOR)));
        request.releaseFrame();
        PartitionQuestions.whenAll(answers, () -> request.reply(merged(answers)));
    }

    private ApiMessage merged(List<CompletableFuture<ApiMessage>> answers) {
        ApiMessage into = answers.getFirst().join();
        for (int i = 1; i < answers.size(); i++) {
            split.merge(into, answers.get(i).join());
        }
        return into;
    }
}
