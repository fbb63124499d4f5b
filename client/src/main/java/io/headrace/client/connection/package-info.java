/**
 * Connections to nodes: negotiated, bounded, shared.
 *
 * <p>Lives here: API version negotiation, the pool of connections, back-off, retries, their
 * options.
 *
 * <p>May depend on: {@code transport}, {@code protocol} and {@code error}.
 *
 * <p>Invariant: there are never more connections than the options allow, and no call waits for
 * ever.
 */
@NullMarked
package io.headrace.client.connection;

import org.jspecify.annotations.NullMarked;
