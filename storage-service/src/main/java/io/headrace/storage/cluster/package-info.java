/**
 * This node's place in the cluster: its registration and its copy of the metadata.
 *
 * <p>Lives here: the tail of the metadata log, the current image, registration with the controller,
 * blocks of producer ids, the Hazelcast membership that says who is alive.
 *
 * <p>May depend on: {@code forward} (the links), {@code partition} (whose proposals it carries),
 * {@code protocol}, {@code transport}; never on handlers or Spring.
 *
 * <p>Invariant: the image only ever advances, is replaced as a whole, and is never trusted to lead
 * before the controller has registered this very incarnation.
 */
@NullMarked
package io.headrace.storage.cluster;

import org.jspecify.annotations.NullMarked;
