/**
 * What an operator's tools ask: is it alive, is it ready.
 *
 * <p>Lives here: health indicators.
 *
 * <p>May depend on: {@code metadata}, Spring Boot's health.
 *
 * <p>Invariant: asking changes nothing and never blocks.
 */
@NullMarked
package io.headrace.coordinator.admin;

import org.jspecify.annotations.NullMarked;
