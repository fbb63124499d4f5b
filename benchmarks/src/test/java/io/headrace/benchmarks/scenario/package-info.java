/** Tests of the table of scenarios. */
@NullMarked
package io.headrace.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
