@NullMarked
package io.headrace.coordinator.config;

import org.jspecify.annotations.NullMarked;
