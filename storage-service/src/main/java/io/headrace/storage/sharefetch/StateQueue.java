package io.headrace.storage.sharefetch;

import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.share.SharePartitionKey;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.ToIntFunction;

/**
 * Questions of one kind to the share-state shards. What comes while two requests to a shard are
 * under way goes with the next one, so that many share partitions cost few requests; a question
 * that comes alone does not wait.
 *
 * <p>It holds at most what the share partitions in use ask, each one thing at a time.
 *
 * @param <Q> what is asked about one share partition
 * @param <A> the answer to that
 */
public final class StateQueue<Q, A> {
    private static final int MAX_UNDER_WAY = 2;

    /** How heavy the questions of one request may be together. */
    static final int MAX_WEIGHT = 5_000;

    private final Executor loop;
    private final ToIntFunction<Q> weight;
    private final Sender<Q, A> sender;
    private final Map<Place, Lane<Q, A>> lanes = new HashMap<>();

    /** What one request can be about: share partitions of one group, of one shard. */
    public record Place(ForwardTarget owner, String groupId) {}

    /** Sends questions in one request. */
    public interface Sender<Q, A> {
        /** Sends, and answers every question; completes on any thread. */
        CompletableFuture<Map<SharePartitionKey, A>> send(
                Place place, Map<SharePartitionKey, Q> questions);
    }

    private record Asked<Q, A>(SharePartitionKey key, Q question, CompletableFuture<A> answer) {}

    private static final class Lane<Q, A> {
        private final Deque<Asked<Q, A>> waiting = new ArrayDeque<>();
        private int underWay;
    }

    /**
     * @param loop the one thread on which questions are put together
     * @param weight how heavy a question is; a request takes {@value #MAX_WEIGHT}
     */
    public StateQueue(Executor loop, ToIntFunction<Q> weight, Sender<Q, A> sender) {
        this.loop = loop;
        this.weight = weight;
        this.sender = sender;
    }

    /** Asks, now or with the next request; fails as that request does. Any thread. */
    public CompletableFuture<A> ask(Place place, SharePartitionKey key, Q question) {
        CompletableFuture<A> answer = new CompletableFuture<>();
        loop.execute(
                () -> {
                    Lane<Q, A> lane = lanes.computeIfAbsent(place, added -> new Lane<>());
                    lane.waiting.add(new Asked<>(key, question, answer));
                    send(place, lane);
                });
        return answer;
    }

    private void send(Place place, Lane<Q, A> lane) {
        while (lane.underWay < MAX_UNDER_WAY && !lane.waiting.isEmpty()) {
            Map<SharePartitionKey, Asked<Q, A>> together = take(lane);
            Map<SharePartitionKey, Q> questions = new LinkedHashMap<>();
            together.forEach((key, asked) -> questions.put(key, asked.question()));
            lane.underWay++;
            sender.send(place, questions)
                    .whenComplete(
                            (answers, failure) ->
                                    loop.execute(
                                            () -> {
                                                lane.underWay--;
                                                answer(together, answers, failure);
                                                send(place, lane);
                                            }));
        }
        if (lane.underWay == 0) {
            lanes.remove(place, lane);
        }
    }

    /** What goes together: no share partition twice, and not too much. */
    private Map<SharePartitionKey, Asked<Q, A>> take(Lane<Q, A> lane) {
        Map<SharePartitionKey, Asked<Q, A>> together = new LinkedHashMap<>();
        long heavy = 0;
        for (Asked<Q, A> next = lane.waiting.peek(); next != null; next = lane.waiting.peek()) {
            heavy += weight.applyAsInt(next.question());
            boolean isTooMuch = heavy > MAX_WEIGHT && !together.isEmpty();
            if (isTooMuch || together.putIfAbsent(next.key(), next) != null) {
                break;
            }
            lane.waiting.remove();
        }
        return together;
    }

    private static <Q, A> void answer(
            Map<SharePartitionKey, Asked<Q, A>> together,
            @Nullable Map<SharePartitionKey, A> answers,
            @Nullable Throwable failure) {
        together.forEach(
                (key, asked) -> {
                    A found = answers == null ? null : answers.get(key);
                    if (found != null) {
                        asked.answer().complete(found);
                    } else {
                        asked.answer()
                                .completeExceptionally(
                                        failure == null
                                                ? new IllegalStateException("No answer for " + key)
                                                : failure);
                    }
                });
    }
}
