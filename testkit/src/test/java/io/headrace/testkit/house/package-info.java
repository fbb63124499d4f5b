/**
 * The house rules, checked over the whole source tree.
 *
 * <p>Here: one method per rule, the test that applies them to this repository, and the proofs that
 * each can go red.
 *
 * <p>Depends on the JDK's compiler API only.
 *
 * <p>Invariant: a rule that finds nothing in a planted bad tree is no rule.
 */
@NullMarked
package io.headrace.testkit.house;

import org.jspecify.annotations.NullMarked;
