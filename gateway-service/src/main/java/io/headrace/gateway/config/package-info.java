/**
 * Configuration and wiring.
 *
 * <p>Lives here: typed properties with tested defaults, the beans, health, meters, membership.
 *
 * <p>May depend on: all rooms of the gateway.
 *
 * <p>Invariant: every limit is a property that is checked at start.
 */
@NullMarked
package io.headrace.gateway.config;

import org.jspecify.annotations.NullMarked;
