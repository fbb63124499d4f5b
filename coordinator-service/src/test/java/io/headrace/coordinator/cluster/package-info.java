@NullMarked
package io.headrace.coordinator.cluster;

import org.jspecify.annotations.NullMarked;
