@NullMarked
package io.headrace.coordinator.membership;

import org.jspecify.annotations.NullMarked;
