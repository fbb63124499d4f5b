/**
 * Topic configurations: their names, types, defaults and meanings, said once for all services.
 *
 * <p>Lives here: the table of definitions, and its checks.
 *
 * <p>May depend on: nothing.
 *
 * <p>Invariant: a name, a default and a rule stand in one place; who validates a value and who acts
 * on it read the same line.
 */
@NullMarked
package io.headrace.protocol.config;

import org.jspecify.annotations.NullMarked;
