/** One service as a process of its own: what watches it. */
@NullMarked
package io.headrace.standalone.serve;

import org.jspecify.annotations.NullMarked;
