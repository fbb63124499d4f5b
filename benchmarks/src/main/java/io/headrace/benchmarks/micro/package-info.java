/**
 * Small benchmarks of hot pieces, with JMH: {@code java -cp
 * 'benchmarks/target/benchmarks.jar:benchmarks/ target/lib/*' org.openjdk.jmh.Main}.
 *
 * <p>Lives here: what is done for every produced batch and every frame.
 *
 * <p>May depend on: the modules whose pieces are measured.
 *
 * <p>Invariant: a piece is measured on bytes as a client sends them.
 */
@NullMarked
package io.headrace.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
