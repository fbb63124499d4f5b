/**
 * What an operator can set.
 *
 * <p>Lives here: one record per concern, bound from {@code headrace.*} properties.
 *
 * <p>May depend on: Spring Boot's binding; no other room.
 *
 * <p>Invariant: a record that exists is valid; every default is tested.
 */
@NullMarked
package io.headrace.coordinator.config;

import org.jspecify.annotations.NullMarked;
