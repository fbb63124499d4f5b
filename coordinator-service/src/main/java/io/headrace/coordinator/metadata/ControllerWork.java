package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** What waits for the controller's thread. */
sealed interface ControllerWork {
    /** A command and who waits for its answer. */
    record Asked<R>(Command<R> command, CompletableFuture<R> answer) implements ControllerWork {}

    /** Something heard of a node; changes no metadata. */
    record Told(Consumer<ControllerState> news) implements ControllerWork {}

    /** The question whether this controller still has the role, to be answered from SQL. */
    record Confirm(CompletableFuture<Boolean> answer) implements ControllerWork {}
}
