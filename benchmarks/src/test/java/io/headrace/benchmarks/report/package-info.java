/** Tests of medians and ratios. */
@NullMarked
package io.headrace.benchmarks.report;

import org.jspecify.annotations.NullMarked;
