/** Tests of what event loops stand on. */
@NullMarked
package io.headrace.transport.loop;

import org.jspecify.annotations.NullMarked;
