/**
 * One service as a process of its own: {@code headrace storage}, {@code coordinator}, {@code
 * gateway}.
 *
 * <p>Lives here: the commands, the life of such a process from its start to its signal, and the
 * watchdog that replaces it when it hangs.
 *
 * <p>May depend on: the services' applications, picocli; no other room of commands.
 *
 * <p>Invariant: a service started here behaves as one inside {@code headrace up} does; only its
 * properties differ.
 */
@NullMarked
package io.headrace.standalone.serve;

import org.jspecify.annotations.NullMarked;
