/** Part of the simulation of a whole cluster. */
@NullMarked
package io.headrace.simulation.network;

import org.jspecify.annotations.NullMarked;
