/**
 * A PostgreSQL server from embedded binaries, for a cluster on one machine.
 *
 * <p>Lives here: unpacking, initialising, and the command that runs the server as an unprivileged
 * user.
 *
 * <p>May depend on: the JDK and the archive libraries.
 *
 * <p>Invariant: the server never runs as root, and listens on one address only.
 */
@NullMarked
package io.headrace.standalone.postgres;

import org.jspecify.annotations.NullMarked;
