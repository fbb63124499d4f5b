package io.headrace.coordinator.handler.share;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;
import io.headrace.coordinator.share.SharePartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** One share state API: all five ask about partitions by group and topic. */
final class StateHandler<Q extends ApiMessage, R extends ApiMessage, T, P>
        extends ManyShardsHandler<Q, R, StateHandler.Asked<P>> {
    private final Shape<Q, R, T, P> shape;

    /** What is asked of one share partition. */
    record Asked<P>(String groupId, Uuid topicId, P data) {}

    /**
     * How an API's messages are built.
     *
     * @param <T> a topic of the request
     * @param <P> a partition of that topic
     * @param request a request of a group about topics
     * @param answer one answer of those of several shards
     */
    record Shape<Q, R, T, P>(
            ApiKeys api,
            Class<Q> requestType,
            Class<R> responseType,
            Function<Q, String> groupId,
            Function<Q, List<T>> topics,
            Function<T, Uuid> topicId,
            Function<T, List<P>> partitions,
            ToIntFunction<P> partition,
            Function<Uuid, T> topic,
            BiFunction<String, List<T>, Q> request,
            Function<List<R>, R> answer) {}

    StateHandler(Shape<Q, R, T, P> shape, ShardRouter router) {
        super(shape.api(), shape.requestType(), shape.responseType(), router);
        this.shape = shape;
    }

    @Override
    protected List<Asked<P>> things(Q request, short version) {
        List<Asked<P>> all = new ArrayList<>();
        String groupId = shape.groupId().apply(request);
        for (T topic : shape.topics().apply(request)) {
            Uuid topicId = shape.topicId().apply(topic);
            for (P data : shape.partitions().apply(topic)) {
                all.add(new Asked<>(groupId, topicId, data));
            }
        }
        return all;
    }

    @Override
    protected String id(Asked<P> asked) {
        int partition = shape.partition().applyAsInt(asked.data());
        return new SharePartition(asked.groupId(), asked.topicId(), partition).key();
    }

    @Override
    protected Q part(Q whole, List<Asked<P>> things) {
        Map<Uuid, T> topics = new LinkedHashMap<>();
        for (Asked<P> asked : things) {
            T topic = topics.computeIfAbsent(asked.topicId(), shape.topic());
            shape.partitions().apply(topic).add(asked.data());
        }
        return shape.request().apply(shape.groupId().apply(whole), List.copyOf(topics.values()));
    }

    @Override
    protected R whole(Q request, short version, List<R> parts) {
        return shape.answer().apply(parts);
    }
}
