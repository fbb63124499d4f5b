/**
 * The web console.
 *
 * <p>Lives here: the routes to its static pages.
 *
 * <p>May depend on: Spring's routing only.
 *
 * <p>Invariant: the pages use nothing that is not served here.
 */
@NullMarked
package io.headrace.gateway.console;

import org.jspecify.annotations.NullMarked;
