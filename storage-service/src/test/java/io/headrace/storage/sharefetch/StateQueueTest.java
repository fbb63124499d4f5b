package io.headrace.storage.sharefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.share.SharePartitionKey;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

class StateQueueTest {
    private static final Uuid TOPIC = new Uuid(1, 2);
    private static final StateQueue.Place PLACE = place(3, "g");

    private final List<Sent> sent = new ArrayList<>();
    private final StateQueue<Integer, String> queue =
            new StateQueue<>(Runnable::run, question -> question, this::send);

    private record Sent(
            StateQueue.Place place,
            Map<SharePartitionKey, Integer> questions,
            CompletableFuture<Map<SharePartitionKey, String>> answers) {

        void answer() {
            Map<SharePartitionKey, String> all = new HashMap<>();
            questions.forEach((key, question) -> all.put(key, "answer to " + question));
            answers.complete(all);
        }
    }

    private CompletableFuture<Map<SharePartitionKey, String>> send(
            StateQueue.Place place, Map<SharePartitionKey, Integer> questions) {
        Sent request = new Sent(place, questions, new CompletableFuture<>());
        sent.add(request);
        return request.answers();
    }

    private static StateQueue.Place place(int shard, String groupId) {
        return new StateQueue.Place(new ForwardTarget.Shard((byte) 2, shard), groupId);
    }

    private static SharePartitionKey key(int partition) {
        return new SharePartitionKey("g", TOPIC, partition);
    }

    @Test
    void whatComesAloneIsSentAtOnce() {
        CompletableFuture<String> answer = queue.ask(PLACE, key(0), 7);
        assertThat(sent).hasSize(1);
        assertThat(answer).isNotDone();
        sent.getFirst().answer();
        assertThat(answer).isCompletedWithValue("answer to 7");
    }

    @Test
    void whatComesMeanwhileGoesTogether() {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(queue.ask(PLACE, key(i), i));
        }
        assertThat(sent).hasSize(2); // as many as may be under way
        sent.getFirst().answer();
        assertThat(sent).hasSize(3);
        assertThat(sent.getLast().questions()).hasSize(98);
        sent.getLast().answer();
        sent.get(1).answer();
        assertThat(sent).hasSize(3);
        for (int i = 0; i < 100; i++) {
            assertThat(answers.get(i)).isCompletedWithValue("answer to " + i);
        }
    }

    @Test
    void otherShardsAndGroupsDoNotWait() {
        for (int i = 0; i < 5; i++) {
            queue.ask(PLACE, key(i), 1);
        }
        queue.ask(place(4, "g"), key(9), 1);
        queue.ask(place(3, "h"), new SharePartitionKey("h", TOPIC, 9), 1);
        assertThat(sent).hasSize(4);
        assertThat(sent.get(2).place()).isEqualTo(place(4, "g"));
        assertThat(sent.get(3).place()).isEqualTo(place(3, "h"));
    }

    @Test
    void aSharePartitionIsOnlyOnceInARequest() {
        queue.ask(PLACE, key(0), 1);
        queue.ask(PLACE, key(1), 1);
        CompletableFuture<String> first = queue.ask(PLACE, key(2), 2);
        CompletableFuture<String> second = queue.ask(PLACE, key(2), 3);
        sent.get(0).answer();
        assertThat(sent.get(2).questions()).containsExactly(Map.entry(key(2), 2));
        sent.get(1).answer();
        assertThat(sent.get(3).questions()).containsExactly(Map.entry(key(2), 3));
        sent.get(3).answer();
        assertThat(second).isCompletedWithValue("answer to 3");
        assertThat(first).isNotDone();
    }

    @Test
    void aRequestTakesNoMoreThanItMay() {
        queue.ask(PLACE, key(0), 1);
        queue.ask(PLACE, key(1), 1);
        queue.ask(PLACE, key(2), StateQueue.MAX_WEIGHT * 2); // alone, but sent
        queue.ask(PLACE, key(3), StateQueue.MAX_WEIGHT - 1);
        queue.ask(PLACE, key(4), 1);
        queue.ask(PLACE, key(5), 1);
        for (int i = 0; i < 5; i++) {
            sent.get(i).answer();
        }
        assertThat(sent).hasSize(5);
        assertThat(sent.get(2).questions()).containsOnlyKeys(key(2));
        assertThat(sent.get(3).questions()).containsOnlyKeys(key(3), key(4));
        assertThat(sent.get(4).questions()).containsOnlyKeys(key(5));
    }

    @Test
    void aFailedRequestFailsItsQuestionsAndNoOthers() {
        CompletableFuture<String> failed = queue.ask(PLACE, key(0), 1);
        CompletableFuture<String> other = queue.ask(PLACE, key(1), 2);
        CompletableFuture<String> later = queue.ask(PLACE, key(2), 3);
        sent.getFirst().answers().completeExceptionally(new IllegalStateException("lost"));
        assertThat(failed).isCompletedExceptionally();
        assertThat(other).isNotDone();
        sent.getLast().answer();
        assertThat(later).isCompletedWithValue("answer to 3");
    }

    @Test
    void aQuestionThatWasNotAnsweredFails() {
        CompletableFuture<String> answer = queue.ask(PLACE, key(0), 1);
        sent.getFirst().answers().complete(Map.of());
        assertThat(answer).isCompletedExceptionally();
    }
}
