package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;

import java.util.function.Function;

/** A command whose answer takes the form of an API. */
record MappedCommand<A, R>(Command<A> command, Function<A, R> form) implements Command<R> {
    @Override
    public Decision<R> decide(ControllerState state, long nowMs) {
        Decision<A> decision = command.decide(state, nowMs);
        return new Decision<>(decision.records(), form.apply(decision.response()));
    }

    @Override
    public boolean awaitsNodes() {
        return command.awaitsNodes();
    }
}
