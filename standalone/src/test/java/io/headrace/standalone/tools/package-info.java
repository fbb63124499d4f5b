/** Unmodified command-line tools against the platform. */
@NullMarked
package io.headrace.standalone.tools;

import org.jspecify.annotations.NullMarked;
