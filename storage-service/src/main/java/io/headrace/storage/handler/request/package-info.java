/**
 * What a handler is and what it works with.
 *
 * <p>Lives here: the contract of a handler, a request and the client that it came from, the
 * services of a node, and what several handlers ask: partitions on their loops, the nodes that
 * live.
 *
 * <p>May depend on: {@code partition}, {@code fetch}, {@code sharefetch}, {@code forward}, {@code
 * cluster}, {@code config}, {@code metrics}, {@code protocol}, {@code transport.server}; on no
 * handler, and never on Spring.
 *
 * <p>Invariant: a request is answered exactly once or its connection closed.
 */
@NullMarked
package io.headrace.storage.handler.request;

import org.jspecify.annotations.NullMarked;
