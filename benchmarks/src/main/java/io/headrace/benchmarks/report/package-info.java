/**
 * What was measured, kept and shown.
 *
 * <p>Lives here: the file of results, medians and ratios, the text and the page.
 *
 * <p>May depend on: JSON; on nothing that measures.
 *
 * <p>Invariant: a ratio is of two runs of one pair, side by side; its spread is always beside it.
 */
@NullMarked
package io.headrace.benchmarks.report;

import org.jspecify.annotations.NullMarked;
