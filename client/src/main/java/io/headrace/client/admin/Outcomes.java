package io.headrace.client.admin;

import io.headrace.client.metadata.LeaderCalls.Answers;

import org.apache.kafka.common.TopicPartition;

import java.util.HashMap;
import java.util.Map;

/** Outcomes of what leaders answered. */
final class Outcomes {
    private Outcomes() {}

    static <R> Map<TopicPartition, Outcome<R>> of(Answers<R> answers) {
        Map<TopicPartition, Outcome<R>> outcomes = new HashMap<>();
        answers.values()
                .forEach((partition, value) -> outcomes.put(partition, new Outcome.Done<>(value)));
        answers.failures()
                .forEach(
                        (partition, error) ->
                                outcomes.put(partition, new Outcome.Refused<>(error)));
        return outcomes;
    }
}
