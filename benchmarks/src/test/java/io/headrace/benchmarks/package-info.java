/** Tests of what the benchmarks say, not of how fast anything is. */
@NullMarked
package io.headrace.benchmarks;

import org.jspecify.annotations.NullMarked;
