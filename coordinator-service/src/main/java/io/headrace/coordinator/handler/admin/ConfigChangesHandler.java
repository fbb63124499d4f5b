package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.topic.AlterConfigs;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Verdict;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;

/** What changes configs, in whichever of Kafka's two ways: an outcome for each resource. */
abstract class ConfigChangesHandler<Q extends ApiMessage, R extends ApiMessage>
        extends AdminHandler<Q, R> {

    /** What became of the change of one resource. */
    record Outcome(byte resourceType, String resourceName, Errors error, @Nullable String message) {
        static Outcome of(Verdict verdict) {
            ApiException refusal = verdict.refusal();
            return refusal == null
                    ? of(verdict.change(), Errors.NONE, null)
                    : of(verdict.change(), Errors.forException(refusal), refusal.getMessage());
        }

        static Outcome of(Change change, Errors error, @Nullable String message) {
            return new Outcome(change.resourceType(), change.resourceName(), error, message);
        }
    }

    ConfigChangesHandler(ApiKeys api, Class<Q> requestType, Controller controller) {
        super(api, requestType, controller);
    }

    abstract List<Change> changes(Q request);

    abstract boolean validatesOnly(Q request);

    abstract R response(List<Outcome> outcomes);

    @Override
    final Command<R> command(Q request) {
        return new MappedCommand<>(
                new AlterConfigs(changes(request), validatesOnly(request)),
                verdicts -> response(verdicts.stream().map(Outcome::of).toList()));
    }

    @Override
    final R refusal(Q request, Errors error, String message) {
        return response(
                changes(request).stream()
                        .map(change -> Outcome.of(change, error, message))
                        .toList());
    }
}
