/** Part of the simulation of a whole cluster. */
@NullMarked
package io.headrace.storage;

import org.jspecify.annotations.NullMarked;
