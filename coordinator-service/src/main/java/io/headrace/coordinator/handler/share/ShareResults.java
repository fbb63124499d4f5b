package io.headrace.coordinator.handler.share;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** Makes one result for each topic out of those of several shards. */
final class ShareResults {
    private ShareResults() {}

    /**
     * @param join adds the partitions of the second result to the first
     */
    static <P, R> List<R> merged(
            List<P> parts,
            Function<P, List<R>> results,
            Function<R, Uuid> topicId,
            BiConsumer<R, R> join) {
        Map<Uuid, R> topics = new LinkedHashMap<>();
        for (P part : parts) {
            for (R result : results.apply(part)) {
                R known = topics.putIfAbsent(topicId.apply(result), result);
                if (known != null) {
                    join.accept(known, result);
                }
            }
        }
        return new ArrayList<>(topics.values());
    }
}
