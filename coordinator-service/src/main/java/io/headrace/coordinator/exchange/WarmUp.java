package io.headrace.coordinator.exchange;

import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.StorageLinks;
import io.headrace.coordinator.shard.StorageShardLogs;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.internals.Topic;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * What a coordinator does before it shows itself and is given shards: it connects to all storage
 * nodes and reads a shard's log once, so that the first take-over loads no class and opens no
 * connection while a group waits. It is given up after a while: that it helps is no reason to wait
 * for a node that is away. Confined to one thread but for the answers.
 */
public final class WarmUp {
    private static final long LIMIT_MS = 3_000;
    private static final int READ_BYTES = 1 << 12;

    private final ClusterMetadata metadata;
    private final StorageLinks links;
    private final StorageShardLogs logs;
    private final LongSupplier clockMs;
    private @Nullable CompletableFuture<?> begun;
    private long deadlineMs;

    public WarmUp(ClusterMetadata metadata, StorageLinks links, LongSupplier clockMs) {
        this.metadata = metadata;
        this.links = links;
        this.logs = new StorageShardLogs(metadata, links);
        this.clockMs = clockMs;
    }

    /** Begins when first asked, on the metadata as it is then; whether it has ended. */
    public boolean isDone() {
        CompletableFuture<?> known = begun;
        if (known == null) {
            deadlineMs = clockMs.getAsLong() + LIMIT_MS;
            known = begin(metadata.image());
            begun = known;
        }
        return known.isDone() || clockMs.getAsLong() >= deadlineMs;
    }

    private CompletableFuture<?> begin(MetadataImage image) {
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (NodeImage node : image.nodes().values()) {
            if (!node.fenced()) {
                all.add(links.to(node));
            }
        }
        TopicImage topic = image.topic(Topic.GROUP_METADATA_TOPIC_NAME);
        PartitionImage first = topic == null ? null : image.partition(topic.topicId(), 0);
        if (topic != null && first != null) {
            all.add(logs.of(topic.topicId(), 0).read(0, READ_BYTES, 0));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }
}
