/**
 * Who is alive, by Hazelcast: discovery and fast suspicion.
 *
 * <p>Lives here: this process as a member, its attributes, and suspicions handed to the controller.
 *
 * <p>May depend on: {@code metadata}, Hazelcast.
 *
 * <p>Invariant: decides nothing and stores nothing; what it says is a suspicion.
 */
@NullMarked
package io.headrace.coordinator.membership;

import org.jspecify.annotations.NullMarked;
