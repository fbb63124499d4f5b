/**
 * {@code headrace up}: all services in one JVM.
 *
 * <p>Lives here: the command and the platform it starts.
 *
 * <p>May depend on: the services' application classes, Spring Boot, and the everyday commands,
 * which the training run uses.
 *
 * <p>Invariant: services get addresses from here and nothing else; they share no objects.
 */
@NullMarked
package io.headrace.standalone.up;

import org.jspecify.annotations.NullMarked;
