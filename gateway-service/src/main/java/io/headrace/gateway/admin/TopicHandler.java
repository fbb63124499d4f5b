package io.headrace.gateway.admin;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.Admin;
import io.headrace.client.admin.ConfigChange;
import io.headrace.client.admin.ConfigEntry;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.Outcome;
import io.headrace.client.admin.TopicDescription;
import io.headrace.client.admin.TopicListing;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.TopicCatalog;
import io.headrace.gateway.record.TopicNames;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.protocol.Errors;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.publisher.Mono;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Topics: {@code /api/v1/topics}. */
@RestController
@RequestMapping("/api/v1/topics")
@Tag(name = "Topics", description = "Create, describe, configure and delete")
public class TopicHandler {
    private final Admin admin;
    private final TopicCatalog catalog;

    public TopicHandler(HeadraceClient client, TopicCatalog catalog) {
        this.admin = client.admin();
        this.catalog = catalog;
    }

    @Operation(
            operationId = "createTopic",
            summary = "Create a topic",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = "application/json",
                                            examples =
                                                    @ExampleObject(
                                                            """
                                                            {"name": "quickstart", "partitions": 3,
                                                             "configs": {"retention.ms": "86400000"}}
                                                            """))))
    @ApiResponse(responseCode = "201", description = "The topic is there.")
    @ApiResponse(responseCode = "200", description = "It could be created (`validateOnly`).")
    @PostMapping
    Mono<ResponseEntity<TopicModels.Created>> create(
            @org.springframework.web.bind.annotation.RequestBody
                    Mono<TopicModels.NewTopicBody> body,
            @Parameter(description = "Only check whether it could be created.")
                    @RequestParam(defaultValue = "false")
                    boolean validateOnly) {
        return body.switchIfEmpty(Mono.error(() -> emptyBody("{\"name\": \"orders\"}")))
                .flatMap(
                        topic -> {
                            TopicNames.check(topic.name());
                            NewTopic wanted = topic.toNewTopic();
                            if (validateOnly) {
                                return admin.validateTopics(List.of(wanted))
                                        .map(outcomes -> one(outcomes).orThrow());
                            }
                            return admin.createTopic(wanted)
                                    .doOnTerminate(() -> catalog.forget(topic.name()));
                        })
                .map(
                        created ->
                                ResponseEntity.status(
                                                validateOnly ? HttpStatus.OK : HttpStatus.CREATED)
                                        .location(URI.create("/api/v1/topics/" + created.name()))
                                        .body(TopicModels.Created.of(created)));
    }

    @Operation(
            operationId = "listTopics",
            summary = "List topics",
            description =
                    "In the order of their names, a page at a time: `next`, when there is one, is"
                            + " the `after` of the next page.")
    @GetMapping
    Mono<TopicModels.Page> list(
            @Parameter(description = "Only names that contain this.")
                    @RequestParam(defaultValue = "")
                    String contains,
            @Parameter(description = "The cluster's own topics too.")
                    @RequestParam(defaultValue = "false")
                    boolean internal,
            @Parameter(description = "Names after this one.") @RequestParam(defaultValue = "")
                    String after,
            @RequestParam(defaultValue = "100") int limit) {
        Pages.checkLimit(limit);
        return admin.listTopics()
                .map(
                        topics -> {
                            List<TopicListing> matching =
                                    topics.stream()
                                            .filter(t -> internal || !t.internal())
                                            .filter(t -> t.name().contains(contains))
                                            .toList();
                            Pages.Page<TopicListing> page =
                                    Pages.after(matching, TopicListing::name, after, limit);
                            return new TopicModels.Page(
                                    page.items().stream().map(TopicModels.Listed::of).toList(),
                                    matching.size(),
                                    page.next());
                        });
    }

    @Operation(
            operationId = "describeTopic",
            summary = "Describe a topic",
            description =
                    "Its partitions with leader, replicas, and first and next offsets (null when"
                            + " the partition has no leader).")
    @GetMapping("/{topic}")
    Mono<TopicModels.Described> describe(
            @Parameter(example = "quickstart") @PathVariable String topic) {
        TopicNames.check(topic);
        return admin.describeTopic(topic).flatMap(this::withOffsets);
    }

    private Mono<TopicModels.Described> withOffsets(TopicDescription topic) {
        return Mono.zip(offsets(topic, Position.earliest()), offsets(topic, Position.latest()))
                .map(ends -> TopicModels.Described.of(topic, ends.getT1(), ends.getT2()));
    }

    private Mono<Map<TopicPartition, Outcome<FoundOffset>>> offsets(
            TopicDescription topic, Position position) {
        Map<TopicPartition, Position> wanted = new LinkedHashMap<>();
        topic.partitions().stream()
                .filter(p -> p.leaderId() >= 0)
                .forEach(
                        p -> wanted.put(new TopicPartition(topic.name(), p.partition()), position));
        return wanted.isEmpty() ? Mono.just(Map.of()) : admin.listOffsets(wanted);
    }

    @Operation(
            operationId = "deleteTopic",
            summary = "Delete a topic",
            description = "With all its records. There is no way back.")
    @DeleteMapping("/{topic}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> delete(@Parameter(example = "quickstart") @PathVariable String topic) {
        TopicNames.check(topic);
        return admin.deleteTopic(topic).doOnTerminate(() -> catalog.forget(topic));
    }

    @Operation(
            operationId = "getTopicConfigs",
            summary = "The configuration of a topic",
            description = "All entries with their values and where these come from.")
    @GetMapping("/{topic}/configs")
    Mono<TopicModels.Configs> configs(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @Parameter(description = "What each entry means, too.")
                    @RequestParam(defaultValue = "false")
                    boolean documentation) {
        ConfigResource resource = resource(topic);
        return admin.describeConfigs(List.of(resource), documentation)
                .map(outcomes -> TopicModels.Configs.of(one(outcomes).orThrow()));
    }

    @Operation(
            operationId = "alterTopicConfigs",
            summary = "Change the configuration of a topic",
            description = "Entries that are not named stay; `null` returns one to its default.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = "application/json",
                                            examples =
                                                    @ExampleObject(
                                                            """
                                                            {"configs": {"retention.ms": "3600000",
                                                             "cleanup.policy": null}}
                                                            """))))
    @PatchMapping("/{topic}/configs")
    Mono<TopicModels.Configs> alter(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @org.springframework.web.bind.annotation.RequestBody Mono<TopicModels.ConfigsBody> body,
            @RequestParam(defaultValue = "false") boolean validateOnly) {
        ConfigResource resource = resource(topic);
        return body.switchIfEmpty(
                        Mono.error(() -> emptyBody("{\"configs\": {\"retention.ms\": \"1000\"}}")))
                .flatMap(
                        wanted ->
                                admin.alterConfigs(Map.of(resource, changes(wanted)), validateOnly))
                .doOnNext(outcomes -> one(outcomes).orThrow())
                .flatMap(done -> configs(topic, false));
    }

    private static List<ConfigChange> changes(TopicModels.ConfigsBody body) {
        List<ConfigChange> changes = new ArrayList<>();
        body.configs()
                .forEach(
                        (name, value) ->
                                changes.add(
                                        value == null
                                                ? new ConfigChange.Delete(name)
                                                : new ConfigChange.Set(name, value)));
        if (changes.isEmpty()) {
            throw Problem.invalidRequest("configs names nothing to change.").toException();
        }
        return changes;
    }

    @Operation(operationId = "listPartitions", summary = "The partitions of a topic")
    @GetMapping("/{topic}/partitions")
    Mono<TopicModels.Partitions> partitions(
            @Parameter(example = "quickstart") @PathVariable String topic) {
        return describe(topic).map(d -> new TopicModels.Partitions(d.partitions()));
    }

    @Operation(
            operationId = "addPartitions",
            summary = "Add partitions to a topic",
            description =
                    "Raises their number to `total`; it can never fall. Records with a key may go"
                            + " to another partition afterwards.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = "application/json",
                                            examples = @ExampleObject("{\"total\": 6}"))))
    @PostMapping("/{topic}/partitions")
    Mono<TopicModels.Partitions> addPartitions(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @org.springframework.web.bind.annotation.RequestBody
                    Mono<TopicModels.PartitionsBody> body) {
        TopicNames.check(topic);
        return body.switchIfEmpty(Mono.error(() -> emptyBody("{\"total\": 6}")))
                .flatMap(wanted -> admin.createPartitions(Map.of(topic, wanted.total())))
                .doOnNext(outcomes -> one(outcomes).orThrow())
                .doOnTerminate(() -> catalog.forget(topic))
                .flatMap(done -> partitions(topic));
    }

    @Operation(
            operationId = "deleteRecords",
            summary = "Delete the oldest records",
            description =
                    "Deletes the records below an offset of each partition named; -1 stands for all"
                            + " that are there.",
            requestBody =
                    @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            mediaType = "application/json",
                                            examples =
                                                    @ExampleObject(
                                                            """
                                                            {"partitions": [{"partition": 0, "before": -1}]}
                                                            """))))
    @PostMapping("/{topic}/records/delete")
    Mono<TopicModels.LogStarts> deleteRecords(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @org.springframework.web.bind.annotation.RequestBody
                    Mono<TopicModels.DeleteRecordsBody> body) {
        TopicNames.check(topic);
        return body.switchIfEmpty(
                        Mono.error(
                                () ->
                                        emptyBody(
                                                "{\"partitions\": [{\"partition\": 0, \"before\":"
                                                        + " 10}]}")))
                .flatMap(wanted -> admin.deleteRecords(wanted.offsets(topic)))
                .map(TopicModels.LogStarts::of);
    }

    private static ConfigResource resource(String topic) {
        TopicNames.check(topic);
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static Throwable emptyBody(String example) {
        return Problem.invalidRequest("The body is empty: send " + example + ".").toException();
    }

    static <T> Outcome<T> one(Map<?, Outcome<T>> outcomes) {
        if (outcomes.isEmpty()) {
            throw new io.headrace.gateway.problem.ProblemException(
                    io.headrace.gateway.problem.Problems.ofError(
                            Errors.UNKNOWN_SERVER_ERROR,
                            "The cluster answered for nothing that was asked. Try again.",
                            true));
        }
        return Objects.requireNonNull(outcomes.values().iterator().next());
    }

    static List<ConfigEntry> sorted(List<ConfigEntry> entries) {
        return entries.stream().sorted(java.util.Comparator.comparing(ConfigEntry::name)).toList();
    }
}
