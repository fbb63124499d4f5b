@NullMarked
package io.headrace.coordinator;

import org.jspecify.annotations.NullMarked;
