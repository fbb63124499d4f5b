/**
 * What a log directory has promised to keep, and how it keeps that with few device flushes.
 *
 * <p>Lives here: the promised offsets; the journal that takes the records of small rounds together
 * with their promises; its replay at the next start.
 *
 * <p>May depend on: {@code file}, and {@code segment} for the names of files.
 *
 * <p>Invariant: a promised record is on the device, in its segment file or in a journal entry that
 * counts; and no entry that counts contradicts its segment file.
 */
@NullMarked
package io.headrace.storage.journal;

import org.jspecify.annotations.NullMarked;
