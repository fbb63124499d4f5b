/** Part of the simulation of a whole cluster. */
@NullMarked
package io.headrace.simulation.planted;

import org.jspecify.annotations.NullMarked;
