/**
 * The relational form of the metadata.
 *
 * <p>Lives here: one record class per table, and the way from metadata records to rows and back.
 *
 * <p>May depend on: protocol and Spring Data's annotations.
 *
 * <p>Invariant: records to rows and rows to records lose nothing: the image built from rows is the
 * image built from the log.
 */
@NullMarked
package io.headrace.coordinator.metadata.row;

import org.jspecify.annotations.NullMarked;
