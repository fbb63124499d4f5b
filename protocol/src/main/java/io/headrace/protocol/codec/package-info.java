/**
 * Bytes to messages and back, by API key and version.
 *
 * <p>Lives here: the catalogue of APIs (Kafka's and the private ones above 10000), request and
 * response encoding, decoding of hostile frames, outbound frames whose records are not copied.
 *
 * <p>May depend on: kafka-clients' generated messages; no other room, no I/O.
 *
 * <p>Invariant: any byte sequence decodes to a message or to a {@link
 * io.headrace.protocol.codec.MalformedFrameException}; memory used is bounded by the frame's size.
 */
@NullMarked
package io.headrace.protocol.codec;

import org.jspecify.annotations.NullMarked;
