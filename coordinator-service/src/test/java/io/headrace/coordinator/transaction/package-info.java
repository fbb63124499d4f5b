/** Tests of transactions, over a simulated loop and log. */
@NullMarked
package io.headrace.coordinator.transaction;

import org.jspecify.annotations.NullMarked;
