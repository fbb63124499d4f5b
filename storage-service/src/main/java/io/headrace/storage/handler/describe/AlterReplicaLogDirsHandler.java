package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.LogDirDescription;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.message.AlterReplicaLogDirsRequestData;
import org.apache.kafka.common.message.AlterReplicaLogDirsRequestData.AlterReplicaLogDir;
import org.apache.kafka.common.message.AlterReplicaLogDirsRequestData.AlterReplicaLogDirTopic;
import org.apache.kafka.common.message.AlterReplicaLogDirsResponseData;
import org.apache.kafka.common.message.AlterReplicaLogDirsResponseData.AlterReplicaLogDirPartitionResult;
import org.apache.kafka.common.message.AlterReplicaLogDirsResponseData.AlterReplicaLogDirTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/**
 * AlterReplicaLogDirs: replicas begin to move to other log directories of this node (KIP-113). A
 * replica that is not here yet will be made where it is asked to be, and is answered with
 * REPLICA_NOT_AVAILABLE, as in Kafka.
 */
final class AlterReplicaLogDirsHandler implements ApiHandler {
    private final Services services;

    AlterReplicaLogDirsHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.ALTER_REPLICA_LOG_DIRS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        AlterReplicaLogDirsRequestData asked = (AlterReplicaLogDirsRequestData) body;
        request.releaseFrame();
        request.replyFrom(services.io(), () -> answer(asked));
    }

    private AlterReplicaLogDirsResponseData answer(AlterReplicaLogDirsRequestData asked) {
        List<LogDirDescription> directories = services.logs().describe();
        Map<String, AlterReplicaLogDirTopicResult> results = new LinkedHashMap<>();
        for (AlterReplicaLogDir directory : asked.dirs()) {
            LogDirDescription target = find(directories, directory.path());
            for (AlterReplicaLogDirTopic topic : directory.topics()) {
                AlterReplicaLogDirTopicResult result =
                        results.computeIfAbsent(
                                topic.name(),
                                name -> new AlterReplicaLogDirTopicResult().setTopicName(name));
                for (int partition : topic.partitions()) {
                    result.partitions()
                            .add(
                                    new AlterReplicaLogDirPartitionResult()
                                            .setPartitionIndex(partition)
                                            .setErrorCode(
                                                    move(target, topic.name(), partition).code()));
                }
            }
        }
        return new AlterReplicaLogDirsResponseData().setResults(List.copyOf(results.values()));
    }

    private static @Nullable LogDirDescription find(
            List<LogDirDescription> directories, String path) {
        Path wanted;
        try {
            wanted = Path.of(path).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            return null; // so it is no directory of ours
        }
        for (LogDirDescription directory : directories) {
            if (directory.path().toAbsolutePath().normalize().equals(wanted)) {
                return directory;
            }
        }
        return null;
    }

    private Errors move(@Nullable LogDirDescription target, String topicName, int partition) {
        if (target == null) {
            return Errors.LOG_DIR_NOT_FOUND;
        }
        if (!target.online()) {
            return Errors.KAFKA_STORAGE_ERROR;
        }
        TopicImage topic = services.image().topic(topicName);
        if (topic == null || topic.partition(partition) == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        TopicIdPartition id = new TopicIdPartition(topic.topicId(), partition, topicName);
        try {
            services.logs().moveTo(id, target.path()).join();
        } catch (CompletionException e) {
            return Errors.forException(e.getCause());
        }
        return services.partitions().find(topic.topicId(), partition) == null
                ? Errors.REPLICA_NOT_AVAILABLE
                : Errors.NONE;
    }
}
