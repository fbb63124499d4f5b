package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;

import java.util.List;

/** The handlers of everything that the controller decides for clients. */
public final class AdminHandlers {
    private AdminHandlers() {}

    public static List<ForwardedHandler> of(Controller controller) {
        return List.of(
                new CreateTopicsHandler(controller),
                new DeleteTopicsHandler(controller),
                new CreatePartitionsHandler(controller));
    }
}
