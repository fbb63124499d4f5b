/** Tests of the accepting end, mostly through the connecting end. */
@NullMarked
package io.headrace.transport.server;

import org.jspecify.annotations.NullMarked;
