/** Part of the simulation of a whole cluster. */
@NullMarked
package io.headrace.coordinator;

import org.jspecify.annotations.NullMarked;
