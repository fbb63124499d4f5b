/**
 * Consuming as a member of a group (classic protocol).
 *
 * <p>Lives here: {@link io.headrace.client.group.GroupConsumer}, the membership state machine,
 * assignors, the encodings of Kafka's consumer protocol.
 *
 * <p>May depend on: {@code consume} and what that depends on.
 *
 * <p>Invariant: records of a partition are handed out, and its offsets committed, only while it is
 * assigned to this member.
 */
@NullMarked
package io.headrace.client.group;

import org.jspecify.annotations.NullMarked;
