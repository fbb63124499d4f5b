package io.headrace.coordinator.exchange;

import io.headrace.coordinator.group.share.StatePlace;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.Collection;
import java.util.Map;

/**
 * What the owners of share state are asked about share partitions of one group.
 *
 * @param <R> the response
 * @param <O> what comes of each share partition
 */
interface StateQuestion<R extends ApiMessage, O> {
    ApiKeys api();

    short version();

    String groupId();

    /** Everything that is asked about. */
    Collection<StatePlace> places();

    /** The request about some of it. */
    ApiMessage request(Collection<StatePlace> some);

    Class<R> responseType();

    Map<StatePlace, O> read(R response);

    Errors errorOf(O outcome);

    /** What came of a share partition about which no answer came. */
    O failed(Errors error);
}
