package io.headrace.coordinator.share;

import org.apache.kafka.common.message.DeleteShareGroupStateRequestData;
import org.apache.kafka.common.message.InitializeShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ReadShareGroupStateSummaryRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** The responses of the share state APIs that tell of one error and nothing else. */
public final class ShareErrors {
    private ShareErrors() {}

    /**
     * A response of the request's API with the error for each share partition.
     *
     * @throws IllegalArgumentException if the request is of no share state API
     */
    public static ApiMessage reply(ApiMessage request, short version, Errors error) {
        return switch (request) {
            case InitializeShareGroupStateRequestData body ->
                    ShareAnswers.initialized(body, (topicId, partition) -> Outcome.of(error));
            case ReadShareGroupStateRequestData body ->
                    ShareAnswers.read(
                            body,
                            (topicId, partition) -> ShareAnswers.unread(partition, error, null));
            case WriteShareGroupStateRequestData body ->
                    ShareAnswers.written(body, (topicId, partition) -> Outcome.of(error));
            case DeleteShareGroupStateRequestData body ->
                    ShareAnswers.deleted(body, (topicId, partition) -> Outcome.of(error));
            case ReadShareGroupStateSummaryRequestData body ->
                    ShareAnswers.summed(
                            body,
                            (topicId, partition) ->
                                    ShareAnswers.unsummed(partition.partition(), error, null));
            default ->
                    throw new IllegalArgumentException("No share state API: " + request.getClass());
        };
    }
}
