@NullMarked
package io.headrace.coordinator.handler;

import org.jspecify.annotations.NullMarked;
