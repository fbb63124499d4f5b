@NullMarked
package io.headrace.coordinator.metadata;

import org.jspecify.annotations.NullMarked;
