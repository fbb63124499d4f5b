/** What survives when the process is killed. */
@NullMarked
package io.headrace.standalone.crash;

import org.jspecify.annotations.NullMarked;
