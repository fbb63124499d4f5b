/**
 * One class per API: what a decoded request means and what is answered.
 *
 * <p>Lives here: the dispatcher from frames to handlers, the registry that ApiVersions is generated
 * from, and the handlers.
 *
 * <p>May depend on: {@code partition}, {@code fetch}, {@code forward}, {@code cluster}, {@code
 * config}, {@code metrics}, {@code protocol}, {@code transport.server}; never on Spring.
 *
 * <p>Invariant: a request is answered exactly once or its connection closed; what is not registered
 * is not advertised and not served; nothing of another node is served to an unproved connection.
 */
@NullMarked
package io.headrace.storage.handler;

import org.jspecify.annotations.NullMarked;
