/**
 * One class per API: what a decoded request means and what is answered.
 *
 * <p>Lives here: the dispatcher from frames to handlers, the registry that ApiVersions is generated
 * from, and the handlers of what every connection begins with. The others have rooms of their own:
 * {@code records}, {@code describe}, {@code forwarding}, {@code node}; what they share is in {@code
 * request}.
 *
 * <p>May depend on: its own rooms and what they may; they never depend on it. Never on Spring.
 *
 * <p>Invariant: a request is answered exactly once or its connection closed; what is not registered
 * is not advertised and not served; nothing of another node is served to an unproved connection.
 */
@NullMarked
package io.headrace.storage.handler;

import org.jspecify.annotations.NullMarked;
