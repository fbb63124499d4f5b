/**
 * What an operator may set, typed and checked.
 *
 * <p>Lives here: the properties under {@code headrace.storage} and their defaults.
 *
 * <p>May depend on: Spring Boot's binding annotations.
 *
 * <p>Invariant: a value that cannot work is refused at start, with its name and what is allowed.
 */
@NullMarked
package io.headrace.storage.config;

import org.jspecify.annotations.NullMarked;
