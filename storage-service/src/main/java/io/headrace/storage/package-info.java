/**
 * The storage node: the durable partition log and the only door for Kafka clients.
 *
 * <p>Lives here: {@link io.headrace.storage.StorageNode}, which puts the rooms together and starts
 * and stops them in order, and the Spring Boot application around it.
 *
 * <p>May depend on: all rooms; Spring only in the application class and its configuration.
 *
 * <p>Invariant: the client port opens only after recovery, registration and the applied metadata;
 * it closes before the logs do.
 */
@NullMarked
package io.headrace.storage;

import org.jspecify.annotations.NullMarked;
