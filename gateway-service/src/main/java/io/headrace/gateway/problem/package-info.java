/**
 * Errors as RFC 9457 problem documents.
 *
 * <p>Lives here: the problem, its mapping from Kafka's errors, the handler that answers it.
 *
 * <p>May depend on: the client's exceptions, Spring's web exceptions.
 *
 * <p>Invariant: every failed request is answered with what happened and what to do about it.
 */
@NullMarked
package io.headrace.gateway.problem;

import org.jspecify.annotations.NullMarked;
