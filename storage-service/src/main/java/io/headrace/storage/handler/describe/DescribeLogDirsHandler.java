package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.LogDirDescription;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.message.DescribeLogDirsRequestData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsPartition;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsResult;
import org.apache.kafka.common.message.DescribeLogDirsResponseData.DescribeLogDirsTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** DescribeLogDirs: this node's log directories, their room and the sizes of their logs. */
final class DescribeLogDirsHandler implements ApiHandler {
    private final Services services;

    DescribeLogDirsHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_LOG_DIRS);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DescribeLogDirsRequestData asked = (DescribeLogDirsRequestData) body;
        request.releaseFrame();
        Predicate<TopicIdPartition> wanted = wanted(asked);
        // The room of a volume is asked of the operating system, which may block.
        request.replyFrom(
                services.io(),
                () -> {
                    DescribeLogDirsResponseData response = new DescribeLogDirsResponseData();
                    for (LogDirDescription directory : services.logs().describe()) {
                        response.results().add(describe(directory, wanted));
                    }
                    return response;
                });
    }

    private static Predicate<TopicIdPartition> wanted(DescribeLogDirsRequestData asked) {
        if (asked.topics() == null) {
            return partition -> true;
        }
        record Name(String topic, int partition) {}
        Set<Name> names = new HashSet<>();
        asked.topics()
                .forEach(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                index ->
                                                        names.add(new Name(topic.topic(), index))));
        return partition -> names.contains(new Name(partition.topic(), partition.partition()));
    }

    private static List<DescribeLogDirsPartition> topicOf(
            Map<String, DescribeLogDirsTopic> topics, TopicIdPartition partition) {
        return topics.computeIfAbsent(
                        partition.topic(), name -> new DescribeLogDirsTopic().setName(name))
                .partitions();
    }

    private static DescribeLogDirsResult describe(
            LogDirDescription directory, Predicate<TopicIdPartition> wanted) {
        Map<String, DescribeLogDirsTopic> topics = new LinkedHashMap<>();
        directory
                .partitionBytes()
                .forEach(
                        (partition, sizeInBytes) -> {
                            if (wanted.test(partition)) {
                                topicOf(topics, partition)
                                        .add(
                                                new DescribeLogDirsPartition()
                                                        .setPartitionIndex(partition.partition())
                                                        .setPartitionSize(sizeInBytes)
                                                        .setOffsetLag(0));
                            }
                        });
        directory
                .copies()
                .forEach(
                        (partition, copy) -> {
                            if (wanted.test(partition)) {
                                topicOf(topics, partition)
                                        .add(
                                                new DescribeLogDirsPartition()
                                                        .setPartitionIndex(partition.partition())
                                                        .setPartitionSize(copy.sizeInBytes())
                                                        .setOffsetLag(copy.offsetLag())
                                                        .setIsFutureKey(true));
                            }
                        });
        List<DescribeLogDirsTopic> found = new ArrayList<>(topics.values());
        Errors error = directory.online() ? Errors.NONE : Errors.KAFKA_STORAGE_ERROR;
        return new DescribeLogDirsResult()
                .setErrorCode(error.code())
                .setLogDir(directory.path().toAbsolutePath().toString())
                .setTopics(directory.online() ? found : List.of())
                .setTotalBytes(directory.totalBytes())
                .setUsableBytes(directory.usableBytes());
    }
}
