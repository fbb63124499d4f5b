/** Part of the simulation of a whole cluster. */
@NullMarked
package io.headrace.simulation.invariant;

import org.jspecify.annotations.NullMarked;
