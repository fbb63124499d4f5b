/**
 * Requests that coordinators answer: they are passed on, whole or in parts.
 *
 * <p>Lives here: the handlers that forward, the splitting of requests about several groups and the
 * joining of the answers, and what this node asks coordinators itself.
 *
 * <p>May depend on: {@code handler.request} and what it may; never on other handlers or Spring.
 *
 * <p>Invariant: a request of unknown outcome is answered with the retriable error that Kafka gives
 * where a forwarding connection is lost, never sent twice.
 */
@NullMarked
package io.headrace.storage.handler.forwarding;

import org.jspecify.annotations.NullMarked;
