/**
 * What an operator sees of the node's health.
 *
 * <p>Lives here: the health indicator behind readiness.
 *
 * <p>May depend on: {@code cluster}, Spring Boot's health contract.
 *
 * <p>Invariant: ready means that clients are served now.
 */
@NullMarked
package io.headrace.storage.admin;

import org.jspecify.annotations.NullMarked;
