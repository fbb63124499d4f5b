/**
 * A simulated disk: a file system in memory that can lose power, fill up, fail and rot.
 *
 * <p>Here: the file-system provider that production code uses without knowing, and the faults.
 *
 * <p>Depends on the JDK only.
 *
 * <p>Invariant: without faults every operation answers as the real file system does; bytes and
 * directory entries that were forced survive every power loss.
 */
@NullMarked
package io.headrace.testkit.disk;

import org.jspecify.annotations.NullMarked;
