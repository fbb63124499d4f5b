package io.headrace.gateway.admin;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.Admin;
import io.headrace.client.admin.GroupListing;
import io.headrace.client.admin.Outcome;
import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.apache.kafka.common.TopicPartition;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Consumer groups: {@code /api/v1/groups}. */
@RestController
@RequestMapping("/api/v1/groups")
@Tag(name = "Groups", description = "Consumer groups: members, lag, offsets")
public class GroupHandler {
    private static final int MAX_GROUP_ID = 32_767;

    private final Admin admin;

    public GroupHandler(HeadraceClient client) {
        this.admin = client.admin();
    }

    @Operation(
            operationId = "listGroups",
            summary = "List consumer groups",
            description =
                    "In the order of their names, a page at a time, with their states; with `lag`,"
                            + " how far each is behind in all.")
    @GetMapping
    Mono<GroupModels.Page> list(
            @Parameter(description = "Only names that contain this.")
                    @RequestParam(defaultValue = "")
                    String contains,
            @Parameter(description = "Names after this one.") @RequestParam(defaultValue = "")
                    String after,
            @RequestParam(defaultValue = "100") int limit,
            @Parameter(description = "With the lag of each group of the page.")
                    @RequestParam(defaultValue = "false")
                    boolean lag) {
        Pages.checkLimit(limit);
        return admin.listGroups(contains, after, limit)
                .flatMap(
                        page ->
                                (lag ? lags(page.groups()) : Mono.just(Map.<String, Long>of()))
                                        .map(totals -> GroupModels.Page.of(page, totals)));
    }

    private Mono<Map<String, Long>> lags(List<GroupListing> groups) {
        if (groups.isEmpty()) {
            return Mono.just(Map.of());
        }
        return admin.lags(groups.stream().map(GroupListing::groupId).toList())
                .map(
                        outcomes -> {
                            Map<String, Long> totals = new LinkedHashMap<>();
                            outcomes.forEach(
                                    (group, outcome) -> {
                                        if (outcome instanceof Outcome.Done<?>(var value)
                                                && value
                                                        instanceof
                                                        io.headrace.client.admin.GroupLag known) {
                                            totals.put(group, known.total());
                                        }
                                    });
                            return totals;
                        });
    }

    @Operation(
            operationId = "describeGroup",
            summary = "Describe a consumer group",
            description =
                    "Its members with what they read, and for each partition the committed offset,"
                            + " the end of the log and the lag. Negative numbers mean: not known.")
    @GetMapping("/{group}")
    Mono<GroupModels.Described> describe(
            @Parameter(example = "billing") @PathVariable String group) {
        checkId(group);
        return admin.describeGroups(List.of(group))
                .map(outcomes -> TopicHandler.one(outcomes).orThrow())
                .zipWith(admin.lag(group))
                .map(both -> GroupModels.Described.of(both.getT1(), both.getT2()));
    }

    @Operation(
            operationId = "getGroupOffsets",
            summary = "The committed offsets of a group",
            description = "With the lag of each partition.")
    @GetMapping("/{group}/offsets")
    Mono<GroupModels.Offsets> offsets(@Parameter(example = "billing") @PathVariable String group) {
        checkId(group);
        return admin.lag(group).map(GroupModels.Offsets::of);
    }

    @Operation(
            operationId = "resetGroupOffsets",
            summary = "Reset the committed offsets of a group",
            description =
                    """
                    Sets where a group without members goes on. `to` is `earliest`, `latest`, \
                    `timestamp` (with `timestamp`) or `offset` (with `offset`); `topics` names whole \
                    topics, `partitions` single ones. The group begins to exist if it did not.
                    """,
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = "application/json",
                                            examples =
                                                    @ExampleObject(
                                                            """
                                                            {"to": "earliest", "topics": ["quickstart"]}
                                                            """))))
    @PostMapping("/{group}/offsets/reset")
    Mono<GroupModels.ResetOffsets> reset(
            @Parameter(example = "billing") @PathVariable String group,
            @org.springframework.web.bind.annotation.RequestBody Mono<GroupModels.ResetBody> body) {
        checkId(group);
        return body.switchIfEmpty(
                        Mono.error(
                                () ->
                                        Problem.invalidRequest(
                                                        "The body is empty: send {\"to\":"
                                                            + " \"earliest\", \"topics\": [...]}.")
                                                .toException()))
                .flatMap(
                        wanted ->
                                positions(wanted)
                                        .flatMap(positions -> admin.resetOffsets(group, positions)))
                .map(GroupModels.ResetOffsets::of);
    }

    private Mono<Map<TopicPartition, Position>> positions(GroupModels.ResetBody body) {
        Position position = body.position();
        Map<TopicPartition, Position> positions = new LinkedHashMap<>();
        body.partitions().forEach(p -> positions.put(p.toTopicPartition(), position));
        return Flux.fromIterable(body.topics())
                .concatMap(admin::describeTopic)
                .doOnNext(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                p ->
                                                        positions.put(
                                                                new TopicPartition(
                                                                        topic.name(),
                                                                        p.partition()),
                                                                position)))
                .then(
                        Mono.fromSupplier(
                                () -> {
                                    if (positions.isEmpty()) {
                                        throw Problem.invalidRequest(
                                                        "Name topics or partitions to reset.")
                                                .toException();
                                    }
                                    return positions;
                                }));
    }

    @Operation(
            operationId = "deleteGroup",
            summary = "Delete a consumer group",
            description = "With its committed offsets. It must have no members.")
    @DeleteMapping("/{group}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@Parameter(example = "billing") @PathVariable String group) {
        checkId(group);
        return admin.deleteGroups(List.of(group))
                .doOnNext(outcomes -> TopicHandler.one(outcomes).orThrow())
                .then();
    }

    private static void checkId(String group) {
        if (group.isBlank() || group.length() > MAX_GROUP_ID) {
            throw Problem.invalidRequest("A group's name has 1 to " + MAX_GROUP_ID + " characters.")
                    .toException();
        }
    }
}
