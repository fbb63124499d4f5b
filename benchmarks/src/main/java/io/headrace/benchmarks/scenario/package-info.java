/**
 * The cells that are measured, and how one is measured on one contender.
 *
 * <p>Lives here: the table of scenarios, the run of one of them, its figures.
 *
 * <p>May depend on: contenders and loads.
 *
 * <p>Invariant: at most 24 cells; both sides of a cell get the same load from the same client.
 */
@NullMarked
package io.headrace.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
