/** A PostgreSQL server for tests, and a way to cut it off. */
@NullMarked
package io.headrace.coordinator.postgres;

import org.jspecify.annotations.NullMarked;
