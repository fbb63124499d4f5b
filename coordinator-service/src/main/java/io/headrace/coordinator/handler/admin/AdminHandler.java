package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.handler.Failures;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/**
 * What the handlers of admin requests have in common: the request is a command to the controller,
 * and a command refused as a whole is answered in the API's own form.
 *
 * @param <Q> the request
 * @param <R> the response
 */
abstract class AdminHandler<Q extends ApiMessage, R extends ApiMessage>
        implements ForwardedHandler {
    private final ApiKeys api;
    private final Class<Q> requestType;
    private final Controller controller;

    AdminHandler(ApiKeys api, Class<Q> requestType, Controller controller) {
        this.api = api;
        this.requestType = requestType;
        this.controller = controller;
    }

    /** The command that a request stands for. */
    abstract Command<R> command(Q request);

    /** The response when nothing of the request was done. */
    abstract R refusal(Q request, Errors error, String message);

    @Override
    public final short apiKey() {
        return api.id;
    }

    @Override
    public short minVersion() {
        return ApiCatalog.get(api).oldestVersion();
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(api).latestVersion();
    }

    @Override
    public final void handle(ForwardedRequest request) {
        Q body = request.body(requestType);
        controller
                .submit(command(body))
                .whenComplete(
                        (response, failure) -> {
                            if (failure == null) {
                                request.reply(response);
                            } else if (Failures.error(failure) == Errors.NOT_CONTROLLER) {
                                request.refuse(Errors.NOT_CONTROLLER);
                            } else {
                                request.reply(
                                        refusal(
                                                body,
                                                Failures.error(failure),
                                                Failures.message(failure)));
                            }
                        });
    }
}
