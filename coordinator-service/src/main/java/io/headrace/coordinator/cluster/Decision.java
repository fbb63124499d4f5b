package io.headrace.coordinator.cluster;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.List;

/**
 * The outcome of a command: the records that make it so, and the answer once they are committed.
 *
 * @param records in the order in which they are applied; empty when nothing changes
 */
public record Decision<R>(List<ApiMessage> records, R response) {
    public Decision {
        records = List.copyOf(records);
    }

    /** Nothing changes. */
    public static <R> Decision<R> answer(R response) {
        return new Decision<>(List.of(), response);
    }
}
