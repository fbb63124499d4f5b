/**
 * Commands about topics and configs.
 *
 * <p>Lives here: the creation, growth and deletion of topics, changes and descriptions of configs,
 * the placement of new replicas, the rules of configs.
 *
 * <p>May depend on: {@code cluster} and what it may; on no other room of commands.
 *
 * <p>Invariant: what a topic or config is changed to was checked as a whole before any of it is
 * written.
 */
@NullMarked
package io.headrace.coordinator.cluster.topic;

import org.jspecify.annotations.NullMarked;
