/** Tests of how frames become bytes on a channel. */
@NullMarked
package io.headrace.transport.frame;

import org.jspecify.annotations.NullMarked;
