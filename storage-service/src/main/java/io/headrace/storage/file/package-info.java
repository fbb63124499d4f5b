/**
 * The disk seam: everything that opens, writes, flushes, renames or deletes a file.
 *
 * <p>Lives here: reference-counted log files, the bounded cache of open ones, directory fsync,
 * atomic replacement of small files, the lock of a log directory, reads past the page cache.
 *
 * <p>May depend on: {@code java.nio.file} only, so that a simulated file system can stand in.
 *
 * <p>Invariant: a file in use (a sendfile in flight) is never closed under its user, and nothing is
 * called durable before the device said so.
 */
@NullMarked
package io.headrace.storage.file;

import org.jspecify.annotations.NullMarked;
