package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;
import io.headrace.protocol.metadata.record.RemoveCoordinatorRecord;
import io.headrace.protocol.metadata.record.RemoveNodeRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What a sequence of metadata records does to the tables, reduced to the last state of each row:
 * rows to take away, then rows to insert, each statement for many rows at once.
 */
public final class RowChanges {
    /** Rows to take away from one table: the statement, and its arguments row by row. */
    public record Removal(String sql, List<Object[]> keys) {}

    private static final String DELETE_PARTITION =
            "DELETE FROM partitions WHERE topic_id = ? AND partition_id = ?";
    private static final String DELETE_CONFIG =
            "DELETE FROM configs WHERE resource_type = ? AND resource_name = ? AND config_name = ?";

    private final Map<String, Set<List<Object>>> removals = new LinkedHashMap<>();
    private final Map<Object, Object> inserts = new LinkedHashMap<>();

    /**
     * Reduces records to changes of rows.
     *
     * @param topicName names a topic that exists before these records
     */
    public static RowChanges of(List<ApiMessage> records, Function<Uuid, String> topicName) {
        RowChanges changes = new RowChanges();
        Map<Uuid, String> created = new HashMap<>();
        for (ApiMessage record : records) {
            if (record instanceof TopicRecord topic) {
                created.put(topic.topicId(), topic.name());
            }
            changes.add(
                    record,
                    id -> {
                        String name = created.get(id);
                        return name == null ? topicName.apply(id) : name;
                    });
        }
        return changes;
    }

    private void add(ApiMessage record, Function<Uuid, String> topicName) {
        switch (record) {
            // Kept in the controller's own row, by the fence.
            case ClusterRecord cluster -> {}
            case TakeOverRecord takeOver -> {}
            case TopicRecord topic -> put(topic.topicId(), TopicRow.of(topic));
            case RemoveTopicRecord removed -> removeTopic(removed.topicId(), topicName);
            case PartitionRecord partition -> {
                PartitionRow row = PartitionRow.of(partition);
                remove(DELETE_PARTITION, row.id().topicId(), row.id().partitionId());
                put(row.id(), row);
            }
            case ConfigRecord config -> setConfig(config);
            case NodeRecord node -> {
                remove("DELETE FROM nodes WHERE node_id = ?", node.nodeId());
                put("node " + node.nodeId(), NodeRow.of(node));
            }
            case RemoveNodeRecord removed -> {
                remove("DELETE FROM nodes WHERE node_id = ?", removed.nodeId());
                inserts.remove("node " + removed.nodeId());
            }
            case CoordinatorRecord coordinator -> {
                int id = coordinator.coordinatorId();
                remove("DELETE FROM coordinators WHERE coordinator_id = ?", id);
                put("coordinator " + id, CoordinatorRow.of(coordinator));
            }
            case RemoveCoordinatorRecord removed -> {
                int id = removed.coordinatorId();
                remove("DELETE FROM coordinators WHERE coordinator_id = ?", id);
                inserts.remove("coordinator " + id);
            }
            case ShardOwnerRecord owner -> {
                ShardOwnerRow row = ShardOwnerRow.of(owner);
                remove(
                        "DELETE FROM shard_owners WHERE shard_kind = ? AND shard = ?",
                        row.id().shardKind(),
                        row.id().shard());
                put(row.id(), row);
            }
            case FeatureRecord feature -> {
                remove("DELETE FROM features WHERE feature_name = ?", feature.name());
                inserts.remove("feature " + feature.name());
                if (feature.level() != 0) {
                    put(
                            "feature " + feature.name(),
                            new FeatureRow(feature.name(), feature.level()));
                }
            }
            case ProducerIdsRecord ids -> {
                remove("DELETE FROM producer_ids WHERE id = ?", ProducerIdRow.ID);
                put(
                        "producer ids",
                        new ProducerIdRow(ProducerIdRow.ID, ids.nodeId(), ids.nextProducerId()));
            }
            default -> throw new IllegalArgumentException("Unknown record " + record.getClass());
        }
    }

    private void setConfig(ConfigRecord record) {
        ConfigRow.Key key = ConfigRow.keyOf(record);
        remove(DELETE_CONFIG, key.resourceType(), key.resourceName(), key.configName());
        inserts.remove(key);
        if (record.value() != null) {
            put(key, new ConfigRow(key, record.value()));
        }
    }

    private void removeTopic(Uuid topicId, Function<Uuid, String> topicName) {
        String id = topicId.toString();
        String name = topicName.apply(topicId);
        remove("DELETE FROM topics WHERE topic_id = ?", id);
        remove("DELETE FROM partitions WHERE topic_id = ?", id);
        remove("DELETE FROM configs WHERE resource_type = 2 AND resource_name = ?", name);
        inserts.remove(topicId);
        inserts.keySet().removeIf(key -> isOf(key, id, name));
    }

    private static boolean isOf(Object key, String topicId, String topicName) {
        return switch (key) {
            case PartitionRow.Key partition -> partition.topicId().equals(topicId);
            case ConfigRow.Key config ->
                    config.resourceType() == 2 && config.resourceName().equals(topicName);
            default -> false;
        };
    }

    private void remove(String sql, Object... key) {
        removals.computeIfAbsent(sql, statement -> new LinkedHashSet<>()).add(Arrays.asList(key));
    }

    private void put(Object key, Object row) {
        inserts.put(key, row);
    }

    /** What to take away, before anything is inserted. */
    public List<Removal> removals() {
        List<Removal> list = new ArrayList<>();
        removals.forEach(
                (sql, keys) ->
                        list.add(new Removal(sql, keys.stream().map(List::toArray).toList())));
        return list;
    }

    /** What to insert afterwards: lists of rows of one class each. */
    public List<List<Object>> inserts() {
        Map<Class<?>, List<Object>> byClass = new LinkedHashMap<>();
        for (Object row : inserts.values()) {
            byClass.computeIfAbsent(row.getClass(), type -> new ArrayList<>()).add(row);
        }
        return List.copyOf(byClass.values());
    }
}
