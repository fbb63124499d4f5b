package io.headrace.coordinator.handler.routing;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Waits for the answers of several shards. Thread-safe. */
public final class Gathering<R extends ApiMessage> {
    private final int expected;
    private final Class<R> type;
    private final Consumer<List<R>> onAll;
    private final List<R> answers;

    /**
     * @param expected how many answers come; with 0 it is over at once
     * @param onAll takes the answers in the order in which they came
     */
    public Gathering(int expected, Class<R> type, Consumer<List<R>> onAll) {
        this.expected = expected;
        this.type = type;
        this.onAll = onAll;
        this.answers = new ArrayList<>(expected);
        if (expected == 0) {
            onAll.accept(List.of());
        }
    }

    public void add(ApiMessage answer) {
        boolean isLast;
        synchronized (answers) {
            answers.add(type.cast(answer));
            isLast = answers.size() == expected;
        }
        if (isLast) {
            onAll.accept(answers);
        }
    }
}
