/**
 * The coordinator service: the cluster's decisions, behind one port for nodes.
 *
 * <p>Lives here: the application and what wires its rooms together.
 *
 * <p>May depend on: every room of this service, Spring.
 *
 * <p>Invariant: nothing else in the service knows Spring, but for its tools for SQL and properties.
 */
@NullMarked
package io.headrace.coordinator;

import org.jspecify.annotations.NullMarked;
