/**
 * Requests that belong to a coordinator, and their way back.
 *
 * <p>Lives here: the links to coordinators, the envelope around a client's request, and what is
 * done while the owner is away.
 *
 * <p>May depend on: {@code protocol}, {@code transport}; never on handlers or Spring.
 *
 * <p>Invariant: a request that may have reached a coordinator is never sent a second time; one that
 * has not waits for the owner, but no longer than its timeout.
 */
@NullMarked
package io.headrace.storage.forward;

import org.jspecify.annotations.NullMarked;
