package io.headrace.coordinator.handler.share;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Makes one result for each topic out of those of several shards. */
final class ShareResults {
    private ShareResults() {}

    /**
     * @param partitions of one result, to which those of another are added
     */
    static <P, R, S> List<R> merged(
            List<P> parts,
            Function<P, List<R>> results,
            Function<R, Uuid> topicId,
            Function<R, List<S>> partitions) {
        Map<Uuid, R> topics = new LinkedHashMap<>();
        for (P part : parts) {
            for (R result : results.apply(part)) {
                R known = topics.putIfAbsent(topicId.apply(result), result);
                if (known != null) {
                    partitions.apply(known).addAll(partitions.apply(result));
                }
            }
        }
        return new ArrayList<>(topics.values());
    }
}
